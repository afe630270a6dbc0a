#include "stages/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/log.hpp>
#include <limits>
#include <numeric>

#include "host/document.hpp"
#include "host/settable.hpp"
#include "stages/life_job.hpp"

namespace hebbforge {
namespace {

constexpr std::size_t most_reasons = 20;  ///< of broken lives that are told

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
  Pipeline changed = pipeline;
  for (std::size_t k = 0; k < pipeline.search->free.size(); ++k) {
    const FreeParameter& f = pipeline.search->free[k];
    const double given = candidate[static_cast<Eigen::Index>(k)];
    const double value = std::clamp(f.log_scale ? std::exp(given) : given, f.lower, f.upper);
    set_value(changed, f.target, value);
    for (const ParameterTarget& follower : f.followers) set_value(changed, follower, value);
    if (f.target.part != ParameterTarget::Part::rule &&
        std::ranges::find(changed.found, f.target) == changed.found.end())
      changed.found.push_back(f.target);
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
  Eigen::MatrixXd inputs(1 + candidates.rows(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const auto column = static_cast<Eigen::Index>(k);
    inputs(0, column) = static_cast<double>(first + static_cast<std::int64_t>(columns[k] % scores.networks));
    if (candidates.rows() == 0) continue;
    inputs.col(column).tail(candidates.rows()) =
        candidates.col(static_cast<Eigen::Index>(columns[k] / scores.networks));
  }
  const Eigen::Index rows = scores.lives.rows();
  Eigen::MatrixXd results(rows + note_rows, inputs.cols());
  executor_.for_each(*life_job(pipeline, candidates.rows() > 0, set, reference_kernel_, stop_),
                     view_of(std::as_const(inputs)), view_of(results));
  if (stop_ && stop_->load()) return false;
  lives_ += inputs.cols();
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const auto column = static_cast<Eigen::Index>(k);
    const auto end = static_cast<LifeEnd>(static_cast<std::uint32_t>(results(0, column)));
    if (is_broken(end)) {
      const std::string note = note_of({results.col(column).data(), results.rows()});
      if (!pipeline.evaluation.isolated) throw SimulationError("a life cannot go on: " + note);
      ++broken_;
      tell_of(end, note, columns[k] / scores.networks, static_cast<std::int64_t>(inputs(0, column)));
    } else if (end == LifeEnd::bad_loss) {
      for (std::size_t l = 0; l < scores.layout.losses.size(); ++l) {
        if (std::isfinite(results(static_cast<Eigen::Index>(scores.layout.loss_at() + l), column))) continue;
        tell_of(end, "loss '" + scores.layout.losses[l] + "'", columns[k] / scores.networks,
                static_cast<std::int64_t>(inputs(0, column)));
      }
    }
    scores.lives.col(static_cast<Eigen::Index>(columns[k])) = results.col(column).head(rows);
  }
  return true;
}

void Evaluator::tell_of(LifeEnd end, const std::string& note, std::size_t candidate, std::int64_t network) {
  const std::string reason = std::string(name_of(end)) + ": " + note;
  if (is_broken(end)) last_broken_ = reason;
  // Texts with numbers in them never end.
  if (told_.size() >= most_reasons || !told_.insert(reason).second) return;
  log_warning("candidate " + std::to_string(first_candidate_ + static_cast<std::int64_t>(candidate)) +
              ", network " + std::to_string(network) + ": " + reason +
              "; the candidate counts as failed (told once for each reason)");
}

void Evaluator::check_broken(const EvaluationSpec& spec, std::int64_t broken, std::int64_t lives) const {
  if (static_cast<double>(broken) <= spec.tolerated_failures * static_cast<double>(lives)) return;
  throw SimulationError("plugins broke " + std::to_string(broken) + " of " + std::to_string(lives) +
                        " lives, more than the share that evaluation.tolerated_failures = " +
                        toml_real(spec.tolerated_failures) + " allows" +
                        (last_broken_.empty() ? "" : "; the last: " + last_broken_) +
                        "\n  mend the plugin, or raise the share, and go on with --resume");
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
