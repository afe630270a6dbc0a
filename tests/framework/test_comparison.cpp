// Statistics over instances and networks, against values computed by hand.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "stages/comparison.hpp"
#include "stages/dropout.hpp"

namespace hebbforge {

constexpr double failed = std::numeric_limits<double>::infinity();

// Lives of one loss.
Variant variant(const std::string& instance, const std::string& condition,
                const std::vector<double>& losses) {
  Variant v{"rule", instance, condition, {}};
  v.scores = Scores::unfinished({{"loss"}, {}, {}}, 1, losses.size());
  for (std::size_t n = 0; n < losses.size(); ++n) {
    const auto column = static_cast<Eigen::Index>(n);
    v.scores.lives(0, column) =
        static_cast<double>(std::isinf(losses[n]) ? LifeEnd::runaway : LifeEnd::healthy);
    v.scores.lives(2, column) = losses[n];
  }
  return v;
}

BOOST_AUTO_TEST_CASE(of_coefficients_without_which_most_lives_fail_the_one_that_more_need_ranks_first) {
  const auto ranking = ranking_of(
      {variant("a", "full", {10, 10, 10}), variant("a", "EE.c.x = 0", {failed, failed, 5}),
       variant("a", "EE.c.y = 0", {failed, failed, failed}), variant("a", "EE.c.z = 0", {12, 11, 15}),
       variant("b", "full", {20, 20, 20}), variant("b", "EE.c.x = 0", {failed, failed, 20}),
       variant("b", "EE.c.y = 0", {failed, failed, failed}), variant("c", "full", {90, 90, 90}),
       variant("c", "EE.c.z = 0", {failed, 90, 90})},
      80);
  BOOST_REQUIRE_EQUAL(ranking.size(), 3u);
  BOOST_TEST(ranking[0].path == "EE.c.y");
  BOOST_TEST(ranking[0].failed_share == 1);
  BOOST_TEST(ranking[1].path == "EE.c.x");
  BOOST_TEST(ranking[1].failed_share == 2.0 / 3, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(ranking[2].shift == 1);  // of 2, and of 0 in the instance that has no z
  BOOST_TEST(ranking[2].instances == 2u);
}

BOOST_AUTO_TEST_CASE(conditions_are_compared_between_the_instances_that_have_both) {
  const auto groups = groups_of({variant("a", "full", {10, 10}), variant("b", "full", {100, 100}),
                                 variant("b", "EE.c.x = 0", {103, 103})});
  const auto comparisons = comparisons_of(groups);
  BOOST_REQUIRE_EQUAL(comparisons.size(), 1u);
  BOOST_TEST(comparisons[0].difference.median == 3);
}

BOOST_AUTO_TEST_CASE(the_interval_of_a_family_counts_networks_too) {
  const InstanceLosses apart{{1, 1, 1}, {2, 2, 2}, {3, 3, 3}};
  BOOST_TEST(family_median(apart) == 2);
  BOOST_TEST(family_interval(apart).low == 1);
  BOOST_TEST(family_interval(apart).high == 3);
  // Instances alike, networks not: an interval over instances alone would have no width.
  const InstanceLosses alike{{1, 5, 9}, {1, 5, 9}, {1, 5, 9}};
  BOOST_TEST(family_median(alike) == 5);
  BOOST_TEST(family_interval(alike).low == 1);
  BOOST_TEST(family_interval(alike).high == 9);
}

BOOST_AUTO_TEST_CASE(a_constant_shift_is_found_exactly_however_much_networks_differ) {
  const InstanceLosses a{{1000, 10, 500, 70, 3}}, b{{990, 0, 490, 60, -7}};
  const PairedDifference d = paired_difference(a, b);
  BOOST_TEST(d.median == 10);
  BOOST_TEST(d.interval.low == 10);
  BOOST_TEST(d.interval.high == 10);
  BOOST_TEST(d.networks == 5u);
}

BOOST_AUTO_TEST_CASE(networks_in_which_either_failed_make_no_pair_and_are_counted_apart) {
  const InstanceLosses a{{1, failed, 3, 4}}, b{{0, 1, failed, 1}};
  const PairedDifference d = paired_difference(a, b);
  BOOST_TEST(d.networks == 2u);
  BOOST_TEST(d.median == 2);  // of 1 and 3
  BOOST_TEST(failed_share(a) == 0.25);
  BOOST_TEST(std::isnan(paired_difference({{failed}}, {{1}}).median));
}

BOOST_AUTO_TEST_CASE(instances_of_a_family_enter_by_their_median_in_each_network) {
  const InstanceLosses family{{10, 20}, {12, 22}, {failed, 21}}, one{{2, 1}};
  BOOST_TEST(paired_difference(family, one).median == 15);  // 12 - 2 = 10 and 21 - 1 = 20
}

BOOST_AUTO_TEST_CASE(a_family_under_two_equal_conditions_differs_by_nothing_however_much_instances_differ) {
  const InstanceLosses family{{10, 20, 30}, {1000, 2000, 3000}, {50, 60, 70}};
  const auto same = paired_difference(family, family, true).interval;
  BOOST_TEST(same.low == 0);
  BOOST_TEST(same.high == 0);
  BOOST_TEST(paired_difference(family, family).interval.high > 0);
}

BOOST_AUTO_TEST_CASE(the_interval_of_a_family_is_wider_than_that_of_one_of_its_instances) {
  InstanceLosses near{{}}, family{{}, {}, {}}, zero{{}};
  for (int n = 0; n < 40; ++n) {
    zero[0].push_back(0);
    near[0].push_back(100 + n % 5);
    for (std::size_t k = 0; k < 3; ++k) family[k].push_back(100 + n % 5 + 50 * (static_cast<double>(k) - 1));
  }
  const auto one = paired_difference(near, zero).interval, many = paired_difference(family, zero).interval;
  BOOST_TEST(one.high - one.low <= 4);
  BOOST_TEST(many.low == 50, boost::test_tools::tolerance(0.1));
  BOOST_TEST(many.high == 152, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(the_published_test_gives_kruskals_h_and_cohens_d_of_a_small_example) {
  // Ranks 1 2 4 and 3 5 6 of n = 6: H = 12/42 (7^2/3 + 14^2/3) - 21 = 2.3333; p = erfc(sqrt(H/2)) = 0.12663.
  const PublishedTest test = published_test({{1, 2, 4}}, {{3, 5, 6}});
  BOOST_TEST(test.h == 7.0 / 3, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(test.p == 0.126630, boost::test_tools::tolerance(1e-5));
  // Means 7/3 and 14/3, both with sum of squares 14/3: pooled variance 7/3.
  BOOST_TEST(test.d == -(7.0 / 3) / std::sqrt(7.0 / 3), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(ties_are_corrected_and_equal_samples_differ_by_nothing) {
  const PublishedTest same = published_test({{1, 2, 3}}, {{1, 2, 3}});
  BOOST_TEST(same.h == 0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(same.d == 0);
  // 1 1 | 1 2: mid-ranks 2 2 | 2 4; H = (12/20 (16/2 + 36/2) - 15) / (1 - 24/60) = 0.6 / 0.6.
  BOOST_TEST(published_test({{1, 1}}, {{1, 2}}).h == 1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(published_test({{5, 5}}, {{5, 5}}).p == 1);
}

}  // namespace hebbforge
