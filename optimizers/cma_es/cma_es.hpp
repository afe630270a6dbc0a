// Covariance matrix adaptation evolution strategy.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <hebbforge/interfaces/optimizer.hpp>
#include <string>
#include <vector>

#include "covariance.hpp"
#include "lin_quad.hpp"
#include "noise.hpp"
#include "restarts.hpp"
#include "strategy.hpp"

namespace hebbforge::cma_es {

/// How noise is measured, if it is: by the two halves of the networks, or by evaluating some candidates of
/// the last generation once more in this one.
enum class NoiseMeasure { none, networks, reevaluation };

struct Settings {
  std::int64_t population = 0;  ///< 0: 4 + floor(3 ln n)
  bool active = true;           ///< negative weights for the worse half
  double negative_weights = 0;  ///< bound of their sum, in units of the tutorial's; 0: by dimension
  bool diagonal = false;        ///< a variance per coordinate and no covariances
  Restarts restarts = Restarts::ipop;
  std::int64_t max_restarts = 200;
  std::int64_t max_population = 0;  ///< of restarts and noise; 0: 256 times the first
  NoiseMeasure noise = NoiseMeasure::none;
  bool evaluate_mean = false;  ///< one more candidate per generation: the mean
  double tolfun = 1e-11, tolfunhist = 1e-12, tolx = 1e-11, tolfacupx = 1e3, tolupsigma = 1e20,
         tolconditioncov = 1e14;
  double tolbehind = 0.1;
};

/// Hansen's tutorial (arXiv:1604.00772) with weighted recombination, cumulative step-size adaptation,
/// rank-one and (active) rank-mu updates, and restarts. Searches in genotypes divided by the initial steps.
class CmaEs : public Optimizer {
 public:
  explicit CmaEs(const Settings& settings);
  void begin(const SearchSpace& space) override;
  /// The samples, then what is evaluated again, then the mean.
  Eigen::Index population_size() const noexcept override;
  /// Half of them where nothing is learned from the others: no negative weights, noise, or mean.
  Eigen::Index parents() const noexcept override;
  void ask(MatrixView candidates) override;
  /// A candidate other than the one asked for counts as injected: its step is shortened to the length that a
  /// sample can have (Hansen, arXiv:1110.4181), so that any point can be told without harm.
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override;
  std::string_view stop() const noexcept override { return stop_; }
  void save(StateWriter& out) const override;
  void restore(const StateReader& in) override;
  void best(VectorView parameters) const override;
  /// Why the last run of this search ended: "tolfun"; "" before the first restart.
  std::string_view last_restart_reason() const noexcept { return last_reason_; }
  /// sigma^2 C: of genotypes, which a bound's parabola stretches where it acts.
  bool covariance(MatrixView out) const override;
  double sigma() const noexcept { return sigma_; }

 private:
  void begin_run();
  void end_run(const std::string& reason);
  void decompose();
  void set_population(Eigen::Index population);
  Eigen::Index reevaluated() const noexcept { return again_.cols(); }
  void inject(Eigen::Index k, ConstMatrixView candidates);
  void update(const std::vector<Eigen::Index>& order);
  void limit_deviations();
  void adapt_to_noise(ConstMatrixView candidates, const Evaluations& evaluations);
  void remember(double best, double median);
  std::string stop_reason(const Eigen::VectorXd& sorted) const;
  bool stagnates() const;
  double phenotype(Eigen::Index coordinate, double genotype) const noexcept;
  double genotype(Eigen::Index coordinate, double phenotype) const noexcept;

  Settings settings_;
  Eigen::Index n_ = 0, population_ = 0;
  std::int64_t ceiling_ = 0;
  Eigen::MatrixXd start_covariance_;
  Eigen::VectorXd start_, step_, max_deviation_;
  std::vector<LinQuad> bounds_;
  std::uint64_t seed_ = 0, generation_ = 0, decomposed_at_ = 0;
  std::int64_t evaluations_ = 0;  // of this run
  RestartPlan plan_;
  Strategy strategy_{1, 4, 0, false};
  Eigen::VectorXd mean_, pc_, ps_;
  Covariance covariance_;
  Eigen::MatrixXd z_, steps_, asked_;  // of this generation: steps y = B D z, and candidates
  double sigma_ = 1;
  NoiseControl noise_;
  Eigen::MatrixXd again_;         // candidates of the last generation that this one evaluates again
  Eigen::VectorXd again_losses_;  // what they had
  std::vector<double> best_history_, median_history_;
  double best_of_run_ = 0, best_of_earlier_runs_ = 0;
  std::string stop_, last_reason_, log_;
};

}  // namespace hebbforge::cma_es
