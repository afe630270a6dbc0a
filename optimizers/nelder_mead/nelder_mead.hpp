// The simplex method of Nelder and Mead, restarted.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <hebbforge/interfaces/optimizer.hpp>
#include <string>

namespace hebbforge::nelder_mead {

struct Settings {
  std::int64_t max_restarts = 200;
  double tolx = 1e-9;     ///< extent of the simplex, in initial steps, below which a run ends
  double tolfun = 1e-12;  ///< difference of the losses at its corners below which a run ends
};

/// Nelder and Mead (1965) with coefficients that depend on the dimension (Gao and Han 2012), bounds by
/// projection. A run that ends is followed by one around the best point so far if it improved it, and
/// else by one around a point that is drawn. Coordinates are divided by the initial steps.
class NelderMead : public Optimizer {
 public:
  explicit NelderMead(const Settings& settings) : settings_(settings) {}
  void begin(const SearchSpace& space) override;
  /// All corners of a new or shrunken simplex; otherwise one.
  Eigen::Index population_size() const noexcept override;
  void ask(MatrixView candidates) override;
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override;
  std::string_view stop() const noexcept override { return stop_; }
  void save(StateWriter& out) const override;
  void restore(const StateReader& in) override;
  void best(VectorView parameters) const override;

 private:
  enum class Move : std::uint64_t { corners, shrink, reflect, expand, contract_outside, contract_inside };
  Eigen::VectorXd bounded(const Eigen::VectorXd& point) const;
  Eigen::VectorXd center() const;
  Eigen::MatrixXd asked() const;
  void begin_run(const Eigen::VectorXd& around);
  void plan(Move move);
  void replace_worst(const Eigen::VectorXd& point, double loss);
  void shrink();
  void sort();
  void end_step();
  bool converged(std::string& reason) const;

  Settings settings_;
  Eigen::Index n_ = 0;
  Eigen::VectorXd step_, low_, high_;      // low_, high_: the bounds as given
  Eigen::VectorXd lower_, upper_, start_;  // divided by the steps, as everything below
  std::uint64_t seed_ = 0, run_ = 0;
  Eigen::MatrixXd simplex_;  // corners as columns, sorted by loss: shape (n, n + 1)
  Eigen::VectorXd losses_;
  Eigen::VectorXd trial_, reflected_;
  double reflected_loss_ = 0;
  Move move_ = Move::corners;
  Eigen::VectorXd best_;
  double best_loss_ = 0, best_before_run_ = 0;
  std::string stop_;
};

}  // namespace hebbforge::nelder_mead
