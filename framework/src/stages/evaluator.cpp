#include "stages/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <limits>
#include <mutex>
#include <numeric>

namespace hebbforge {
namespace {

/// One life per job, for a column (candidate * networks + network) of the scores.
class LifeJob final : public Job {
 public:
  LifeJob(const Pipeline& pipeline, const Scores& scores, const std::vector<std::size_t>& columns,
          NetworkSet set, std::int64_t first, bool reference_kernel, const std::atomic<bool>* stop)
      : pipeline_(pipeline),
        layout_(scores.layout),
        columns_(columns),
        set_(set),
        first_(first),
        networks_(scores.networks),
        reference_kernel_(reference_kernel),
        stop_(stop) {}

  void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept override {
    result.setConstant(std::numeric_limits<double>::quiet_NaN());
    result[1] = 0;
    try {
      LifeOptions options;
      options.set = set_;
      options.network =
          first_ + static_cast<std::int64_t>(columns_[static_cast<std::size_t>(index)] % networks_);
      options.reference_kernel = reference_kernel_;
      options.cancel = stop_;
      write(run_life(input.size() > 0 ? with_candidate(pipeline_, input) : pipeline_, options), result);
    } catch (const std::exception& error) {
      fail(error.what(), result);
    } catch (...) {
      fail("a plugin threw an object that is not a std::exception", result);
    }
  }

  std::string message() {
    const std::lock_guard lock(mutex_);
    return message_;
  }

 private:
  void write(const LifeResult& life, VectorView out) const {
    out[0] = static_cast<double>(life.end);
    out[1] = static_cast<double>(life.trials_survived);
    for (std::size_t k = 0; k < layout_.losses.size(); ++k)
      out[static_cast<Eigen::Index>(layout_.loss_at() + k)] = life.losses[k];
    for (std::size_t k = 0; k < layout_.measures.size(); ++k) {
      const auto found = std::ranges::find(life.measures, layout_.measure_sources[k],
                                           &std::pair<std::string, double>::first);
      if (found != life.measures.end())
        out[static_cast<Eigen::Index>(layout_.measure_at() + k)] = found->second;
    }
    Eigen::Index at = static_cast<Eigen::Index>(layout_.effect_at());
    for (const Eigen::VectorXd& effects : life.effects) {
      out.segment(at, effects.size()) = effects;
      at += effects.size();
    }
  }

  void fail(const std::string& message, VectorView result) noexcept {
    result[0] = static_cast<double>(LifeEnd::plugin_failed);
    const std::lock_guard lock(mutex_);
    if (message_.empty()) message_ = message;
  }

  const Pipeline& pipeline_;
  const LifeLayout& layout_;
  const std::vector<std::size_t>& columns_;
  NetworkSet set_;
  std::int64_t first_;
  std::size_t networks_;
  bool reference_kernel_;
  const std::atomic<bool>* stop_;
  std::mutex mutex_;
  std::string message_;
};

}  // namespace

NetworkSet network_set_named(const std::string& name) {
  if (name == "search") return NetworkSet::search;
  if (name == "select") return NetworkSet::select;
  if (name == "report") return NetworkSet::report;
  throw ConfigError("there is no set of networks '" + name + "'; expected search, select or report");
}

LifeLayout LifeLayout::of(const Pipeline& pipeline) {
  LifeLayout layout;
  for (const LossSpec& spec : pipeline.losses) {
    layout.losses.push_back(spec.name);
    const auto loss = spec.choice.plugin->create<Loss>(spec.choice.config);
    for (const std::string_view name : loss->measures()) {
      layout.measures.emplace_back(name);
      layout.measure_sources.push_back(spec.name + "." + std::string(name));
    }
  }
  const std::vector<std::string> names = layout.measures;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (std::ranges::count(names, names[k]) > 1) layout.measures[k] = layout.measure_sources[k];
  }
  for (const PathwaySpec& pathway : pipeline.pathways) {
    if (!pathway.rule) continue;
    const auto terms = pathway.rule->basis->terms();
    for (const Term& term : terms) layout.effects.push_back(pathway.name + "." + std::string(term.name));
    if (terms.empty()) layout.effects.push_back(pathway.name);
  }
  return layout;
}

