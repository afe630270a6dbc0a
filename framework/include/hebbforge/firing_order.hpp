// The order in which cells fire.
#pragma once

#include <algorithm>
#include <hebbforge/types.hpp>
#include <limits>
#include <numeric>
#include <vector>

namespace hebbforge {

/// Cells in the order of their activity: entry k is the index of the cell with rank k, by the centre of mass
/// of its rate over time. Silent cells come last; ties go by index. \param rates  shape (cells, samples)
inline std::vector<Eigen::Index> firing_order(ConstMatrixView rates) {
  std::vector<double> centre(static_cast<std::size_t>(rates.rows()));
  for (Eigen::Index i = 0; i < rates.rows(); ++i) {
    double mass = 0, moment = 0;
    for (Eigen::Index t = 0; t < rates.cols(); ++t) {
      mass += rates(i, t);
      moment += rates(i, t) * static_cast<double>(t);
    }
    centre[static_cast<std::size_t>(i)] = mass > 0 ? moment / mass : std::numeric_limits<double>::infinity();
  }
  std::vector<Eigen::Index> order(centre.size());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::ranges::stable_sort(order, {}, [&](Eigen::Index i) { return centre[static_cast<std::size_t>(i)]; });
  return order;
}

/// The rank of a cell: the inverse permutation.
inline Eigen::Index rank_of(Eigen::Index cell, const std::vector<Eigen::Index>& order) {
  return std::ranges::find(order, cell) - order.begin();
}

}  // namespace hebbforge
