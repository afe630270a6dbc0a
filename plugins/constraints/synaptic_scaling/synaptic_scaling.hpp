// Scaling of weights towards a target rate of the postsynaptic cell.
#pragma once

#include <algorithm>
#include <cmath>
#include <hebbforge/types.hpp>

namespace hebbforge::synaptic_scaling {

/// By which all weights onto a cell are multiplied, once per trial (van Rossum, Bi & Turrigiano 2000, Eq. 4,
/// integrated over the trial): \f$ e^{\eta\,(1 - \bar r_i/\rho)} \f$, the exponent within \f$ \pm\eta \f$.
/// \param mean_rate  of the cell in the trial before
inline double scaling_factor(double mean_rate, double target, double rate) noexcept {
  return std::exp(rate * std::clamp(1 - mean_rate / target, -1.0, 1.0));
}

/// Multiplies plastic weights onto cell i by factor i.
/// \param[in,out] weights  shape (n_post, n_pre)
/// \param mask  1 where plastic and alive, else 0
inline void scale_incoming(MatrixView weights, ConstMatrixView mask, ConstVectorView factors) noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      if (mask(i, j) != 0) weights(i, j) *= factors[i];
    }
  }
}

}  // namespace hebbforge::synaptic_scaling
