# One interface target with the instrumentation asked for.
add_library(hebbforge_instrumentation INTERFACE)
if(HEBBFORGE_SANITIZERS)
  target_compile_options(hebbforge_instrumentation INTERFACE
    -fsanitize=${HEBBFORGE_SANITIZERS} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(hebbforge_instrumentation INTERFACE -fsanitize=${HEBBFORGE_SANITIZERS})
endif()
if(HEBBFORGE_COVERAGE)
  target_compile_options(hebbforge_instrumentation INTERFACE --coverage)
  target_link_options(hebbforge_instrumentation INTERFACE --coverage)
endif()
