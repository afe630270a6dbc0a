#include "stages/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hebbforge/random.hpp>
#include <limits>
#include <utility>

namespace hebbforge {

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  return std::isinf(*middle) ? *middle : 0.5 * (below + *middle);
}

double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

Interval middle_95(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t tail = values.size() / 40;
  return {values[tail], values[values.size() - 1 - tail]};
}

Interval median_interval(const std::vector<double>& values) {
  if (values.empty()) return {median({}), median({})};
  Random random(1, "bootstrap of a median");
  std::vector<double> medians, sample(values.size());
  medians.reserve(resamples);
  for (std::size_t k = 0; k < resamples; ++k) {
    for (double& v : sample)
      v = values[static_cast<std::size_t>(random.index(static_cast<std::int64_t>(values.size())))];
    medians.push_back(median(sample));
  }
  return middle_95(std::move(medians));
}

}  // namespace hebbforge