LifeEnd Scores::end(std::size_t candidate, std::size_t network) const {
  return static_cast<LifeEnd>(
      static_cast<std::uint32_t>(lives(0, static_cast<Eigen::Index>(candidate * networks + network))));
}

std::size_t Scores::failed(std::size_t candidate) const {
  std::size_t count = 0;
  for (std::size_t n = 0; n < networks; ++n) {
    const LifeEnd how = end(candidate, n);
    count += how != LifeEnd::healthy && how != LifeEnd::unfinished;
  }
  return count;
}

std::size_t Scores::left_out(std::size_t candidate) const {
  std::size_t count = 0;
  for (std::size_t n = 0; n < networks; ++n) count += end(candidate, n) == LifeEnd::unfinished;
  return count;
}

Scores Scores::unfinished(LifeLayout layout, std::size_t candidates, std::size_t networks) {
  const auto rows = static_cast<Eigen::Index>(layout.size());
  Scores scores{std::move(layout), networks, {}};
  scores.lives.setConstant(rows, static_cast<Eigen::Index>(candidates * networks),
                           std::numeric_limits<double>::quiet_NaN());
  scores.lives.row(0).setConstant(static_cast<double>(LifeEnd::unfinished));
  scores.lives.row(1).setZero();
  return scores;
}

double Scores::part(std::size_t candidate, std::size_t network, std::size_t index) const {
  return lives(static_cast<Eigen::Index>(layout.loss_at() + index),
               static_cast<Eigen::Index>(candidate * networks + network));
}

double Scores::measure(std::size_t candidate, std::size_t network, std::size_t index) const {
  return lives(static_cast<Eigen::Index>(layout.measure_at() + index),
               static_cast<Eigen::Index>(candidate * networks + network));
}

double Scores::effect(std::size_t candidate, std::size_t network, std::size_t index) const {
  return lives(static_cast<Eigen::Index>(layout.effect_at() + index),
               static_cast<Eigen::Index>(candidate * networks + network));
}

double Scores::loss(std::size_t candidate, std::size_t network) const {
  if (end(candidate, network) != LifeEnd::healthy) return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t k = 0; k < layout.losses.size(); ++k) sum += part(candidate, network, k);
  return sum;
}

std::vector<double> Scores::losses(std::size_t candidate) const {
  std::vector<double> all;
  for (std::size_t n = 0; n < networks; ++n) all.push_back(loss(candidate, n));
  return all;
}

double Scores::sum(std::size_t candidate, std::int64_t trials, bool graded, double coefficients) const {
  double total = 0, survived = 0;
  for (std::size_t n = 0; n < networks; ++n) {
    if (end(candidate, n) == LifeEnd::unfinished) {
      survived += static_cast<double>(trials);
      continue;
    }
    total += loss(candidate, n);
    survived += lives(1, static_cast<Eigen::Index>(candidate * networks + n));
  }
  if (failed(candidate) == 0) return total;
  const auto batch = static_cast<double>(networks);
  if (!graded) return 1e8 * batch + 1e7 * coefficients;
  return 1e12 * (2 - survived / (batch * static_cast<double>(trials)));
}

Pipeline with_candidate(const Pipeline& pipeline, ConstVectorView candidate) {
  using Part = ParameterTarget::Part;
  Pipeline changed = pipeline;
  for (std::size_t k = 0; k < pipeline.search->free.size(); ++k) {
    const FreeParameter& f = pipeline.search->free[k];
    const double given = candidate[static_cast<Eigen::Index>(k)];
    const double value = std::clamp(f.log_scale ? std::exp(given) : given, f.lower, f.upper);
    const ParameterTarget& t = f.target;
    switch (t.part) {
      case Part::rule:
        changed.pathways[t.owner].rule->values[t.index] = value;
        break;
      case Part::neuron:
        changed.populations[t.owner].neuron.config.set(t.parameter, value);
        break;
      case Part::stimulus:
        changed.phases[t.owner].stimulus.config.set(t.parameter, value);
        break;
      case Part::constraint:
        changed.constraints[t.owner].choice.config.set(t.parameter, value);
        break;
      case Part::perturbation:
        changed.perturbations[t.owner].choice.config.set(t.parameter, value);
        break;
      case Part::loss:
        changed.losses[t.owner].choice.config.set(t.parameter, value);
        break;
    }
  }
  return changed;
}

