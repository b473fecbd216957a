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

# dwell_find_header(<target> <header> <Debian package>): for libraries that are headers only and
# have no CMake package. <TARGET>_DIR names the folder above the header's.
function(dwell_find_header target header debian_package)
  string(TOUPPER ${target}_DIR variable)
  find_path(${variable} ${header})
  mark_as_advanced(${variable})
  if(NOT ${variable})
    message(FATAL_ERROR "Dwell needs <${header}>: apt-get install ${debian_package}, "
                        "or set ${variable} to the folder that <${header}> is found in.")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE "${${variable}}")
endfunction()
