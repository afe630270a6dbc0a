// Many searches that differ only in their seed, in one table.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/host/run.hpp>
#include <string>
#include <vector>

namespace hebbforge {

/// One finished search of several.
struct SeedResult {
  std::uint64_t seed = 0;
  RunSummary summary;
};

/// Losses of every seed's picked rule and references; for every parameter how many of n seeds have it above
/// 0, and its median with a 95 % bootstrap interval.
HEBBFORGE_API std::string seed_table_text(const std::vector<SeedResult>& results);
/// The same numbers as CSV: a row per seed.
HEBBFORGE_API std::string seed_table_csv(const std::vector<SeedResult>& results);

}  // namespace hebbforge
