// What a sequence of firing cells, and the weights under it, look like.
#pragma once

#include <algorithm>
#include <cmath>
#include <hebbforge/firing_order.hpp>
#include <hebbforge/types.hpp>
#include <vector>

namespace hebbforge::sequence_structure {

/// The response of one cell in a trial.
struct Response {
  double amplitude = 0;  ///< peak rate
  double duration = 0;   ///< s: integral of the rate over its peak (Bell et al. 2024, Fig. 6); 0 if silent
};
template <class Rates>
Response response_of(const Rates& rates, double dt) {
  Response r{rates.maxCoeff(), 0};
  if (r.amplitude > 0) r.duration = rates.sum() * dt / r.amplitude;
  return r;
}

/// Share of all weight that leads from a cell to one that fires later; 0.5 without any order.
/// \param weights  W(post, pre), shape (cells, cells); silent cells do not count
inline double feedforward_mass(ConstMatrixView weights, const std::vector<Eigen::Index>& order,
                               std::size_t active) {
  double forward = 0, all = 0;
  for (std::size_t post = 0; post < active; ++post) {
    for (std::size_t pre = 0; pre < active; ++pre) {
      if (pre == post) continue;
      const double w = std::abs(weights(order[post], order[pre]));
      all += w;
      if (pre < post) forward += w;
    }
  }
  return all > 0 ? forward / all : 0.5;
}

/// Mean weight from a cell to the one that fires `lag` places later; 0 where there is no such pair.
inline double lag_kernel(ConstMatrixView weights, const std::vector<Eigen::Index>& order, std::size_t active,
                         std::int64_t lag) {
  double sum = 0, count = 0;
  for (std::int64_t pre = 0; pre < static_cast<std::int64_t>(active); ++pre) {
    const std::int64_t post = pre + lag;
    if (lag == 0 || post < 0 || post >= static_cast<std::int64_t>(active)) continue;
    sum += weights(order[static_cast<std::size_t>(post)], order[static_cast<std::size_t>(pre)]);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

/// How strongly a cell inhibits itself through the inhibitory cells: |sum_k w_ki(E onto I) w_ik(I onto E)|.
/// \param onto_inhibition  shape (inhibitory, cells)  \param inhibition  shape (cells, inhibitory)
inline double recurrent_inhibition(ConstMatrixView onto_inhibition, ConstMatrixView inhibition,
                                   Eigen::Index cell) {
  double sum = 0;
  for (Eigen::Index k = 0; k < onto_inhibition.rows(); ++k)
    sum += onto_inhibition(k, cell) * inhibition(cell, k);
  return std::abs(sum);
}

}  // namespace hebbforge::sequence_structure
