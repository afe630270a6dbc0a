// What a run will cost, from a few lives run now.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>

namespace hebbforge {

struct CostEstimate {
  double seconds_per_life = 0;  ///< processor time; median of three lives of random candidates
  std::int64_t lives = 0;  ///< search, selections (at most one per generation), references, report, stages
  std::int64_t most_select_lives = 0;  ///< part of them, an upper bound
  std::int64_t stage_lives = 0;        ///< part of them: of the stages after the search
  double core_hours = 0;
  std::int64_t jobs = 0;  ///< at a time
  double wall_seconds = 0;
  double memory_bytes = 0, disk_bytes = 0;
};

/// Runs three lives. Approximate: candidates that fail early cost less, other programs slow the machine.
/// \throws ConfigError if there is nothing to run, or with a budget of wall time only
HEBBFORGE_API CostEstimate estimate_cost(const Pipeline& pipeline);

}  // namespace hebbforge
