// Losses of tasks, with answers known by hand.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/linear_fit.hpp>
#include <hebbforge/sparseness.hpp>
#include <limits>

#include "../plugins/losses/separation/separation.hpp"
#include "../plugins/losses/weight_target/weight_target.hpp"
#include "numerics/scripted_life.hpp"

namespace utf = boost::unit_test;
namespace hebbforge {
namespace {

using Texts = std::vector<std::string>;
using Reals = std::vector<double>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Eigen::MatrixXd matrix(std::initializer_list<std::initializer_list<double>> rows) {
  return Eigen::MatrixXd(rows);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// Trials whose rates are the same at all times: one list of cells for each.
std::vector<Eigen::MatrixXd> constant_trials(std::initializer_list<std::initializer_list<double>> rates,
                                             Eigen::Index steps) {
  std::vector<Eigen::MatrixXd> trials;
  for (const auto& cells : rates) {
    trials.emplace_back(static_cast<Eigen::Index>(cells.size()), steps);
    Eigen::Index i = 0;
    for (const double rate : cells) trials.back().row(i++).setConstant(rate);
  }
  return trials;
}

// Trials 0 to 3, labels 0 0 1 1.
ScriptedLife labelled(std::initializer_list<std::initializer_list<double>> rates) {
  ScriptedLife life;
  life.excitatory = static_cast<Eigen::Index>(rates.begin()->size());
  life.trials_of["test"] = {0, 1, 2, 3};
  for (std::int64_t t = 0; t < 4; ++t) life.signals["labels"][t] = matrix({{t < 2 ? 0.0 : 1.0}});
  life.recordings["rates"] = constant_trials(rates, life.steps_per_trial);
  return life;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linear_readout)

BOOST_AUTO_TEST_CASE(a_target_that_is_linear_in_the_rates_is_read_without_error, *utf::tolerance(1e-12)) {
  ScriptedLife life;
  life.excitatory = 2;
  life.trials_of["fit"] = {0, 1, 2};
  life.trials_of["test"] = {3, 4};
  life.recordings["fit"] = constant_trials({{1, 0}, {0, 1}, {2, 2}}, 10);
  life.recordings["test"] = constant_trials({{3, 1}, {0, 5}}, 10);
  const auto target = [](double a, double b) { return matrix({{2 * a - b + 3}, {b}}); };
  life.signals["targets"] = {
      {0, target(1, 0)}, {1, target(0, 1)}, {2, target(2, 2)}, {3, target(3, 1)}, {4, target(0, 5)}};
  const Scored scored = score("linear_readout", life, {{"fit.trials", "fit"}, {"test.trials", "test"}});
  BOOST_TEST(std::abs(scored.loss) < 1e-24);
  BOOST_TEST(scored.measures.at("r2") == 1.0);
}

// One cell: rates 0, 1, 2 with targets 0, 1, 5. Slope 5 / 2, intercept -1/2. Tested at rates 0 and 4 with
// targets 1 and 9: readings -1/2 and 19/2, errors 3/2 and -1/2; squares 2.5 over 32.
BOOST_AUTO_TEST_CASE(the_unexplained_share_is_that_of_the_textbook, *utf::tolerance(1e-12)) {
  ScriptedLife life;
  life.excitatory = 1;
  life.trials_of["fit"] = {0, 1, 2};
  life.trials_of["test"] = {3, 4};
  life.recordings["fit"] = constant_trials({{0}, {1}, {2}}, 10);
  life.recordings["test"] = constant_trials({{0}, {4}}, 10);
  const double targets[] = {0, 1, 5, 1, 9};
  for (int t = 0; t < 5; ++t) life.signals["targets"][t] = matrix({{targets[t]}});
  const Scored scored = score("linear_readout", life, {{"fit.trials", "fit"}, {"test.trials", "test"}});
  BOOST_TEST(scored.loss == 2.5 / 32);
  BOOST_TEST(scored.measures.at("r2") == 1 - 2.5 / 32);
}

BOOST_AUTO_TEST_CASE(a_ridge_shrinks_the_slope_as_the_normal_equations_say, *utf::tolerance(1e-12)) {
  // Centred rates -1, 0, 1 and targets -1, 0, 1: slope 2 / (2 + ridge).
  const LinearFit fit(matrix({{0}, {1}, {2}}), matrix({{0}, {1}, {2}}), 2);
  BOOST_TEST(fit.slope()(0, 0) == 0.5);
}

BOOST_AUTO_TEST_CASE(times_at_which_the_target_is_unknown_are_no_samples) {
  ScriptedLife life;
  life.excitatory = 1;
  life.trials_of["fit"] = {0};
  life.trials_of["test"] = {1};
  Eigen::MatrixXd rates(1, 10), target(1, 10);
  for (Eigen::Index t = 0; t < 10; ++t) {
    rates(0, t) = t < 5 ? static_cast<double>(t) : 1000;
    target(0, t) = t < 5 ? 7 * static_cast<double>(t) + 2 : nan;
  }
  life.recordings["fit"] = life.recordings["test"] = {rates};
  life.signals["targets"] = {{0, target}, {1, target}};
  const std::map<std::string, Config::Value> set{
      {"fit.trials", "fit"}, {"test.trials", "test"}, {"samples", std::int64_t{200}}};
  BOOST_TEST(score("linear_readout", life, set).loss < 1e-20);
  life.signals["targets"][1].setConstant(nan);
  BOOST_TEST(contains(complaint("linear_readout", life, set),
                      "the signal 'targets' is unknown at every sampled time of the trials 'test'"));
}

BOOST_AUTO_TEST_CASE(a_mean_is_one_over_the_window) {
  ScriptedLife life;
  life.excitatory = 1;
  life.trials_of["fit"] = {0, 1};
  life.trials_of["test"] = {2, 3};
  // Inside of the window from 2 to 4 ms the rates mean 1, 2, 3, 5; outside they say the opposite.
  const auto trial = [](double inside) {
    Eigen::MatrixXd rates = Eigen::MatrixXd::Constant(1, 10, -9 * inside);
    rates(0, 2) = 0;
    rates(0, 3) = 2 * inside;
    return rates;
  };
  life.recordings["fit"] = {trial(1), trial(2)};
  life.recordings["test"] = {trial(3), trial(5)};
  life.signals["targets"] = {
      {0, matrix({{10}})}, {1, matrix({{20}})}, {2, matrix({{30}})}, {3, matrix({{50}})}};
  std::map<std::string, Config::Value> set{
      {"fit.trials", "fit"}, {"test.trials", "test"}, {"window", Reals{2e-3, 4e-3}}};
  BOOST_TEST(score("linear_readout", life, set).loss < 1e-20);
  set["window"] = Reals{2e-3, 3e-3};
  BOOST_TEST(score("linear_readout", life, set).loss > 1);
}

BOOST_AUTO_TEST_CASE(time_can_be_the_target) {
  ScriptedLife life;
  life.excitatory = 1;
  life.trials_of["fit"] = {0};
  life.trials_of["test"] = {1};
  life.recordings["fit"] = life.recordings["test"] = {Eigen::RowVectorXd::LinSpaced(10, 5, 14)};
  std::map<std::string, Config::Value> set{
      {"fit.trials", "fit"}, {"test.trials", "test"}, {"target", "time"}, {"samples", std::int64_t{20}}};
  BOOST_TEST(score("linear_readout", life, set).loss < 1e-20);
  set["samples"] = std::int64_t{0};
  BOOST_TEST(contains(complaint("linear_readout", life, set), "'samples' has to be 1 or more"));
}

BOOST_AUTO_TEST_CASE(what_it_was_fitted_to_is_no_test) {
  ScriptedLife life;
  life.trials_of["fit"] = {0, 1, 2};
  life.trials_of["test"] = {2, 3};
  BOOST_TEST(contains(complaint("linear_readout", life, {{"fit.trials", "fit"}, {"test.trials", "test"}}),
                      "'fit.trials' and 'test.trials' share trial 2 of the life"));
}

BOOST_AUTO_TEST_CASE(a_window_has_to_lie_in_the_trial) {
  ScriptedLife life;
  life.trials_of["fit"] = {0};
  life.trials_of["test"] = {1};
  std::map<std::string, Config::Value> set{
      {"fit.trials", "fit"}, {"test.trials", "test"}, {"window", Reals{2e-3, 11e-3}}};
  BOOST_TEST(contains(complaint("linear_readout", life, set),
                      "'window' ends at 0.011 s, after the trials 'fit', which last 0.01 s"));
  set["window"] = Reals{2e-3};
  BOOST_TEST(contains(complaint("linear_readout", life, set), "'window' needs two times"));
  set["window"] = Reals{2.1e-3, 2.3e-3};
  BOOST_TEST(contains(complaint("linear_readout", life, set), "'window' holds no time point"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(separation)

BOOST_AUTO_TEST_CASE(the_area_counts_pairs_and_halves_of_ties, *utf::tolerance(1e-15)) {
  using hebbforge::separation::area_under_curve;
  BOOST_TEST(area_under_curve({1, 2}, {3, 4}) == 1.0);
  BOOST_TEST(area_under_curve({3, 4}, {1, 2}) == 0.0);
  BOOST_TEST(area_under_curve({1, 1}, {1, 1}) == 0.5);
  // Of the six pairs 3 > 1, 3 > 2, 2 > 1 count in full, 2 = 2 by half, 3 = 3 by half.
  BOOST_TEST(area_under_curve({1, 2, 3}, {2, 3}) == 4.0 / 6);
}

BOOST_AUTO_TEST_CASE(labels_are_told_apart_by_the_mean_rate) {
  // Mean rates 1, 3 of label 0 and 2, 4 of label 1: three of four pairs are in order.
  ScriptedLife life = labelled({{0, 2}, {3, 3}, {1, 3}, {8, 0}});
  std::map<std::string, Config::Value> set{{"trials", "test"}};
  BOOST_TEST(score("separation", life, set).loss == 0.25);
  BOOST_TEST(score("separation", life, set).measures.at("auc") == 0.75);
  set["higher"] = "smaller_label";
  BOOST_TEST(score("separation", life, set).loss == 0.75);
  set["higher"] = "either";
  BOOST_TEST(score("separation", life, set).loss == 0.25);
}

BOOST_AUTO_TEST_CASE(a_projection_weighs_the_cells) {
  ScriptedLife life = labelled({{0, 2}, {3, 3}, {1, 3}, {8, 0}});
  // The second cell less the first: 2, 0 and 2, -8. Pairs: 2 = 2 by half, 2 > 0.
  life.put("readout", {2}, {-1, 1});
  BOOST_TEST(score("separation", life, {{"trials", "test"}, {"projection", "readout"}}).measures.at("auc") ==
             1.5 / 4);
  life.put("readout", {3}, {-1, 1, 0});
  BOOST_TEST(complaint("separation", life, {{"trials", "test"}, {"projection", "readout"}}) ==
             "'task.h5': 'readout' has the shape (3,); expected 2 numbers, one for each cell of 'E'");
}

BOOST_AUTO_TEST_CASE(there_have_to_be_two_labels) {
  ScriptedLife life = labelled({{1}, {2}, {3}, {4}});
  life.signals["labels"][3] = matrix({{2}});
  BOOST_TEST(contains(complaint("separation", life, {{"trials", "test"}}),
                      "the signal 'labels' has 3 different values in the trials 'test'; expected two"));
  for (auto& [trial, label] : life.signals["labels"]) label.setConstant(1);
  BOOST_TEST(
      contains(complaint("separation", life, {{"trials", "test"}}), "has 1 value in the trials 'test'"));
  life.signals["labels"][1] = Eigen::MatrixXd::Ones(1, 10);
  BOOST_TEST(contains(complaint("separation", life, {{"trials", "test"}}),
                      "it needs one number for each trial, trial 1 of the life has 10"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(weight_target)

// E has two cells, In has two.
ScriptedLife with_weights(std::initializer_list<std::initializer_list<double>> weights) {
  ScriptedLife life;
  life.excitatory = static_cast<Eigen::Index>(weights.size());
  life.trials_of["last"] = {99};
  life.recordings["weights"] = {matrix(weights)};
  return life;
}

BOOST_AUTO_TEST_CASE(the_cosine_of_known_vectors, *utf::tolerance(1e-14)) {
  ScriptedLife life = with_weights({{3, 4}});
  life.put("d", {2}, {1, 0});
  std::map<std::string, Config::Value> set{{"pathway", "InE"}, {"direction", "d"}};
  BOOST_TEST(score("weight_target", life, set).loss == 0.4);
  BOOST_TEST(score("weight_target", life, set).measures.at("cosine") == 0.6);
  life.put("d", {2}, {-2, 0});
  BOOST_TEST(score("weight_target", life, set).loss == 0.4);
  set["signed"] = true;
  BOOST_TEST(score("weight_target", life, set).loss == 1.6);
}

BOOST_AUTO_TEST_CASE(weights_that_are_0_point_nowhere) {
  ScriptedLife life = with_weights({{0, 0}});
  life.put("d", {2}, {1, 0});
  BOOST_TEST(score("weight_target", life, {{"pathway", "InE"}, {"direction", "d"}}).loss == 1);
}

BOOST_AUTO_TEST_CASE(one_direction_is_for_every_cell_and_a_matrix_for_all, *utf::tolerance(1e-14)) {
  ScriptedLife life = with_weights({{3, 4}, {0, 1}});
  std::map<std::string, Config::Value> set{{"pathway", "InE"}, {"direction", "d"}};
  life.put("d", {2}, {1, 0});  // cosines 0.6 and 0
  BOOST_TEST(score("weight_target", life, set).loss == 0.7);
  life.put("d", {2, 2}, {1, 0, 0, 2});  // 3 + 2 over sqrt(26 * 5)
  BOOST_TEST(score("weight_target", life, set).measures.at("cosine") == 5 / std::sqrt(130.0));
}

BOOST_AUTO_TEST_CASE(the_principal_component_of_a_known_cloud, *utf::tolerance(1e-14)) {
  // Along (3, 4) / 5 with variance, across it with less; the mean is far off.
  std::vector<double> samples;
  for (const double along : {-2.0, -1.0, 1.0, 2.0}) {
    for (const double across : {-0.5, 0.5}) {
      samples.push_back(100 + 0.6 * along - 0.8 * across);
      samples.push_back(0.8 * along + 0.6 * across);
    }
  }
  ScriptedLife life = with_weights({{3, 4}});
  life.put("inputs", {4, 2, 2}, samples);
  std::map<std::string, Config::Value> set{{"pathway", "InE"}};
  BOOST_TEST(score("weight_target", life, set).measures.at("cosine") == 1.0);
  // About 0 the mean is the greatest: nearly the first axis.
  set["centred"] = false;
  BOOST_TEST(std::abs(score("weight_target", life, set).measures.at("cosine") - 0.6) < 1e-3);
}

BOOST_AUTO_TEST_CASE(a_direction_of_another_shape_is_refused) {
  ScriptedLife life = with_weights({{3, 4}});
  const std::map<std::string, Config::Value> set{{"pathway", "InE"}, {"direction", "d"}};
  life.put("d", {3}, {1, 0, 0});
  BOOST_TEST(complaint("weight_target", life, set) ==
             "'task.h5': 'd' has the shape (3,); expected (2,) or (1, 2), as the weights of 'InE'");
  life.put("d", {2}, {0, 0});
  BOOST_TEST(complaint("weight_target", life, set) == "'task.h5': 'd' is 0 everywhere; expected a direction");
  life.put("d", {2}, {0, nan});
  BOOST_TEST(complaint("weight_target", life, set) == "'task.h5': 'd[1]' is nan; expected finite numbers");
  life.put("inputs", {2, 3, 4}, Reals(24, 1));
  BOOST_TEST(contains(complaint("weight_target", life, {{"pathway", "InE"}}),
                      "'task.h5': 'inputs' has the shape (2, 3, 4); expected (trials, times, 2)"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rates)

BOOST_AUTO_TEST_CASE(rates_outside_of_a_band_cost_their_squared_distance, *utf::tolerance(1e-14)) {
  ScriptedLife life;
  // Mean rates over the two trials: 1, 4, 10.
  life.recordings["last"] = constant_trials({{0, 4, 10}, {2, 4, 10}}, 10);
  std::map<std::string, Config::Value> set{{"low", 2.0}, {"high", 7.0}};
  BOOST_TEST(score("rate_band", life, set).loss == (1.0 + 0 + 9) / 3);
  BOOST_TEST(score("rate_band", life, set).measures.at("outside") == 2.0 / 3);
  set["each_cell"] = false;  // the mean is 5
  BOOST_TEST(score("rate_band", life, set).loss == 0);
  set["high"] = 3.0;
  BOOST_TEST(score("rate_band", life, set).loss == 4);
  set["high"] = 1.0;
  BOOST_TEST(contains(complaint("rate_band", life, set), "'high' is below 'low'"));
}

BOOST_AUTO_TEST_CASE(sparseness_is_0_for_equal_rates_and_1_for_a_single_cell, *utf::tolerance(1e-14)) {
  BOOST_TEST(sparseness(Eigen::Vector3d(2, 2, 2)) == 0);
  BOOST_TEST(sparseness(Eigen::Vector3d(0, 5, 0)) == 1);
  BOOST_TEST(sparseness(Eigen::Vector3d(0, 0, 0)) == 0);
  // (1 - 16 / (3 * 10)) / (1 - 1 / 3), whatever the signs.
  BOOST_TEST(sparseness(Eigen::Vector3d(1, -3, 0)) == (1 - 16.0 / 30) * 1.5);
  ScriptedLife life;
  life.trials_of["last"] = {0, 1};
  life.recordings["rates"] = constant_trials({{2, 2, 2}, {0, 0, 7}}, 10);
  BOOST_TEST(score("sparseness", life, {}).loss == 0.5);
  BOOST_TEST(score("sparseness", life, {{"target", 0.2}}).loss == 0.3);
  BOOST_TEST(score("sparseness", life, {}).measures.at("sparseness") == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(trajectory_match)

BOOST_AUTO_TEST_CASE(mean_rates_are_compared_trial_by_trial, *utf::tolerance(1e-14)) {
  ScriptedLife life;
  life.excitatory = 2;
  life.trials_of["all"] = {0, 1};
  life.recordings["observed"] = constant_trials({{1, 2}, {3, 4}}, 10);
  life.put("data", {2, 2}, {1, 2, 3, 8});  // one value is off by 4; mean 3.5, spread 29
  const std::map<std::string, Config::Value> set{{"population", "E"}};
  BOOST_TEST(score("trajectory_match", life, set).loss == 16.0 / 29);
  BOOST_TEST(score("trajectory_match", life, set).measures.at("explained_variance") == 1 - 16.0 / 29);
}

BOOST_AUTO_TEST_CASE(missing_values_count_nowhere, *utf::tolerance(1e-14)) {
  ScriptedLife life;
  life.excitatory = 2;
  life.trials_of["all"] = {0, 1};
  life.recordings["observed"] = constant_trials({{1, 2}, {3, 4}}, 10);
  std::map<std::string, Config::Value> set{{"population", "E"}};
  life.put("data", {2, 2}, {1, 2, 4, nan});  // off by 1; mean 7/3, spread 14/3
  BOOST_TEST(score("trajectory_match", life, set).loss == 3.0 / 14);
  life.put("data", {2, 2}, {1, 2, 4, 1e6});
  life.put("known", {2, 2}, {1, 1, 1, 0});
  set["mask"] = "known";
  BOOST_TEST(score("trajectory_match", life, set).loss == 3.0 / 14);
  life.put("known", {2, 1}, {1, 1});
  BOOST_TEST(complaint("trajectory_match", life, set) ==
             "'task.h5': 'known' has the shape (2, 1); expected (2, 2), as 'data'");
  life.put("known", {2, 2}, {0, 0, 0, 0});
  BOOST_TEST(
      contains(complaint("trajectory_match", life, set), "'task.h5': 'data' has no value that is known"));
}

BOOST_AUTO_TEST_CASE(samples_of_rates_start_with_the_window, *utf::tolerance(1e-14)) {
  ScriptedLife life;
  life.excitatory = 2;
  life.trials_of["all"] = {0};
  Eigen::MatrixXd rates(2, 10);
  for (Eigen::Index t = 0; t < 10; ++t) rates.col(t) << static_cast<double>(t), 10 * static_cast<double>(t);
  life.recordings["observed"] = {rates};
  std::map<std::string, Config::Value> set{
      {"population", "E"}, {"window", Reals{2e-3, 9e-3}}, {"interval", 3e-3}};
  life.put("data", {1, 3, 2}, {2, 20, 5, 50, 8, 80});
  BOOST_TEST(score("trajectory_match", life, set).loss == 0);
  life.put("data", {1, 4, 2}, {2, 20, 5, 50, 8, 80, 0, 0});
  BOOST_TEST(
      contains(complaint("trajectory_match", life, set), "'data' has 4 times; expected no more than fit"));
}

BOOST_AUTO_TEST_CASE(weights_are_compared_as_post_and_pre) {
  ScriptedLife life;
  life.excitatory = 3;
  life.trials_of["all"] = {0};
  life.recordings["observed"] = {matrix({{1, 2}, {3, 4}, {5, 6}})};
  life.put("data", {1, 3, 2}, {1, 2, 3, 4, 5, 6});
  const std::map<std::string, Config::Value> set{{"pathway", "InE"}};
  BOOST_TEST(score("trajectory_match", life, set).loss == 0);
  life.put("data", {1, 2, 3}, {1, 2, 3, 4, 5, 6});
  BOOST_TEST(complaint("trajectory_match", life, set) ==
             "'task.h5': 'data' has the shape (1, 2, 3); expected (1, 3, 2), as the weights of 'InE'");
  life.excitatory = 1;
  life.recordings["observed"] = {matrix({{1, 2}})};
  life.put("data", {1, 2}, {1, 2});
  BOOST_TEST(score("trajectory_match", life, set).loss == 0);
}

BOOST_AUTO_TEST_CASE(data_that_do_not_fit_are_refused) {
  ScriptedLife life;
  life.trials_of["all"] = {0, 1};
  const std::map<std::string, Config::Value> set{{"population", "E"}};
  life.put("data", {3, 3}, Reals(9, 1));
  BOOST_TEST(complaint("trajectory_match", life, set) ==
             "'task.h5': 'data' has the shape (3, 3); expected 2 trials, as 'all' names");
  life.put("data", {2, 4}, Reals(8, 1));
  BOOST_TEST(
      contains(complaint("trajectory_match", life, set),
               "'data' has the shape (2, 4); expected (2, times, 3) or (2, 3), one number for each cell"));
  life.put("data", {2, 3}, Reals(6, 1));
  BOOST_TEST(contains(complaint("trajectory_match", life, set), "'data' is the same everywhere"));
  life.put("data", {2, 3}, {1, 2, 3, 4, 5, HUGE_VAL});
  BOOST_TEST(complaint("trajectory_match", life, set) ==
             "'task.h5': 'data[1, 2]' is inf; expected a number, or nan where it is missing");
  BOOST_TEST(contains(complaint("trajectory_match", life, {{"population", "E"}, {"pathway", "InE"}}),
                      "either weights or rates are compared"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hebbforge
