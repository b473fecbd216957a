# liburing::liburing. It has no CMake package, only a .pc file; Debian 12's 2.3 is the first that
# can cancel at once.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(PC_LIBURING QUIET "liburing>=2.3")
endif()
find_library(LIBURING_LIBRARY uring HINTS ${PC_LIBURING_LIBRARY_DIRS})
find_path(LIBURING_INCLUDE_DIR liburing.h HINTS ${PC_LIBURING_INCLUDE_DIRS})
mark_as_advanced(LIBURING_INCLUDE_DIR LIBURING_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  liburing REQUIRED_VARS LIBURING_LIBRARY LIBURING_INCLUDE_DIR PC_LIBURING_FOUND)
if(liburing_FOUND AND NOT TARGET liburing::liburing)
  set(liburing_scope "")
  if(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
    set(liburing_scope GLOBAL)
  endif()
  add_library(liburing::liburing UNKNOWN IMPORTED ${liburing_scope})
  set_target_properties(
    liburing::liburing PROPERTIES IMPORTED_LOCATION "${LIBURING_LIBRARY}"
                                  INTERFACE_INCLUDE_DIRECTORIES "${LIBURING_INCLUDE_DIR}")
endif()
