# c-ares::cares, also where c-ares was installed without its CMake package, as by Debian 12.
find_package(c-ares CONFIG QUIET)
if(c-ares_FOUND)
  return()
endif()

find_path(CARES_INCLUDE_DIR ares.h)
find_library(CARES_LIBRARY cares)
mark_as_advanced(CARES_INCLUDE_DIR CARES_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(c-ares REQUIRED_VARS CARES_LIBRARY CARES_INCLUDE_DIR)
if(c-ares_FOUND AND NOT TARGET c-ares::cares)
  set(cares_scope "")
  if(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
    set(cares_scope GLOBAL)
  endif()
  add_library(c-ares::cares UNKNOWN IMPORTED ${cares_scope})
  set_target_properties(
    c-ares::cares PROPERTIES IMPORTED_LOCATION "${CARES_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                  "${CARES_INCLUDE_DIR}")
endif()
