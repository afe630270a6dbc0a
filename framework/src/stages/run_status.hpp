// Where a run stands, seen from another process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <string>
#include <vector>

namespace hebbforge {

/// Read from its checkpoint; nothing of the run is locked or waits.
struct RunStatus {
  bool running = false, finished = false;  ///< finished: its search, if it has one, and all stages
  bool searches = false;                   ///< its pipeline has [search]
  std::vector<std::string> stages;         ///< "dropout: done"
  long process = 0;                        ///< that works on it
  std::uint64_t generation = 0;
  std::int64_t evaluations = 0, budget = 0;  ///< evaluations; budget 0: limited otherwise
  double best_loss = 0;                      ///< sum over the search networks; NaN: none yet
  std::size_t networks = 0;                  ///< of the search
  double picked_value = 0;                   ///< what picking compares, on the select networks; NaN: none yet
  bool pick_by_median = true;
  double since_checkpoint = -1;  ///< s; -1: there is none yet
};

/// \throws ConfigError if it is no run directory, or damaged
HEBBFORGE_API RunStatus read_status(const std::filesystem::path& directory);

/// A few lines for people.
HEBBFORGE_API std::string status_text(const RunStatus& status);

}  // namespace hebbforge
