#include "stages/comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <hebbforge/random.hpp>
#include <limits>
#include <numeric>
#include <utility>

namespace hebbforge {
namespace {

// Medians over instances, of one network; failed instances count as infinite.
double over_instances(const InstanceLosses& losses, const std::vector<std::size_t>& instances,
                      std::size_t n) {
  std::vector<double> values;
  for (const std::size_t i : instances) values.push_back(losses[i][n]);
  return median(std::move(values));
}

std::vector<std::size_t> all_of(std::size_t count) {
  std::vector<std::size_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}

std::vector<double> per_network(const InstanceLosses& losses) {
  std::vector<double> values;
  const std::size_t networks = losses.empty() ? 0 : losses.front().size();
  for (std::size_t n = 0; n < networks; ++n)
    values.push_back(over_instances(losses, all_of(losses.size()), n));
  return values;
}

std::vector<std::size_t> drawn(Random& random, std::size_t count) {
  std::vector<std::size_t> indices(count);
  for (std::size_t& k : indices) k = static_cast<std::size_t>(random.index(static_cast<std::int64_t>(count)));
  return indices;
}

double median_of_medians(const InstanceLosses& losses, const std::vector<std::size_t>& instances,
                         const std::vector<std::size_t>& networks) {
  std::vector<double> medians;
  for (const std::size_t i : instances) {
    std::vector<double> values;
    for (const std::size_t n : networks) values.push_back(losses[i][n]);
    medians.push_back(median(std::move(values)));
  }
  return median(std::move(medians));
}

}  // namespace

double family_median(const InstanceLosses& losses) {
  return losses.empty() ? median({})
                        : median_of_medians(losses, all_of(losses.size()), all_of(losses.front().size()));
}

Interval family_interval(const InstanceLosses& losses) {
  if (losses.empty() || losses.front().empty()) return {median({}), median({})};
  if (losses.size() == 1) return median_interval(losses.front());
  Random random(1, "bootstrap of a family's median");
  std::vector<double> medians;
  for (std::size_t k = 0; k < resamples; ++k) {
    const auto instances = drawn(random, losses.size());
    medians.push_back(median_of_medians(losses, instances, drawn(random, losses.front().size())));
  }
  return middle_95(std::move(medians));
}

double failed_share(const InstanceLosses& losses) {
  double failed = 0, all = 0;
  for (const auto& row : losses) {
    for (const double v : row) failed += std::isinf(v);
    all += static_cast<double>(row.size());
  }
  return all > 0 ? failed / all : std::numeric_limits<double>::quiet_NaN();
}

PairedDifference paired_difference(const InstanceLosses& a, const InstanceLosses& b, bool same_instances) {
  PairedDifference result;
  result.median = result.interval.low = result.interval.high = std::numeric_limits<double>::quiet_NaN();
  if (a.empty() || b.empty()) return result;
  const std::size_t networks = std::min(a.front().size(), b.front().size());
  const auto differences = [&](const std::vector<std::size_t>& of_a, const std::vector<std::size_t>& of_b,
                               const std::vector<std::size_t>& of_networks) {
    std::vector<double> values;
    for (const std::size_t n : of_networks) {
      const double difference = over_instances(a, of_a, n) - over_instances(b, of_b, n);
      if (std::isfinite(difference)) values.push_back(difference);
    }
    return values;
  };
  const auto observed = differences(all_of(a.size()), all_of(b.size()), all_of(networks));
  result.networks = observed.size();
  result.median = median(observed);
  Random random(1, "bootstrap of a paired difference");
  std::vector<double> medians;
  for (std::size_t k = 0; k < resamples; ++k) {
    const auto of_a = drawn(random, a.size()), of_b = same_instances ? of_a : drawn(random, b.size());
    const double m = median(differences(of_a, of_b, drawn(random, networks)));
    if (!std::isnan(m)) medians.push_back(m);
  }
  if (medians.empty()) return result;
  result.interval = middle_95(std::move(medians));
  return result;
}

PublishedTest published_test(const InstanceLosses& a, const InstanceLosses& b) {
  PublishedTest test;
  const auto x = per_network(a), y = per_network(b);
  std::vector<std::pair<double, bool>> pooled;
  for (const double v : x) pooled.emplace_back(v, true);
  for (const double v : y) pooled.emplace_back(v, false);
  if (x.empty() || y.empty()) return test;
  std::ranges::sort(pooled);
  // Mid-ranks: equal values share the mean of their ranks.
  const auto n = static_cast<double>(pooled.size());
  double ranks_of_x = 0, ties = 0;
  for (std::size_t k = 0; k < pooled.size();) {
    std::size_t end = k;
    while (end < pooled.size() && pooled[end].first == pooled[k].first) ++end;
    const double rank = 0.5 * static_cast<double>(k + 1 + end), equal = static_cast<double>(end - k);
    for (std::size_t i = k; i < end; ++i) ranks_of_x += pooled[i].second ? rank : 0;
    ties += equal * equal * equal - equal;
    k = end;
  }
  const auto nx = static_cast<double>(x.size()), ny = static_cast<double>(y.size());
  const double ranks_of_y = n * (n + 1) / 2 - ranks_of_x, correction = 1 - ties / (n * n * n - n);
  if (correction > 0) {
    test.h =
        (12 / (n * (n + 1)) * (ranks_of_x * ranks_of_x / nx + ranks_of_y * ranks_of_y / ny) - 3 * (n + 1)) /
        correction;
    test.p = std::erfc(std::sqrt(std::max(0.0, test.h) / 2));  // chi^2 beyond h, one degree of freedom
  }
  const auto moments = [](const std::vector<double>& values) {
    double count = 0, mean = 0, squares = 0;
    for (const double v : values) {
      if (!std::isfinite(v)) continue;
      ++count;
      const double from = v - mean;
      mean += from / count;
      squares += from * (v - mean);
    }
    return std::array<double, 3>{count, mean, squares};
  };
  const auto [count_x, mean_x, squares_x] = moments(x);
  const auto [count_y, mean_y, squares_y] = moments(y);
  const double freedom = count_x + count_y - 2;
  test.d = freedom > 0 ? (mean_x - mean_y) / std::sqrt((squares_x + squares_y) / freedom)
                       : std::numeric_limits<double>::quiet_NaN();
  return test;
}

}  // namespace hebbforge
