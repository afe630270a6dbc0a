#include "report/recorded_life.hpp"

#include <algorithm>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/firing_order.hpp>

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

ConstMatrixView rates_of(const CellBlock& block, const Eigen::MatrixXd& rates) {
  return {rates.data() + block.first, block.size, rates.cols(), Eigen::OuterStride<>(rates.outerStride())};
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
  const auto times = hebbforge::firing_times(rates_of(block, rates));
  return Eigen::VectorXd::Map(times.data(), block.size);
}

std::vector<Eigen::Index> firing_order(const Eigen::MatrixXd& rates, const CellBlock& block) {
  auto order = hebbforge::firing_order(rates_of(block, rates));
  for (Eigen::Index& cell : order) cell += block.first;
  return order;
}

}  // namespace hebbforge::report
