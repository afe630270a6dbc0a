// Candidates into scores: every life of every candidate, through an executor.
#pragma once

#include <Eigen/Core>
#include <atomic>
#include <cstdint>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <set>
#include <string>
#include <vector>

namespace hebbforge {

/// What a life's result holds, in order: how it ended, trials survived, weighted loss parts, measures,
/// effects of all terms of all rules.
struct HEBBFORGE_API LifeLayout {
  /// Names: "time", "r2" ("time.r2" where several losses have an r2), "EE.x~*y".
  std::vector<std::string> losses, measures, effects;
  std::vector<std::string> measure_sources{};  ///< "time.r2"; known when made from a pipeline
  std::size_t loss_at() const noexcept { return 2; }
  std::size_t measure_at() const noexcept { return 2 + losses.size(); }
  std::size_t effect_at() const noexcept { return measure_at() + measures.size(); }
  std::size_t size() const noexcept { return effect_at() + effects.size(); }
  static LifeLayout of(const Pipeline& pipeline);
};

/// The lives of candidates: column (candidate * networks + network), rows as the layout says.
struct HEBBFORGE_API Scores {
  LifeLayout layout;
  std::size_t networks = 0;
  Eigen::MatrixXd lives;

  std::size_t candidates() const noexcept {
    return networks == 0 ? 0 : static_cast<std::size_t>(lives.cols()) / networks;
  }
  LifeEnd end(std::size_t candidate, std::size_t network) const;
  std::size_t failed(std::size_t candidate) const;    ///< lives that ran and did not end healthy
  std::size_t left_out(std::size_t candidate) const;  ///< lives that did not run: LifeEnd::unfinished
  /// Sum of the weighted parts; infinite for a failed life.
  double loss(std::size_t candidate, std::size_t network) const;
  std::vector<double> losses(std::size_t candidate) const;  ///< of every network
  double measure(std::size_t candidate, std::size_t network, std::size_t index) const;
  double part(std::size_t candidate, std::size_t network, std::size_t index) const;
  double effect(std::size_t candidate, std::size_t network, std::size_t index) const;

  /// The objective: the sum over networks. A candidate with a failed life gets a finite loss above every
  /// healthy one: graded by the share of trials that it survived, or (published) 1e8 per network and 1e7
  /// times the sum of |c_k|.
  /// Lives that did not run count as without loss: then it is a bound from below, if no loss is negative.
  double sum(std::size_t candidate, std::int64_t trials, bool graded, double coefficients) const;

  /// Of candidates whose lives are still to run.
  static Scores unfinished(LifeLayout layout, std::size_t candidates, std::size_t networks);
};

/// `pipeline` with the values of one candidate.
/// \param candidate  shape (free parameters), log scales as logarithms
HEBBFORGE_API Pipeline with_candidate(const Pipeline& pipeline, ConstVectorView candidate);
/// The candidate that a pipeline's own values are, clipped to the ranges.
Eigen::VectorXd start_of(const SearchSpec& search);
/// What may move, in the order of a candidate: "EE.c.x~*y".
std::vector<std::string> paths_of(const SearchSpec& search);
/// Whether a parameter of a rule stands before terms: named "c.TERM", or a constant of an equation.
bool is_coefficient(const RuleBasis& basis, std::size_t parameter);
/// Sum of |c| over all coefficients of the rules.
double sum_of_coefficients(const Pipeline& pipeline);

/// "search", "select" or "report". \throws ConfigError
NetworkSet network_set_named(const std::string& name);

/// Runs lives. One at a time.
class Evaluator {
 public:
  /// \param stop  looked at between trials; when it is set, evaluate() returns false
  Evaluator(Executor& executor, const std::atomic<bool>* stop, bool reference_kernel)
      : executor_(executor), stop_(stop), reference_kernel_(reference_kernel) {}

  /// \param candidates  as columns; without rows: one life of the pipeline as it is
  /// \param first       index of the first network of the set
  /// \throws SimulationError if a plugin broke a life and lives are not isolated
  bool evaluate(const Pipeline& pipeline, const Eigen::MatrixXd& candidates, NetworkSet set,
                std::int64_t first, std::int64_t networks, Scores& scores);
  /// The same for some of the lives.
  /// \param columns  of `scores`, to be filled
  bool run(const Pipeline& pipeline, const Eigen::MatrixXd& candidates, NetworkSet set, std::int64_t first,
           const std::vector<std::size_t>& columns, Scores& scores);
  std::int64_t lives() const noexcept { return lives_; }    ///< run so far
  std::int64_t broken() const noexcept { return broken_; }  ///< lives among them in which a plugin broke
  /// How warnings count candidates from here on. \param first  number of the first one of evaluate()
  void count_candidates_from(std::int64_t first) noexcept { first_candidate_ = first; }
  /// \throws SimulationError if more lives broke than the pipeline tolerates
  void check_broken(const EvaluationSpec& spec, std::int64_t broken, std::int64_t lives) const;

 private:
  void tell_of(LifeEnd end, const std::string& note, std::size_t candidate, std::int64_t network);
  Executor& executor_;
  const std::atomic<bool>* stop_;
  bool reference_kernel_;
  std::int64_t lives_ = 0, broken_ = 0, first_candidate_ = 0;
  std::string last_broken_;
  std::set<std::string> told_;  ///< reasons
};

}  // namespace hebbforge
