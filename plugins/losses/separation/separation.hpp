// How well a number tells two classes apart.
#pragma once

#include <algorithm>
#include <vector>

namespace hebbforge::separation {

/// Area under the receiver operating characteristic: the probability that a number of the upper class is
/// above one of the lower, ties counting half (Mann and Whitney 1947). Neither class is empty.
inline double area_under_curve(const std::vector<double>& lower, const std::vector<double>& upper) {
  std::vector<double> sorted = lower;
  std::ranges::sort(sorted);
  double wins = 0;
  for (const double value : upper) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    wins += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return wins / static_cast<double>(lower.size() * upper.size());
}

}  // namespace hebbforge::separation
