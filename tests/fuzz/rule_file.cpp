// Rule files, for the pathways of a small pipeline.
#include <hebbforge/host/pipeline.hpp>

#include "framework/registry.hpp"
#include "hostile.hpp"

using namespace hebbforge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto small = std::filesystem::path(HEBBFORGE_SOURCE) / "tests/framework/pipelines/small.toml";
  fuzz::read_or_refuse([&] {
    const fuzz::MemoryFile file(fuzz::text_of(data, size));
    PipelineOptions options;
    options.rule = file.path();
    load_pipeline(built_plugins(), small, options);
  });
  return 0;
}
