// The directory that a run writes to.
#pragma once

#include <hebbforge/host/run.hpp>

namespace hebbforge {

/// Makes it, and lets log messages go to its log.txt.
/// \returns whether it was there
/// \throws ConfigError if it was and the run is not resumed; SimulationError if it cannot be made
bool begin_run_directory(const RunOptions& options);

}  // namespace hebbforge
