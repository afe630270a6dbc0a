// Dale's law, weight by weight.
#pragma once

#include "engine/padded.hpp"

namespace hebbforge::engine {

/// sign <- +1 where the weight is at least 0, else -1.
inline void set_signs(const PaddedMatrix& weights, PaddedMatrix& sign) noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) sign(i, j) = weights(i, j) >= 0 ? 1 : -1;
  }
}

/// Keeps each weight on the side of 0 that it was on at the start of the trial. For the reference, which
/// shares no loop with the kernels.
inline void clamp_signs(PaddedMatrix& weights, const PaddedMatrix& sign, double floor) noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    double* w = weights.col(j);
    const double* s = sign.col(j);
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      w[i] = s[i] * w[i] < 0 ? s[i] * floor : w[i];
    }
  }
}

}  // namespace hebbforge::engine
