// Comparison of a suite's results with its baseline.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/random.hpp>

#include "stages/regression.hpp"

using namespace hebbforge;

namespace {

RegressionSuite suite_of(Allowance allowance, std::int64_t seeds = 1) {
  RegressionSuite suite;
  suite.file = "suite.toml";
  suite.false_alarms = 0.05;
  RegressionCase c;
  c.name = "life";
  c.seeds = seeds;
  c.checks = {{"loss", allowance}};
  suite.cases = {c};
  return suite;
}

std::map<std::string, CaseResult> result(std::vector<double> loss) {
  return {{"life", {{{"loss", std::move(loss)}}, {{"hebbforge.polynomial", "abc"}}, ""}}};
}

std::string failure(Allowance allowance, std::vector<double> old, std::vector<double> now) {
  const auto suite = suite_of(allowance, static_cast<std::int64_t>(now.size()));
  return compare(suite, result(std::move(old)), result(std::move(now))).at(0).failure;
}

std::string message_of(const std::string& text) {
  const auto file = std::filesystem::temp_directory_path() / "hebbforge_test_suite.toml";
  std::ofstream(file) << text;
  std::string message;
  try {
    read_suite(file);
  } catch (const ConfigError& error) {
    message = error.what();
  }
  std::filesystem::remove(file);
  return message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_value_may_differ_by_its_allowance_and_no_more) {
  using Kind = Allowance::Kind;
  BOOST_TEST(failure({Kind::exact, 0}, {2}, {2}).empty());
  BOOST_TEST(failure({Kind::exact, 0}, {2}, {2 + 1e-15 * 4}) != "");
  BOOST_TEST(failure({Kind::relative, 1e-3}, {200}, {200.19}).empty());
  BOOST_TEST(failure({Kind::relative, 1e-3}, {200}, {200.21}) ==
             "drifted by 0.00105 relative, allowed 0.001 relative");
  BOOST_TEST(failure({Kind::absolute, 1e-3}, {200}, {200.0009}).empty());
  BOOST_TEST(failure({Kind::absolute, 1e-3}, {200}, {200.0011}) != "");
  // One bad seed is enough, whatever the others' mean.
  BOOST_TEST(failure({Kind::absolute, 0.5}, {1, 2}, {2, 1}) != "");
  BOOST_TEST(failure({Kind::relative, 1e-3}, {0}, {1e-9}) != "");
  BOOST_TEST(failure({Kind::relative, 1e-3}, {1}, {std::nan("")}) != "");
  BOOST_TEST(failure({Kind::exact, 0}, {std::nan("")}, {std::nan("")}).empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_compared_fails_and_says_why) {
  const auto suite = suite_of({});
  BOOST_TEST(compare(suite, {}, result({1})).at(0).failure == "no baseline; run with --update");
  BOOST_TEST(compare(suite, result({1, 2}), result({1})).at(0).failure ==
             "the baseline has 2 seeds, the suite 1; run with --update");
  auto broken = result({1});
  broken["life"].error = "a plugin failed";
  BOOST_TEST(compare(suite, result({1}), broken).at(0).failure == "a plugin failed");
  auto other = suite;
  other.cases[0].checks[0].first = "los";
  BOOST_TEST(compare(other, result({1}), result({1})).at(0).failure ==
             "the case has no quantity 'los'; it has loss");
}

// 4000 pairs of equal samples at a rate of 5 %: expected 200 alarms, standard deviation 14. Welch's test is
// approximate for 6 seeds; outside 130 to 250 with less than 1e-4 if it keeps its rate.
BOOST_AUTO_TEST_CASE(a_statistical_check_keeps_its_rate_of_false_alarms_and_sees_a_drift) {
  const Allowance statistical{Allowance::Kind::statistical, 0};
  Random random(3, "welch");
  const auto sample = [&](double mean, double sd) {
    std::vector<double> values(6);
    for (double& v : values) v = mean + sd * random.normal();
    return values;
  };
  int alarms = 0, seen = 0;
  for (int k = 0; k < 4000; ++k) {
    alarms += !failure(statistical, sample(10, 1), sample(10, 1.5)).empty();
    if (k < 100) seen += !failure(statistical, sample(10, 1), sample(14, 1)).empty();
  }
  BOOST_TEST(alarms > 130);
  BOOST_TEST(alarms < 250);
  BOOST_TEST(seen > 95);
}

BOOST_AUTO_TEST_CASE(a_baseline_is_read_back_to_the_bit) {
  const auto suite = suite_of({}, 3);
  auto results = result({1.0 / 3, -1e-300, 12345678.9});
  const auto file = std::filesystem::temp_directory_path() / "hebbforge_test.baseline.toml";
  std::ofstream(file) << baseline_text(suite, results);
  const auto back = read_baseline(file);
  std::filesystem::remove(file);
  BOOST_TEST((back.at("life").values == results["life"].values));
  BOOST_TEST((back.at("life").plugins == results["life"].plugins));
  BOOST_TEST(read_baseline("/nonexistent/file.toml").empty());
}

BOOST_AUTO_TEST_CASE(a_wrong_suite_gets_every_mistake_with_its_place) {
  const std::string message = message_of(
      "[case.a]\npipeline = \"none.toml\"\nfoo = 1\n[case.b]\npipeline = \"none.toml\"\n"
      "check = { loss = \"statistical\", r2 = { relativ = 1 } }\n");
  for (const char* part :
       {":1:7: [case.a] checks nothing", ":2:12: there is no pipeline", ":3:1: [case.a] has no key 'foo'",
        ":6:18: a statistical check needs at least 3 seeds",
        ":6:38: check 'r2' is a table; expected \"exact\""})
    BOOST_TEST(message.find(part) != std::string::npos, part << " in\n" << message);
}

BOOST_AUTO_TEST_CASE(junit_names_what_drifted) {
  auto suite = suite_of({});
  const auto text = junit_text(suite, compare(suite, result({1}), result({2})));
  BOOST_TEST(text.find("tests=\"1\" failures=\"1\"") != std::string::npos);
  BOOST_TEST(text.find("<testcase classname=\"life\" name=\"loss\"><failure message=\"drifted by 1, allowed "
                       "exact\"/>") != std::string::npos);
}