std::vector<std::string> paths_of(const SearchSpec& search) {
  std::vector<std::string> paths;
  for (const FreeParameter& f : search.free) paths.push_back(f.path);
  return paths;
}

Eigen::VectorXd start_of(const SearchSpec& search) {
  Eigen::VectorXd start(static_cast<Eigen::Index>(search.free.size()));
  for (Eigen::Index k = 0; k < start.size(); ++k) {
    const FreeParameter& f = search.free[static_cast<std::size_t>(k)];
    start[k] = f.log_scale ? std::log(f.start) : f.start;
  }
  return start;
}

Pipeline with_rules(const Pipeline& pipeline, const std::vector<std::optional<RuleSpec>>& rules) {
  Pipeline changed = pipeline;
  for (std::size_t k = 0; k < changed.pathways.size(); ++k) changed.pathways[k].rule = rules[k];
  return changed;
}

bool is_coefficient(const RuleBasis& basis, std::size_t parameter) {
  // An equation's have names of their own.
  const auto stands_before = [&](const Term& t) { return t.coefficient == static_cast<int>(parameter); };
  return std::string_view(basis.parameters()[parameter].name).starts_with("c.") ||
         std::ranges::any_of(basis.terms(), stands_before);
}

double sum_of_coefficients(const Pipeline& pipeline) {
  double sum = 0;
  for (const PathwaySpec& pathway : pipeline.pathways) {
    if (!pathway.rule) continue;
    const RuleBasis& basis = *pathway.rule->basis;
    for (std::size_t k = 0; k < basis.parameters().size(); ++k) {
      if (is_coefficient(basis, k)) sum += std::abs(pathway.rule->values[k]);
    }
  }
  return sum;
}

bool Evaluator::run(const Pipeline& pipeline, const Eigen::MatrixXd& candidates, NetworkSet set,
                    std::int64_t first, const std::vector<std::size_t>& columns, Scores& scores) {
  Eigen::MatrixXd inputs(candidates.rows(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t k = 0; k < columns.size() && inputs.rows() > 0; ++k) {
    inputs.col(static_cast<Eigen::Index>(k)) =
        candidates.col(static_cast<Eigen::Index>(columns[k] / scores.networks));
  }
  Eigen::MatrixXd results(scores.lives.rows(), inputs.cols());
  LifeJob job(pipeline, scores, columns, set, first, reference_kernel_, stop_);
  executor_.for_each(job, view_of(std::as_const(inputs)), view_of(results));
  if (const std::string message = job.message(); !message.empty())
    throw SimulationError("a life cannot go on: " + message);
  if (stop_ && stop_->load()) return false;
  lives_ += inputs.cols();
  for (std::size_t k = 0; k < columns.size(); ++k)
    scores.lives.col(static_cast<Eigen::Index>(columns[k])) = results.col(static_cast<Eigen::Index>(k));
  return true;
}

bool Evaluator::evaluate(const Pipeline& pipeline, const Eigen::MatrixXd& candidates, NetworkSet set,
                         std::int64_t first, std::int64_t networks, Scores& scores) {
  const auto count = static_cast<std::size_t>(candidates.rows() == 0 ? 1 : candidates.cols());
  Scores all = Scores::unfinished(LifeLayout::of(pipeline), count, static_cast<std::size_t>(networks));
  std::vector<std::size_t> columns(count * all.networks);
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  if (!run(pipeline, candidates, set, first, columns, all)) return false;
  scores = std::move(all);
  return true;
}

}  // namespace hebbforge
