// When cells fire, and in which order.
#pragma once

#include <algorithm>
#include <cmath>
#include <hebbforge/types.hpp>
#include <limits>
#include <numeric>
#include <vector>

namespace hebbforge {

/// The centre of mass of each cell's rate over time, in samples; silent: NaN.
/// \param rates  shape (cells, samples)
inline std::vector<double> firing_times(ConstMatrixView rates) {
  std::vector<double> times(static_cast<std::size_t>(rates.rows()));
  for (Eigen::Index i = 0; i < rates.rows(); ++i) {
    double mass = 0, moment = 0;
    for (Eigen::Index t = 0; t < rates.cols(); ++t) {
      mass += rates(i, t);
      moment += rates(i, t) * static_cast<double>(t);
    }
    times[static_cast<std::size_t>(i)] = mass > 0 ? moment / mass : std::numeric_limits<double>::quiet_NaN();
  }
  return times;
}

/// Cells in the order of their activity: entry k is the index of the cell with rank k, by its firing time.
/// Silent cells come last; ties go by index. \param rates  shape (cells, samples)
inline std::vector<Eigen::Index> firing_order(ConstMatrixView rates) {
  const std::vector<double> times = firing_times(rates);
  std::vector<Eigen::Index> order(times.size());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::ranges::stable_sort(order, {}, [&](Eigen::Index i) {
    const double at = times[static_cast<std::size_t>(i)];
    return std::isnan(at) ? std::numeric_limits<double>::infinity() : at;
  });
  return order;
}

/// The rank of a cell: the inverse permutation.
inline Eigen::Index rank_of(Eigen::Index cell, const std::vector<Eigen::Index>& order) {
  return std::ranges::find(order, cell) - order.begin();
}

}  // namespace hebbforge
