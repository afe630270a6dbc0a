// Differential evolution that learns its two settings.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <hebbforge/interfaces/optimizer.hpp>
#include <string>

namespace hebbforge::differential_evolution {

struct Settings {
  std::int64_t population = 0;  ///< 0: 20 + n
  double greediness = 0.15;     ///< steps lead towards one of this share of the best
  double tolfun = 1e-12, tolx = 1e-11;
};

/// SHADE (Tanabe and Fukunaga, CEC 2013): current-to-pbest/1/bin with an archive of replaced members; scale
/// factor and crossover rate are drawn around values that succeeded. A coordinate beyond a bound goes
/// half-way from the member to the bound.
class DifferentialEvolution : public Optimizer {
 public:
  explicit DifferentialEvolution(const Settings& settings);
  void begin(const SearchSpace& space) override;
  Eigen::Index population_size() const noexcept override { return size_; }
  void ask(MatrixView candidates) override;
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override;
  std::string_view stop() const noexcept override { return stop_; }
  void save(StateWriter& out) const override;
  void restore(const StateReader& in) override;
  void best(VectorView parameters) const override;

 private:
  static constexpr Eigen::Index memory_size = 10;
  void learn(const Eigen::VectorXd& gains);
  std::string stop_reason() const;

  Settings settings_;
  Eigen::Index n_ = 0, size_ = 0;
  Eigen::VectorXd start_, step_, lower_, upper_;
  std::uint64_t seed_ = 0, generation_ = 0;
  Eigen::MatrixXd members_;  // (n, size); empty before the first tell
  Eigen::VectorXd losses_;
  Eigen::MatrixXd archive_;                      // (n, at most size)
  Eigen::VectorXd memory_scale_, memory_rate_;   // of successes, (memory_size)
  Eigen::VectorXd scale_, rate_;                 // of this generation's candidates
  std::uint64_t memory_at_ = 0, unchanged_ = 0;  // unchanged_: generations without a better member
  std::string stop_;
};

}  // namespace hebbforge::differential_evolution
