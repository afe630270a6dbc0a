# A misspelt argument, in CMake's script mode.
cmake_minimum_required(VERSION 3.23)
include("${HEBBFORGE_SOURCE}/framework/cmake/HebbforgeAddPlugin.cmake")
hebbforge_add_plugin(my_rule SOURCE extra KIND rule SOURCES my_rule.cpp)
