# One interface target with the warnings of every target of ours.
add_library(hebbforge_warnings INTERFACE)
target_compile_options(hebbforge_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> # GCC 12 warns of its own std::string (bug 105651)
  $<$<BOOL:${HEBBFORGE_WARNINGS_AS_ERRORS}>:-Werror>)
