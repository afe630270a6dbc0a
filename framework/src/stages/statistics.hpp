// Robust summaries of losses over networks.
#pragma once

#include <hebbforge/export.hpp>
#include <vector>

namespace hebbforge {

/// Of values that may be infinite; the mean of the middle two of an even number. NaN without values.
HEBBFORGE_API double median(std::vector<double> values);

/// Of the nearest rank. \param values  not empty
HEBBFORGE_API double quantile(std::vector<double> values, double share);

struct Interval {
  double low = 0, high = 0;
};
/// What bootstraps here draw.
inline constexpr std::size_t resamples = 2000;
/// The middle 95 % of what they drew. \param values  not empty
HEBBFORGE_API Interval middle_95(std::vector<double> values);
/// 95 % percentile bootstrap of the median (Efron 1979), 2000 resamples, with a fixed seed: the same values
/// give the same interval.
HEBBFORGE_API Interval median_interval(const std::vector<double>& values);

}  // namespace hebbforge
