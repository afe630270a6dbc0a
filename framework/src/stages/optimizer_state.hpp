// An optimizer's saved state in a checkpoint file.
#pragma once

#include <hebbforge/state.hpp>
#include <string>

#include "host/hdf5_file.hpp"

namespace hebbforge {

void write_state(Hdf5Writer& out, const std::string& group, const MemoryState& state);
/// \throws Error for an entry of no known kind
MemoryState read_state(const Hdf5Reader& in, const std::string& group);

}  // namespace hebbforge
