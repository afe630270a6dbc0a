// One network under one candidate for all its trials.
#pragma once

#include <Eigen/Core>
#include <atomic>
#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hebbforge {

/// The three disjoint sets of networks.
enum class NetworkSet : std::uint32_t { search = 0, select = 1, report = 2 };

enum class LifeEnd : std::uint32_t {
  healthy = 0,
  not_finite = 1,  ///< a rate became NaN or infinite
  runaway = 2,     ///< |w| > 100
  dead = 3,        ///< all weights of a pathway that must live are below 1.5e-6
  bad_loss = 4,    ///< a loss is not finite
  cancelled = 5,
  plugin_failed = 6,  ///< it threw
  unfinished = 7,     ///< not run: its candidate was out of a race
  // Of lives in processes of their own:
  crashed = 8,
  exited = 9,         ///< a plugin ended the process
  timed_out = 10,     ///< beyond evaluation.time_limit
  out_of_memory = 11  ///< beyond evaluation.memory_limit
};
HEBBFORGE_API const char* name_of(LifeEnd end) noexcept;
/// Whether a plugin's code is to blame, not the rule: without isolation nothing could be told of such a life.
HEBBFORGE_API bool is_broken(LifeEnd end) noexcept;

/// What a life left behind.
struct LifeResult {
  LifeEnd end = LifeEnd::healthy;
  std::string message;  ///< of a plugin that threw
  std::int64_t trials_survived = 0;
  std::vector<double> losses;            ///< weighted, as the pipeline's losses; NaN if it failed
  std::vector<Eigen::VectorXd> effects;  ///< per pathway, shape (terms)
  std::vector<std::pair<std::string, double>> measures;  ///< "time.r2": the loss and its measure
};

/// What `simulate` asks a life to keep, besides its result. All cells of all populations, in order.
struct LifeRecord {
  Eigen::MatrixXd initial_weights, first_weights,
      final_weights;        ///< (cells, cells): before, after the first and the last trial
  Eigen::MatrixXd plastic;  ///< (cells, cells)
  Eigen::MatrixXd last_weights,
      last_plastic;                         ///< before the last trial, what happened between trials included
  Eigen::MatrixXd rates, states, drive;     ///< (cells, steps) of the last trial
  Eigen::MatrixXd checkpoints;              ///< rows (trial, sum |W|, sum of rates)
  std::vector<std::int64_t> kept_trials;    ///< set before: of these the rates are kept
  std::vector<Eigen::MatrixXd> kept_rates;  ///< (cells, steps) each; of trials that were not reached: empty
};

struct LifeOptions {
  NetworkSet set = NetworkSet::search;
  std::int64_t network = 0;
  bool reference_kernel = false;
  LifeRecord* record = nullptr;               ///< filled if given
  const std::atomic<bool>* cancel = nullptr;  ///< looked at between trials
};

/// Builds a life as run_life() does, every part told of it, but runs no trial.
/// \throws Error for what a part refuses
HEBBFORGE_API void try_life(const Pipeline& pipeline);

/// Runs one life of a checked pipeline, with the rules and values that it holds. Thread-safe: lives share
/// nothing that they write.
HEBBFORGE_API LifeResult run_life(const Pipeline& pipeline, const LifeOptions& options);

}  // namespace hebbforge
