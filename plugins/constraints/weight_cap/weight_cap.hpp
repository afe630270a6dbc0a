// A largest weight.
#pragma once

#include <cmath>
#include <hebbforge/types.hpp>

namespace hebbforge::weight_cap {

/// \f$ |w_{ij}| \leftarrow \min(|w_{ij}|, M) \f$, signs kept.
/// \param[in,out] weights  shape (n_post, n_pre)
/// \param mask  1 where plastic and alive, else 0
/// \param plastic_only  weights that the mask leaves out stay as they are
inline void limit(MatrixView weights, ConstMatrixView mask, double maximum, bool plastic_only) noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      if (plastic_only && mask(i, j) == 0) continue;
      double& w = weights(i, j);
      if (std::abs(w) > maximum) w = std::copysign(maximum, w);
    }
  }
}

}  // namespace hebbforge::weight_cap
