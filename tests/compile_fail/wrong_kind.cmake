# A misspelt kind, in CMake's script mode: the function has to notice before it makes a target.
cmake_minimum_required(VERSION 3.23)
include("${HEBBFORGE_SOURCE}/framework/cmake/HebbforgeAddPlugin.cmake")
hebbforge_add_plugin(my_rule KIND rul SOURCES my_rule.cpp)
