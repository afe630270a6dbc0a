// Pipelines, with all that they refer to; one that is accepted is read again as it was resolved.
#include <hebbforge/host/pipeline.hpp>

#include "framework/registry.hpp"
#include "hostile.hpp"

using namespace hebbforge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_or_refuse([&] {
    const fuzz::MemoryFile file(fuzz::text_of(data, size));
    const Pipeline pipeline = load_pipeline(built_plugins(), file.path());
    const fuzz::MemoryFile resolved(pipeline.resolved);
    try {
      load_pipeline(built_plugins(), resolved.path());
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n%s\n", error.what(), pipeline.resolved.c_str());
      std::abort();
    }
  });
  return 0;
}
