# No sources, in CMake's script mode.
cmake_minimum_required(VERSION 3.23)
include("${HEBBFORGE_SOURCE}/framework/cmake/HebbforgeAddPlugin.cmake")
hebbforge_add_plugin(my_rule KIND rule)
