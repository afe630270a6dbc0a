// Candidates from outside, and their scores as files.
#pragma once

#include <atomic>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <vector>

namespace hebbforge {

/// One part of n: rows [begin, end) of the candidates.
struct Shard {
  std::size_t index = 1, count = 1;  ///< "3/100": index from 1
};
/// \throws ConfigError
HEBBFORGE_API Shard shard_named(const std::string& text);

struct EvaluateOptions {
  std::filesystem::path candidates;  ///< CSV: a header of paths ("EE.c.x~*y"), a row per candidate
  std::filesystem::path out;         ///< HDF5
  Shard shard;
  std::string set = "search";
  bool reference_kernel = false;
  const std::atomic<bool>* stop = nullptr;
};
struct EvaluateSummary {
  std::size_t candidates = 0, networks = 0, failed = 0;  ///< failed: candidates with a failed life
  double best_loss = 0;
  std::size_t best = 0;  ///< row of the CSV, from 0
};

/// Scores candidates on a set of networks. Parameters that the CSV does not name keep their start.
/// \throws ConfigError for a CSV that does not fit, with file:line:column; SimulationError
HEBBFORGE_API EvaluateSummary evaluate_candidates(const Pipeline& pipeline, const EvaluateOptions& options);

/// Joins shards into the file that one call would have written, byte by byte.
/// \throws ConfigError naming a shard that is missing, twice, or of another evaluation
HEBBFORGE_API std::size_t merge_shards(const std::vector<std::filesystem::path>& shards,
                                       const std::filesystem::path& out);

}  // namespace hebbforge
