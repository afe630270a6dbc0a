// A largest weight.
#pragma once

#include <hebbforge/types.hpp>

namespace hebbforge::weight_cap {

/// \f$ |w_{ij}| \leftarrow \min(|w_{ij}|, M) \f$, signs kept.
/// \param[in,out] weights  shape (n_post, n_pre)
/// \param mask  1 where plastic and alive, else 0
/// \param plastic_only  weights that the mask leaves out stay as they are
inline void limit(MatrixView weights, ConstMatrixView mask, double maximum, bool plastic_only) noexcept {
  const double unless = plastic_only ? 0 : -1;  // the value of the mask for which a weight stays
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    double* w = weights.col(j).data();
    const double* m = mask.col(j).data();
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      // Without branches, and so that a weight that is not a number stays one.
      const double above = w[i] > maximum ? maximum : w[i], within = above < -maximum ? -maximum : above;
      w[i] = m[i] == unless ? w[i] : within;
    }
  }
}

}  // namespace hebbforge::weight_cap
