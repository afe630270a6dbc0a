#include "stages/estimate.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/random.hpp>
#include <limits>
#include <thread>
#include <vector>

#include "stages/dropout.hpp"
#include "stages/evaluator.hpp"
#include "stages/processor_time.hpp"
#include "stages/statistics.hpp"

namespace hebbforge {
namespace {

double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

// A life that fails early tells nothing about the others: steps are halved until one survives.
double seconds_of_a_life(const Pipeline& pipeline, std::int64_t number) {
  if (!pipeline.search) {
    LifeOptions options;
    options.network = number;
    const double before = processor_seconds();
    run_life(pipeline, options);
    return processor_seconds() - before;
  }
  const SearchSpec& search = *pipeline.search;
  Random random(pipeline.seeds.optimizer, "estimate", static_cast<std::uint64_t>(number));
  Eigen::VectorXd direction(static_cast<Eigen::Index>(search.free.size()));
  for (double& d : direction) d = random.normal();
  double seconds = 0;
  for (double scale = 0.5; scale > 1e-3; scale /= 2) {
    Eigen::VectorXd candidate = start_of(search);
    for (Eigen::Index k = 0; k < candidate.size(); ++k)
      candidate[k] += scale * search.free[static_cast<std::size_t>(k)].step * direction[k];
    const Pipeline variant = with_candidate(pipeline, view_of(std::as_const(candidate)));
    LifeOptions options;
    options.network = number;
    const double before = processor_seconds();
    const LifeResult life = run_life(variant, options);
    seconds = processor_seconds() - before;
    if (life.end == LifeEnd::healthy) break;
    if (life.end == LifeEnd::plugin_failed) throw SimulationError("a life cannot go on: " + life.message);
  }
  return seconds;
}

std::int64_t population_of(const SearchSpec& search) {
  const auto optimizer = search.optimizer.plugin->create<Optimizer>(search.optimizer.config);
  const Eigen::VectorXd start = start_of(search), lower = Eigen::VectorXd::Constant(start.size(), -HUGE_VAL),
                        upper = -lower, step = Eigen::VectorXd::Ones(start.size());
  optimizer->begin({view_of(start), view_of(lower), view_of(upper), view_of(step), 0, no_matrix()});
  return optimizer->population_size();
}

constexpr std::int64_t most = 1'000'000'000'000;  // beyond it nobody waits, and products would overflow

// Evaluations that a budget allows, in whole generations at the most.
std::int64_t evaluations_of(const BudgetSpec& b, std::int64_t population, std::int64_t networks) {
  if (b.evaluations == 0 && b.generations == 0 && b.lives == 0) {
    throw ConfigError(
        "the budget is wall time alone: how many lives fit into it is what you would have to be told");
  }
  std::int64_t evaluations = most;
  if (b.evaluations > 0) evaluations = std::min(evaluations, b.evaluations);
  if (b.generations > 0)
    evaluations = std::min(evaluations, std::min(b.generations, most / population) * population);
  if (b.lives > 0) evaluations = std::min(evaluations, b.lives / networks);
  return std::max(evaluations, population);  // a first generation always runs
}

// Lives of a stage, counted in lives of the pipeline: a condition may make them longer.
std::int64_t lives_of(const StageSpec& stage, const Pipeline& pipeline) {
  const auto n = pipeline.networks;
  const auto one_search = [&] {
    const std::int64_t population = population_of(*stage.search);
    const std::int64_t evaluations = evaluations_of(stage.search->budget, population, n.search);
    return evaluations * n.search + (evaluations + population - 1) / population * n.select;
  };
  switch (stage.kind) {
    case StageSpec::Kind::rank_and_refit:
      return static_cast<std::int64_t>(stage.terms.size()) * (one_search() + n.report);
    case StageSpec::Kind::forward_selection: {
      std::int64_t searches = 0;
      const auto coefficients =
          static_cast<std::int64_t>(coefficients_of(*stage.variants.front().pipeline).size());
      for (std::int64_t step = 0; step < std::min(stage.terms.front(), coefficients); ++step)
        searches += coefficients - step;
      return searches * one_search() + stage.terms.front() * n.report;
    }
    default:
      break;
  }
  double lives = 0;
  for (const StageVariant& v : stage.variants) {
    const std::size_t rules =
        stage.kind == StageSpec::Kind::dropout ? 1 + coefficients_of(*v.pipeline).size() : 1;
    lives += static_cast<double>(rules) * static_cast<double>(stage.networks) *
             static_cast<double>(v.pipeline->trials()) / static_cast<double>(pipeline.trials());
  }
  return static_cast<std::int64_t>(std::ceil(lives));
}

}  // namespace

CostEstimate estimate_cost(const Pipeline& pipeline) {
  if (!pipeline.search && pipeline.stages.empty())
    throw ConfigError("there is nothing to estimate: the pipeline has neither [search] nor [stage.NAME]");
  CostEstimate cost;
  std::vector<double> seconds;
  for (std::int64_t k = 0; k < 3; ++k) {
    if (pipeline.search || pipeline.stages.front().variants.empty()) {
      seconds.push_back(seconds_of_a_life(pipeline, k));
      continue;
    }
    // Without a search: the first, the middle and the last of what the first stage scores.
    const auto& variants = pipeline.stages.front().variants;
    const Pipeline& variant = *variants[static_cast<std::size_t>(k) * (variants.size() - 1) / 2].pipeline;
    seconds.push_back(seconds_of_a_life(variant, k) * static_cast<double>(pipeline.trials()) /
                      static_cast<double>(variant.trials()));
  }
  cost.seconds_per_life = median(seconds);
  std::int64_t evaluations = 0;
  const auto n = pipeline.networks;
  std::size_t parameters = 0;
  if (pipeline.search) {
    const SearchSpec& search = *pipeline.search;
    const std::int64_t population = population_of(search);
    parameters = search.free.size();
    evaluations = evaluations_of(search.budget, population, n.search);
    const auto references = static_cast<std::int64_t>(search.references.size());
    cost.most_select_lives = (evaluations + population - 1) / population * n.select;
    cost.lives = evaluations * n.search + cost.most_select_lives + references * (n.search + n.select) +
                 (references + 1) * n.report;
  }
  for (const StageSpec& stage : pipeline.stages) {
    const std::int64_t lives = lives_of(stage, pipeline);
    cost.stage_lives += lives;
    cost.lives += lives;
  }
  cost.core_hours = static_cast<double>(cost.lives) * cost.seconds_per_life / 3600;
  const auto jobs = pipeline.executor.config.values().find("jobs");
  if (jobs != pipeline.executor.config.values().end()) cost.jobs = std::get<std::int64_t>(jobs->second);
  if (cost.jobs == 0) cost.jobs = std::max(1u, std::thread::hardware_concurrency());
  cost.wall_seconds = cost.core_hours * 3600 / static_cast<double>(cost.jobs);

  const double values = static_cast<double>(LifeLayout::of(pipeline).size()) * static_cast<double>(n.search) +
                        static_cast<double>(parameters);
  const double record = 8 * values * static_cast<double>(evaluations);
  cost.disk_bytes = 3 * record + 20.0 * static_cast<double>(parameters) * static_cast<double>(evaluations) +
                    1e6;  // results, checkpoint and its successor, CSV
  cost.memory_bytes = peak_memory() + 2 * record + 2e6 * static_cast<double>(cost.jobs - 1);
  return cost;
}

}  // namespace hebbforge
