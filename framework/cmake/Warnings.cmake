# One interface target with the warnings of every target of ours.
add_library(hebbforge_warnings INTERFACE)
target_compile_options(hebbforge_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  $<$<BOOL:${HEBBFORGE_WARNINGS_AS_ERRORS}>:-Werror>)
