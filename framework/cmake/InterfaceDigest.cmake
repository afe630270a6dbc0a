# hebbforge_interface_digest(<output header> <interface header>...)
# Hashes the interface headers, comments and white space left out, into a header that defines
# HEBBFORGE_INTERFACE_DIGEST: a plugin built against other interfaces is refused without anybody
# having to remember to raise a number.
function(hebbforge_interface_digest output)
  set(all "")
  foreach(header IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
    file(READ "${header}" text)
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")
    string(REGEX REPLACE "[ \t\r\n]+" " " text "${text}")
    string(APPEND all "${text}")
  endforeach()
  string(SHA256 digest "${all}")
  string(SUBSTRING "${digest}" 0 8 digest)
  file(CONFIGURE OUTPUT "${output}" CONTENT
"// Digest of the interface headers, written by CMake.\n#pragma once\n#define HEBBFORGE_INTERFACE_DIGEST 0x${digest}u\n")
endfunction()
