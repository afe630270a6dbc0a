// Measures optimizers on test functions.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <hebbforge/config.hpp>
#include <hebbforge/export.hpp>
#include <hebbforge/host/registry.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// One search on one function.
struct BenchSearch {
  std::int64_t evaluations = -1;  ///< until a candidate was first below the target; -1: none was
  std::int64_t spent = 0;         ///< all evaluations
  double own_seconds = 0;         ///< processor time in ask and tell
  std::string ended;              ///< "target", "budget", or why the optimizer stopped
};

/// \param budget  evaluations at most
/// \throws PluginError if a candidate is out of bounds or not finite
HEBBFORGE_API BenchSearch bench_search(const RegisteredPlugin& plugin, const Config& config,
                                       std::string_view function, Eigen::Index dimension, std::uint64_t seed,
                                       std::int64_t budget);

/// Searches with several seeds, put together.
struct BenchCell {
  std::int64_t searches = 0, reached = 0;
  double median = 0, low = 0, high = 0;  ///< evaluations to the target, infinite where it was not reached,
                                         ///< with a 95 % bootstrap interval
  double own_microseconds = 0;           ///< per evaluation, the median over searches
};
HEBBFORGE_API BenchCell bench_cell(const std::vector<BenchSearch>& searches);

/// What a published implementation needed: a row of optimizer_medians.csv.
struct BenchReference {
  std::string function;
  Eigen::Index dimension = 0;
  std::string name;  ///< "libcmaes aCMA"
  std::string like;  ///< the setting of ours that it is the yardstick of
  double median = 0;
};
/// \throws Error naming file and line
HEBBFORGE_API std::vector<BenchReference> read_bench_references(const std::filesystem::path& file);

}  // namespace hebbforge
