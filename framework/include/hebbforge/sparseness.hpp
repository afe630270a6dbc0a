// How unequal rates are.
#pragma once

#include <Eigen/Core>
#include <cmath>

namespace hebbforge {

/// Treves and Rolls (1991), scaled: \f$ (1 - \frac{(\sum_i |r_i|)^2}{n \sum_i r_i^2}) / (1 - 1/n) \f$. 0: all
/// n rates are equal, or all are 0; 1: a single one is not 0. \param rates  a vector
template <class Rates>
double sparseness(const Rates& rates) {
  const auto n = static_cast<double>(rates.size());
  double sum = 0, squares = 0;
  for (Eigen::Index i = 0; i < rates.size(); ++i) {
    sum += std::abs(rates[i]);
    squares += rates[i] * rates[i];
  }
  return squares > 0 && n > 1 ? (1 - sum * sum / (n * squares)) / (1 - 1 / n) : 0;
}

}  // namespace hebbforge
