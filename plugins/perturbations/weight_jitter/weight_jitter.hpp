// Noise on weights.
#pragma once

#include <cmath>
#include <hebbforge/random.hpp>
#include <hebbforge/types.hpp>

namespace hebbforge::weight_jitter {

/// All numbers are drawn, whether a synapse is plastic or not, so that networks with other masks stay paired.
/// \param[in,out] weights  shape (n_post, n_pre)
/// \param plastic  its mask, 1 or 0
template <class Change>
void disturb(MatrixView weights, ConstMatrixView plastic, Random& random, const Change& change) {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      const double noise = random.normal();
      if (plastic(i, j) != 0) weights(i, j) = change(weights(i, j), noise);
    }
  }
}

/// \f$ w\,e^{\sigma\xi} \f$: the median stays.
inline double multiplied(double weight, double sd, double noise) noexcept {
  return weight * std::exp(sd * noise);
}

/// \f$ w + \sigma\xi \f$; 0 where that has the other sign and signs are kept.
inline double added(double weight, double sd, double noise, bool keep_sign) noexcept {
  const double changed = weight + sd * noise;
  return keep_sign && changed * weight <= 0 ? 0 : changed;
}

}  // namespace hebbforge::weight_jitter
