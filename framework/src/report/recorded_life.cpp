#include "report/recorded_life.hpp"

#include <algorithm>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <limits>
#include <numeric>

namespace hebbforge::report {

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
  LifeOptions options;
  options.set = NetworkSet::select;
  options.record = &record;
  const LifeResult result = run_life(pipeline, options);
  if (result.end == LifeEnd::plugin_failed) throw SimulationError(result.message);
  life.end = name_of(result.end);
  for (std::size_t k = 0; k < record.kept_trials.size(); ++k) {
    if (record.kept_rates[k].size() == 0) continue;
    life.trials.push_back(record.kept_trials[k]);
    life.rates.push_back(std::move(record.kept_rates[k]));
  }
  life.before = std::move(record.initial_weights);
  life.after = std::move(record.final_weights);
  return life;
}

std::vector<Eigen::Index> firing_order(const Eigen::MatrixXd& rates, const CellBlock& block) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(block.size));
  std::iota(order.begin(), order.end(), block.first);
  const Eigen::VectorXd times =
      Eigen::VectorXd::LinSpaced(rates.cols(), 0, static_cast<double>(rates.cols() - 1));
  const auto centre = [&](Eigen::Index cell) {
    const double all = rates.row(cell).sum();
    return all > 0 ? rates.row(cell).dot(times) / all : std::numeric_limits<double>::infinity();
  };
  std::ranges::stable_sort(order, {}, centre);
  return order;
}

}  // namespace hebbforge::report
