# Finding what Dwell needs. A missing dependency stops the configuration with the name of its Debian
# package, because "Could not find a package configuration file" tells a newcomer nothing.
include_guard(GLOBAL)

# dwell_find_package(<CMake package> <Debian package> [<option that does without it>])
macro(dwell_find_package package debian_package)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    set(dwell_way_out "")
    if("${ARGC}" GREATER 2)
      set(dwell_way_out ", or configure with -D${ARGV2}=OFF")
    endif()
    message(FATAL_ERROR
      "Dwell needs ${package}: apt-get install ${debian_package}${dwell_way_out}.")
  endif()
endmacro()

# moodycamel's queue is one header without a CMake package.
function(dwell_find_concurrentqueue)
  find_path(DWELL_CONCURRENTQUEUE_DIR concurrentqueue/concurrentqueue.h)
  mark_as_advanced(DWELL_CONCURRENTQUEUE_DIR)
  if(NOT DWELL_CONCURRENTQUEUE_DIR)
    message(FATAL_ERROR "Dwell needs <concurrentqueue/concurrentqueue.h>: "
                        "apt-get install libconcurrentqueue-dev, "
                        "or set DWELL_CONCURRENTQUEUE_DIR to the folder above concurrentqueue/.")
  endif()
  add_library(dwell_concurrentqueue INTERFACE)
  target_include_directories(dwell_concurrentqueue SYSTEM INTERFACE "${DWELL_CONCURRENTQUEUE_DIR}")
endfunction()
