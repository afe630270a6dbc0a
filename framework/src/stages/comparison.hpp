// Two families of rules compared on the same networks.
#pragma once

#include <cstddef>
#include <hebbforge/export.hpp>
#include <vector>

#include "stages/statistics.hpp"

namespace hebbforge {

/// Losses per network (columns) of one or several instances (rows) of a family of rules; infinite: failed.
using InstanceLosses = std::vector<std::vector<double>>;

/// The share of lives that failed.
HEBBFORGE_API double failed_share(const InstanceLosses& losses);

/// The median loss of a family: the median of its instances' medians over networks.
HEBBFORGE_API double family_median(const InstanceLosses& losses);
/// Its 95 % percentile bootstrap: instances are drawn anew, then networks; of one instance networks alone.
HEBBFORGE_API Interval family_interval(const InstanceLosses& losses);

/// How much greater the losses of one family are than those of another in the same networks.
struct PairedDifference {
  double median = 0;         ///< over networks, of the difference of the medians over instances; NaN: no pair
  Interval interval;         ///< 95 % percentile bootstrap: instances are drawn anew, then networks
  std::size_t networks = 0;  ///< where both have a healthy life; failed lives are counted apart
};
/// \param same_instances  row k of both is the same instance, under two conditions: then instances are paired
/// too
HEBBFORGE_API PairedDifference paired_difference(const InstanceLosses& a, const InstanceLosses& b,
                                                 bool same_instances = false);

/// The statistics of Bell et al. (2024): they take the networks of both as independent samples.
struct PublishedTest {
  double h = 0,
         p = 1;  ///< Kruskal and Wallis (1952), corrected for ties; p from chi^2 with one degree of freedom
  double d = 0;  ///< Cohen's d over healthy networks: difference of means by pooled standard deviation
};
HEBBFORGE_API PublishedTest published_test(const InstanceLosses& a, const InstanceLosses& b);

}  // namespace hebbforge
