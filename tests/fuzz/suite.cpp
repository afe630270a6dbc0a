// Suites of regressions, and the same text as a baseline.
#include "hostile.hpp"
#include "stages/regression.hpp"

using namespace hebbforge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  fuzz::read_or_refuse([&] { read_suite(file.path()); });
  fuzz::read_or_refuse([&] { read_baseline(file.path()); });
  return 0;
}
