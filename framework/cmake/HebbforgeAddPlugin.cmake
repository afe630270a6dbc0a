# hebbforge_add_plugin(<name> KIND <kind> SOURCES <file>... [LINK <target>...])
#
# Builds one plugin: the object library <name>_objects with the algorithm (tests link it directly) and
# the MODULE library <name>, whose only exported symbol is the manifest. The same function builds the
# plugins of this repository and, after find_package(hebbforge), anybody else's.
function(hebbforge_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND" "SOURCES;LINK")
  set(known rule optimizer perturbation loss stimulus neuron constraint executor)
  if(NOT arg_KIND IN_LIST known)
    list(JOIN known ", " kinds)
    message(FATAL_ERROR "hebbforge_add_plugin(${name}): KIND '${arg_KIND}' is not one of: ${kinds}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "hebbforge_add_plugin(${name}): no SOURCES given")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "hebbforge_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()

  add_library(${name}_objects OBJECT ${arg_SOURCES})
  target_link_libraries(${name}_objects PUBLIC hebbforge::framework ${arg_LINK})
  if(TARGET hebbforge_warnings)
    target_link_libraries(${name}_objects PRIVATE hebbforge_warnings hebbforge_instrumentation)
  endif()
  target_include_directories(${name}_objects PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  set_target_properties(${name}_objects PROPERTIES
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
  # Without unique symbols a library stays unloadable and two plugins never share a static.
  target_compile_options(${name}_objects PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)

  add_library(${name} MODULE)
  target_link_libraries(${name} PRIVATE ${name}_objects)
  if(TARGET hebbforge_instrumentation)
    target_link_libraries(${name} PRIVATE hebbforge_instrumentation)
  endif()
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT HEBBFORGE_SANITIZERS)
    target_link_options(${name} PRIVATE LINKER:--no-undefined)
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" LINKER_LANGUAGE CXX
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/hebbforge/plugins"
    INSTALL_RPATH "$ORIGIN/../..")
  install(TARGETS ${name} LIBRARY DESTINATION lib/hebbforge/plugins COMPONENT plugins)
  if(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/presets")
    hebbforge_install_presets("${CMAKE_CURRENT_SOURCE_DIR}/presets")
  endif()
endfunction()

# hebbforge_install_presets(<directory>): its *.toml where the host looks for presets, in the build
# tree and under the prefix.
function(hebbforge_install_presets directory)
  file(GLOB presets CONFIGURE_DEPENDS "${directory}/*.toml")
  foreach(preset IN LISTS presets)
    get_filename_component(file_name "${preset}" NAME)
    configure_file("${preset}" "${CMAKE_BINARY_DIR}/share/hebbforge/presets/${file_name}" COPYONLY)
  endforeach()
  install(FILES ${presets} DESTINATION share/hebbforge/presets COMPONENT plugins)
endfunction()
