#include "report/recorded_life.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <limits>
#include <numeric>

namespace hebbforge::report {
namespace {

// Evenly spaced, so that they are columns of one picture; of large networks fewer, for the memory that their
// rates take.
std::vector<std::int64_t> timed_trials(const Pipeline& pipeline) {
  constexpr double most = 40, most_bytes = 64e6;
  double cells = 0, steps = 1;
  for (const PopulationSpec& p : pipeline.populations) cells += static_cast<double>(p.size);
  for (const PhaseSpec& p : pipeline.phases) steps = std::max(steps, static_cast<double>(p.steps));
  const std::int64_t last = pipeline.trials() - 1;
  const auto count =
      std::min(static_cast<std::int64_t>(std::min(most, most_bytes / (8 * cells * steps))), last + 1);
  std::vector<std::int64_t> trials;
  for (std::int64_t k = 0; count > 1 && k < count; ++k) trials.push_back(k * last / (count - 1));
  return trials;
}

}  // namespace

RecordedLife record_life(const Pipeline& pipeline) {
  RecordedLife life;
  life.network = "network 0 of the select set";
  life.dt = pipeline.dt;
  Eigen::Index first = 0;
  for (const PopulationSpec& p : pipeline.populations) {
    life.blocks.push_back({p.name, first, p.size});
    first += p.size;
  }
  const auto learns =
      std::ranges::find_if(pipeline.pathways, [](const PathwaySpec& p) { return p.rule.has_value(); });
  if (learns != pipeline.pathways.end()) life.shown = pipeline.population_index(learns->to);

  const std::int64_t trials = pipeline.trials();
  LifeRecord record;
  for (const std::int64_t t : {std::int64_t{0}, trials / 2, trials - 1}) {
    if (std::ranges::find(record.kept_trials, t) == record.kept_trials.end()) record.kept_trials.push_back(t);
  }
  const std::size_t shown = record.kept_trials.size();
  const auto timed = timed_trials(pipeline);
  record.kept_trials.insert(record.kept_trials.end(), timed.begin(), timed.end());
  LifeOptions options;
  options.set = NetworkSet::select;
  options.record = &record;
  const LifeResult result = run_life(pipeline, options);
  if (result.end == LifeEnd::plugin_failed) throw SimulationError(result.message);
  life.end = name_of(result.end);
  if (!timed.empty() && record.kept_rates.back().size() > 0) {  // it reached the last trial
    const CellBlock& block = life.blocks[life.shown];
    life.firing_times.resize(block.size, static_cast<Eigen::Index>(timed.size()));
    for (std::size_t k = 0; k < timed.size(); ++k)
      life.firing_times.col(static_cast<Eigen::Index>(k)) =
          life.dt * firing_times(record.kept_rates[shown + k], block);
  }
  for (std::size_t k = 0; k < shown; ++k) {
    if (record.kept_rates[k].size() == 0) continue;
    life.trials.push_back(record.kept_trials[k]);
    life.rates.push_back(std::move(record.kept_rates[k]));
  }
  life.before = std::move(record.initial_weights);
  life.after = std::move(record.final_weights);
  return life;
}

Eigen::VectorXd firing_times(const Eigen::MatrixXd& rates, const CellBlock& block) {
  const Eigen::VectorXd steps =
      Eigen::VectorXd::LinSpaced(rates.cols(), 0, static_cast<double>(rates.cols() - 1));
  Eigen::VectorXd times(block.size);
  for (Eigen::Index k = 0; k < block.size; ++k) {
    const auto rate = rates.row(block.first + k);
    const double all = rate.sum();
    times[k] = all > 0 ? rate.dot(steps) / all : std::numeric_limits<double>::quiet_NaN();
  }
  return times;
}

std::vector<Eigen::Index> firing_order(const Eigen::MatrixXd& rates, const CellBlock& block) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(block.size));
  std::iota(order.begin(), order.end(), block.first);
  const Eigen::VectorXd times = firing_times(rates, block);
  std::ranges::stable_sort(order, {}, [&](Eigen::Index cell) {
    const double at = times[cell - block.first];
    return std::isnan(at) ? std::numeric_limits<double>::infinity() : at;
  });
  return order;
}

}  // namespace hebbforge::report
