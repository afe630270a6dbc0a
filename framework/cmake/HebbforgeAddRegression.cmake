# hebbforge_add_regression(<test> SUITE <suite.toml>)
#
# A CTest that runs `hebbforge regress` on a suite; its verdicts go to <test>.xml in the build folder.
function(hebbforge_add_regression name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SUITE" "")
  if(NOT arg_SUITE OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "hebbforge_add_regression(${name}): expected SUITE and a file, nothing else")
  endif()
  if(TARGET hebbforge_cli)
    set(program $<TARGET_FILE:hebbforge_cli>)
  else()
    set(program $<TARGET_FILE:hebbforge::hebbforge_cli>)
  endif()
  add_test(NAME ${name} COMMAND ${program} --plugin-path "${CMAKE_BINARY_DIR}/lib/hebbforge/plugins"
    regress "${arg_SUITE}" --junit "${CMAKE_CURRENT_BINARY_DIR}/${name}.xml")
endfunction()
