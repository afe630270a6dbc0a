// Covariance matrix adaptation evolution strategy.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <hebbforge/interfaces/optimizer.hpp>
#include <string>
#include <vector>

namespace hebbforge::cma_es {

/// pycma's BoundTransform of one coordinate: identity inside, quadratic near a bound, mirrored beyond it.
struct LinQuad {
  double lower, upper;
  double near_lower() const noexcept;  ///< width of the quadratic part
  double near_upper() const noexcept;
  /// Genotype (unbounded) to phenotype, in [lower, upper].
  double to_phenotype(double genotype) const noexcept;
  /// The genotype inside [lower - near_lower, upper + near_upper].
  double to_genotype(double phenotype) const noexcept;
};

struct Settings {
  std::int64_t population = 0;  ///< 0: 4 + floor(3 ln n)
  bool active = true;           ///< negative weights for the worse half
  bool ipop = true;             ///< restart with twice the population when a run stops
  std::int64_t max_restarts = 200;
  double tolfun = 1e-11, tolfunhist = 1e-12, tolx = 1e-11, tolfacupx = 1e3, tolupsigma = 1e20,
         tolconditioncov = 1e14;
};

/// Weights and learning rates, as in the tutorial's Table 1.
struct Strategy {
  Strategy(Eigen::Index n, Eigen::Index population, bool active);
  Eigen::Index lambda, mu;
  Eigen::VectorXd weights;  ///< (lambda): positive ones sum to 1; negative ones, if active, scaled to keep C
                            ///< positive definite
  double mueff, cc, cs, c1, cmu, damps, chi_n;
};

/// Hansen's tutorial (arXiv:1604.00772) with weighted recombination, cumulative step-size adaptation,
/// rank-one and (active) rank-mu updates, and restarts. Searches in genotypes divided by the initial steps.
class CmaEs final : public Optimizer {
 public:
  explicit CmaEs(const Settings& settings);
  void begin(const SearchSpace& space) override;
  Eigen::Index population_size() const noexcept override { return population_; }
  void ask(MatrixView candidates) override;
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
  void decompose();
  void limit_deviations();
  std::string stop_reason(const Eigen::VectorXd& sorted) const;
  double phenotype(Eigen::Index coordinate, double genotype) const noexcept;

  Settings settings_;
  Eigen::Index n_ = 0, population_ = 0;
  Eigen::MatrixXd start_covariance_;
  Eigen::VectorXd start_, step_, max_deviation_;
  std::vector<LinQuad> bounds_;
  std::uint64_t seed_ = 0, run_ = 0, generation_ = 0, decomposed_at_ = 0;
  Strategy strategy_{1, 4, true};
  Eigen::VectorXd mean_, pc_, ps_, deviations_;  // deviations_: square roots of the eigenvalues of C
  Eigen::MatrixXd c_, axes_, steps_;             // axes_: eigenvectors; steps_: this generation's y
  double sigma_ = 1;
  std::vector<double> best_history_, median_history_;
  std::string stop_, last_reason_;
};

}  // namespace hebbforge::cma_es
