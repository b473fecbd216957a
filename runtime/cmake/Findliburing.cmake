# liburing::liburing, which has no CMake package. Its version is in its .pc file only; so that
# nobody needs pkg-config, the header is asked for what Debian 12's 2.3 is the first to have.
find_path(LIBURING_INCLUDE_DIR liburing.h)
find_library(LIBURING_LIBRARY uring)
mark_as_advanced(LIBURING_INCLUDE_DIR LIBURING_LIBRARY)
set(LIBURING_CAN_CANCEL "")
if(LIBURING_INCLUDE_DIR)
  file(STRINGS "${LIBURING_INCLUDE_DIR}/liburing.h" LIBURING_CAN_CANCEL
       REGEX "io_uring_register_sync_cancel")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  liburing REQUIRED_VARS LIBURING_LIBRARY LIBURING_INCLUDE_DIR LIBURING_CAN_CANCEL)
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
