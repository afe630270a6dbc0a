// Soft limits on sums of weights.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <hebbforge/types.hpp>

namespace hebbforge::summed_weight {

/// One pathway's sums, as magnitudes: an inhibitory pathway is one whose weights sum to less than 0.
class SummedWeight {
 public:
  /// \param maximum  of a cell's summed weight
  /// \param rate  part of the excess that is taken from each weight, per step
  /// \param plastic_only  count and change only weights that are plastic and alive
  SummedWeight(double maximum, double rate, bool plastic_only)
      : maximum_(maximum), rate_(rate), plastic_only_(plastic_only) {}

  /// To be called once a trial: which weights take part. In an inhibitory pathway those of exactly 0 do not,
  /// because the clamp of signs takes them for excitatory ones. Allocates in the first trial only.
  /// \param weights  shape (n_post, n_pre)
  /// \param mask  1 where plastic and alive, else 0
  void begin_trial(ConstMatrixView weights, ConstMatrixView mask) {
    sign_ = weights.sum() < 0 ? -1 : 1;
    takes_part_.setOnes(weights.rows(), weights.cols());
    if (plastic_only_) takes_part_ = mask;
    if (sign_ < 0) takes_part_.array() *= (weights.array() != 0).cast<double>();
    steps_.resize(weights.rows());
  }

  /// Outgoing sums: \f$ w_{ij} \leftarrow w_{ij} - \eta\,[\sum_k w_{kj} - M]^+ \f$ for all i.
  /// \param[in,out] weights  shape (n_post, n_pre)
  void limit_outgoing(MatrixView weights) const noexcept {
    for (Eigen::Index j = 0; j < weights.cols(); ++j) {
      const double step = step_of(weights.col(j).dot(takes_part_.col(j)));
      if (step != 0) weights.col(j) -= step * takes_part_.col(j);
    }
  }

  /// Incoming sums: \f$ w_{ij} \leftarrow w_{ij} - \eta\,[\sum_k w_{ik} - M]^+ \f$ for all j.
  void limit_incoming(MatrixView weights) noexcept {
    steps_.setZero();
    for (Eigen::Index j = 0; j < weights.cols(); ++j)
      steps_ += weights.col(j).cwiseProduct(takes_part_.col(j));
    for (double& step : steps_) step = step_of(step);
    if (steps_.isZero(0)) return;
    for (Eigen::Index j = 0; j < weights.cols(); ++j)
      weights.col(j) -= steps_.cwiseProduct(takes_part_.col(j));
  }

 private:
  double step_of(double sum) const noexcept { return sign_ * rate_ * std::max(0.0, sign_ * sum - maximum_); }

  double maximum_, rate_;
  bool plastic_only_;
  double sign_ = 1;
  Eigen::MatrixXd takes_part_;  ///< 1 or 0
  Eigen::VectorXd steps_;
};

}  // namespace hebbforge::summed_weight
