// Soft limits on sums of weights.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <hebbforge/types.hpp>

namespace hebbforge::summed_weight {

/// How far sums may grow, and what happens beyond.
struct Limit {
  double maximum;     ///< of a cell's summed weight
  double rate;        ///< part of the excess that is taken from each weight, per step
  bool plastic_only;  ///< count and change only weights that are plastic and alive
};

/// One pathway's sums, as magnitudes: an inhibitory pathway is one whose weights sum to less than 0. There,
/// weights of exactly 0 stay, because the clamp of signs takes them for excitatory ones.
class SummedWeight {
 public:
  explicit SummedWeight(const Limit& limit) : limit_(limit) {}

  /// Outgoing sums: \f$ w_{ij} \leftarrow w_{ij} - \eta\,[\sum_k w_{kj} - M]^+ \f$ for all i.
  /// \param[in,out] weights  shape (n_post, n_pre)
  /// \param mask  1 where plastic and alive, else 0
  void limit_outgoing(MatrixView weights, ConstMatrixView mask) const noexcept {
    const double sign = sign_of(weights);
    for (Eigen::Index j = 0; j < weights.cols(); ++j) {
      double sum = 0;
      for (Eigen::Index i = 0; i < weights.rows(); ++i) {
        if (counts(mask(i, j))) sum += sign * weights(i, j);
      }
      const double step = sign * limit_.rate * std::max(0.0, sum - limit_.maximum);
      for (Eigen::Index i = 0; step != 0 && i < weights.rows(); ++i) {
        if (moves(weights(i, j), mask(i, j), sign)) weights(i, j) -= step;
      }
    }
  }

  /// Incoming sums: \f$ w_{ij} \leftarrow w_{ij} - \eta\,[\sum_k w_{ik} - M]^+ \f$ for all j.
  void limit_incoming(MatrixView weights, ConstMatrixView mask) {
    const double sign = sign_of(weights);
    steps_.setZero(weights.rows());  // allocates in the first step of a life only
    for (Eigen::Index j = 0; j < weights.cols(); ++j) {
      for (Eigen::Index i = 0; i < weights.rows(); ++i) {
        if (counts(mask(i, j))) steps_[i] += sign * weights(i, j);
      }
    }
    for (double& step : steps_) step = sign * limit_.rate * std::max(0.0, step - limit_.maximum);
    for (Eigen::Index j = 0; j < weights.cols(); ++j) {
      for (Eigen::Index i = 0; i < weights.rows(); ++i) {
        if (moves(weights(i, j), mask(i, j), sign)) weights(i, j) -= steps_[i];
      }
    }
  }

 private:
  static double sign_of(const MatrixView& weights) noexcept { return weights.sum() < 0 ? -1 : 1; }
  bool counts(double mask) const noexcept { return !limit_.plastic_only || mask != 0; }
  bool moves(double weight, double mask, double sign) const noexcept {
    return counts(mask) && (sign > 0 || weight != 0);
  }

  Limit limit_;
  Eigen::VectorXd steps_;
};

}  // namespace hebbforge::summed_weight
