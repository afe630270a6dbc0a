// HDF5 files as the input of a pipeline.
#include <hebbforge/host/dataset_file.hpp>

#include "host/hdf5_file.hpp"
#include "hostile.hpp"

using namespace hebbforge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  fuzz::read_or_refuse([&] {
    const DatasetFile datasets(file.path());
    for (const char* name : {"w0", "spikes", "text", "group"}) {
      fuzz::read_or_refuse([&] { datasets.matrix(name).sum(); });
    }
  });
  return 0;
}
