// What happens to single weights in a trial: masks, floor, signs, signals, effects.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/interfaces/constraint.hpp>

#include "pathway.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
using engine::KernelChoice;
using engine::PathwayState;
namespace data = boost::unit_test::data;

namespace hebbforge {
std::ostream& operator<<(std::ostream& out, Side side) { return out << (side == Side::pre ? "pre" : "post"); }
}  // namespace hebbforge

namespace {

const auto both_kernels = data::make({KernelChoice::fused, KernelChoice::reference});

// dw = c: the simplest rule.
WrittenRule constant_rule() {
  WrittenRule rule;
  rule.parameter_list = {coefficient("c")};
  rule.term_list = {Term{"1", "1", 0, Factor::one, Factor::one}};
  return rule;
}

// One term of one signal; the value of its time constant comes second.
WrittenRule signal_rule(Side side, Source source, bool filtered, bool kept = false) {
  WrittenRule rule;
  rule.parameter_list = {coefficient("c"), time_constant("tau")};
  rule.signal_list = {Signal{"s", side, source, filtered ? 1 : -1, kept}};
  Term term{"s", "s", 0, Factor::one, Factor::one};
  if (side == Side::pre) term.pre = Factor::signal, term.pre_signal = 0;
  if (side == Side::post) term.post = Factor::signal, term.post_signal = 0;
  if (side == Side::synapse) term.synapse_signal = 0;
  if (side == Side::global) term.global_signal = 0;
  rule.term_list = {term};
  return rule;
}

Eigen::MatrixXd one_weight(double w) { return Eigen::MatrixXd::Constant(1, 1, w); }
Eigen::MatrixXd silence(Eigen::Index cells, Eigen::Index points) {
  return Eigen::MatrixXd::Zero(cells, points);
}
void without_clamp(PathwayState& s) { s.dale = false; }

}  // namespace

BOOST_DATA_TEST_CASE(a_step_adds_learning_rate_times_the_term, both_kernels, kernel) {
  const auto rule = constant_rule();
  Pathway pathway(one_weight(0.25), rule, {2.0}, kernel);
  pathway.run_trial(silence(1, 2), silence(1, 2));
  BOOST_TEST(pathway.weights()(0, 0) == 0.25 + 0.0005 * 2.0);
  BOOST_TEST(pathway.effects[0] == 2.0);
}

BOOST_DATA_TEST_CASE(weights_stay_put_when_both_rates_are_zero, both_kernels, kernel) {
  WrittenRule rule;
  rule.parameter_list = {coefficient("c")};
  rule.term_list = {Term{"x*y", "", 0, Factor::activity, Factor::activity},
                    Term{"w*x*y", "", 0, Factor::activity, Factor::activity, 1}};
  Pathway pathway(Eigen::MatrixXd::Constant(3, 2, 0.3), rule, {1.0}, kernel);
  pathway.run_trial(silence(2, 50), silence(3, 50));
  BOOST_TEST((pathway.weights().array() == 0.3).all());
  BOOST_TEST((pathway.effects.array() == 0).all());
}

BOOST_DATA_TEST_CASE(a_weight_at_or_below_absent_below_at_the_start_is_frozen_for_the_trial, both_kernels,
                     kernel) {
  const auto rule = constant_rule();
  Eigen::MatrixXd w(6, 1);
  w << 0.0, 1e-6, 2e-6, std::nextafter(2e-6, 1.0), -2e-6, -2.1e-6;
  Pathway pathway(w, rule, {1.0}, kernel, without_clamp);
  pathway.run_trial(silence(1, 11), silence(6, 11));
  const Eigen::MatrixXd after = pathway.weights();
  for (const int frozen : {0, 1, 2, 4}) BOOST_TEST(after(frozen, 0) == w(frozen, 0));
  for (const int free : {3, 5}) BOOST_TEST(after(free, 0) > w(free, 0) + 0.0049);
  BOOST_TEST(pathway.effects[0] == 2 * 10.0);  // frozen synapses have no effect
}

BOOST_DATA_TEST_CASE(a_weight_that_is_not_plastic_never_moves, both_kernels, kernel) {
  const auto rule = constant_rule();
  Pathway pathway(Eigen::MatrixXd::Constant(2, 1, 0.3), rule, {1.0}, kernel,
                  [](PathwayState& s) { s.plastic(0, 0) = 0; });
  pathway.run_trial(silence(1, 11), silence(2, 11));
  BOOST_TEST(pathway.weights()(0, 0) == 0.3);
  BOOST_TEST(pathway.weights()(1, 0) > 0.3);
  BOOST_TEST(pathway.effects[0] == 10.0);
}

BOOST_DATA_TEST_CASE(a_weight_that_would_cross_0_stops_at_the_floor_of_its_sign, both_kernels, kernel) {
  const auto rule = constant_rule();
  for (const double sign : {1., -1.}) {
    Pathway pathway(one_weight(sign * 0.004), rule, {-sign}, kernel);
    pathway.run_trial(silence(1, 21), silence(1, 21));
    BOOST_TEST(pathway.weights()(0, 0) == sign * 1e-6);
  }
}

BOOST_DATA_TEST_CASE(signs_are_kept_weight_by_weight_where_they_are_mixed, both_kernels, kernel) {
  const auto rule = constant_rule();
  Eigen::MatrixXd w(2, 2);
  w << 0.004, -0.004, -0.3, 0.3;
  Pathway pathway(w, rule, {-1.0}, kernel);
  pathway.run_trial(silence(2, 21), silence(2, 21));
  const Eigen::MatrixXd after = pathway.weights();
  BOOST_TEST(after(0, 0) == 1e-6);
  BOOST_TEST(after(0, 1) == -0.014, boost::test_tools::tolerance(1e-13));
  BOOST_TEST(after(1, 0) == -0.31, boost::test_tools::tolerance(1e-13));
  BOOST_TEST(after(1, 1) == 0.29, boost::test_tools::tolerance(1e-13));
}

BOOST_DATA_TEST_CASE(without_dale_a_weight_crosses_0, both_kernels, kernel) {
  const auto rule = constant_rule();
  Pathway pathway(one_weight(0.004), rule, {-1.0}, kernel, without_clamp);
  pathway.run_trial(silence(1, 21), silence(1, 21));
  BOOST_TEST(pathway.weights()(0, 0) == -0.006, boost::test_tools::tolerance(1e-12));
}

BOOST_DATA_TEST_CASE(a_weight_at_the_floor_regrows_within_the_trial_but_not_in_a_later_one, both_kernels,
                     kernel) {
  // Dropped to the floor while the postsynaptic cell is active, raised again while it is silent.
  WrittenRule rule;
  rule.parameter_list = {coefficient("c.1"), coefficient("c.y")};
  rule.term_list = {Term{"1", "", 0, Factor::one, Factor::one},
                    Term{"y", "", 1, Factor::activity, Factor::one}};
  const std::vector<double> values{1.0, -5.0};
  Eigen::MatrixXd first_active = silence(1, 31), last_active = silence(1, 31);
  first_active.leftCols(11).setConstant(0.02);
  last_active.rightCols(10).setConstant(0.02);

  Pathway regrown(one_weight(0.01), rule, values, kernel);
  regrown.run_trial(silence(1, 31), first_active);
  BOOST_TEST(regrown.weights()(0, 0) == 1e-6 + 20 * 0.0005, boost::test_tools::tolerance(1e-12));

  Pathway pruned(one_weight(0.001), rule, values, kernel);
  pruned.run_trial(silence(1, 31), last_active);
  BOOST_TEST(pruned.weights()(0, 0) == 1e-6);
  for (int trial = 0; trial < 3; ++trial) pruned.run_trial(silence(1, 31), silence(1, 31));
  BOOST_TEST(pruned.weights()(0, 0) == 1e-6);
}

BOOST_DATA_TEST_CASE(a_missing_synapse_stays_exactly_0_beside_either_sign, both_kernels, kernel) {
  const auto rule = constant_rule();
  for (const double other : {0.3, -0.3}) {
    Eigen::MatrixXd w(2, 1);
    w << 0.0, other;
    Pathway pathway(w, rule, {other}, kernel, [](PathwayState& s) { s.plastic(0, 0) = 1; });
    pathway.run_trial(silence(1, 11), silence(2, 11));
    BOOST_TEST(pathway.weights()(0, 0) == 0);
    BOOST_TEST(std::abs(pathway.weights()(1, 0)) > 0.3);
  }
}

BOOST_DATA_TEST_CASE(a_constraint_acts_after_the_rule_and_before_the_clamp, both_kernels, kernel) {
  class Shift final : public Constraint {
   public:
    void apply(MatrixView weights, ConstMatrixView mask) override {
      seen.push_back(weights(0, 0));
      mask_seen = mask(1, 0);
      weights(0, 0) = -1;
    }
    std::vector<double> seen;
    double mask_seen = -1;
  };
  const auto rule = constant_rule();
  const auto shift = std::make_shared<Shift>();
  Eigen::MatrixXd w(2, 1);
  w << 0.25, 1e-6;
  Pathway pathway(w, rule, {2.0}, kernel, [&](PathwayState& s) { s.constraints = {shift}; });
  pathway.run_trial(silence(1, 3), silence(2, 3));
  BOOST_TEST_REQUIRE(shift->seen.size() == 2u);
  BOOST_TEST(shift->seen[0] == 0.25 + 0.001);
  BOOST_TEST(shift->seen[1] == 1e-6 + 0.001);
  BOOST_TEST(shift->mask_seen == 0);
  BOOST_TEST(pathway.weights()(0, 0) == 1e-6);
}

BOOST_DATA_TEST_CASE(traces_take_in_rates_before_the_step_and_activities_the_ones_after, both_kernels,
                     kernel) {
  // One spike at time point 1: the step to point 1 sees it as activity, the step to point 2 as trace.
  Eigen::MatrixXd spike = silence(1, 4);
  spike(0, 1) = 0.02;
  const double gain = 1e-4 / 5e-3;
  const auto change = [&](bool filtered, Eigen::Index points) {
    const auto rule = signal_rule(Side::pre, Source::activity, filtered);
    Pathway pathway(one_weight(0.5), rule, {1.0, 5e-3}, kernel);
    pathway.run_trial(spike.leftCols(points), silence(1, points));
    return (pathway.weights()(0, 0) - 0.5) / 0.0005;
  };
  const auto close = boost::test_tools::tolerance(1e-11);
  BOOST_TEST(change(false, 2) == 1.0, close);  // rate / rate_scale
  BOOST_TEST(change(false, 4) == 1.0, close);
  BOOST_TEST(change(true, 2) == 0.0);
  BOOST_TEST(change(true, 3) == 2 * gain, close);  // rate / trace_scale
  BOOST_TEST(change(true, 4) == 2 * gain + 2 * gain * (1 - gain), close);
}

BOOST_DATA_TEST_CASE(squared_signals_filter_the_square_of_the_scaled_activity, both_kernels, kernel) {
  const Eigen::MatrixXd constant = Eigen::MatrixXd::Constant(1, 2, 0.06);
  for (const Side side : {Side::pre, Side::post}) {
    for (const bool filtered : {true, false}) {
      const auto rule = signal_rule(side, Source::activity_squared, filtered);
      Pathway pathway(one_weight(0.5), rule, {1.0, 5e-3}, kernel);
      pathway.run_trial(constant, constant);
      BOOST_TEST((pathway.weights()(0, 0) - 0.5) / 0.0005 == 9 * (filtered ? 0.02 : 1),
                 boost::test_tools::tolerance(1e-11));
    }
  }
}

BOOST_DATA_TEST_CASE(a_trace_is_reset_between_trials_unless_it_is_kept_for_life,
                     both_kernels* data::make({Side::pre, Side::post}) * data::make({false, true}), kernel,
                     side, kept) {
  const auto rule = signal_rule(side, Source::activity, true, kept);
  const Eigen::MatrixXd active = Eigen::MatrixXd::Constant(1, 51, 0.02);
  Pathway pathway(one_weight(0.5), rule, {1.0, 5e-3}, kernel);
  pathway.run_trial(active, active);
  const double before = pathway.weights()(0, 0);
  pathway.run_trial(silence(1, 2), silence(1, 2));
  if (kept)
    BOOST_TEST(pathway.weights()(0, 0) > before);
  else
    BOOST_TEST(pathway.weights()(0, 0) == before);
}

BOOST_DATA_TEST_CASE(a_trace_goes_on_where_a_phase_does_not_reset, both_kernels, kernel) {
  const auto rule = signal_rule(Side::pre, Source::activity, true);
  Random random(14, "one long trial");
  const Eigen::MatrixXd pre = sparse_rates(1, 101, 0.06, random), post = silence(1, 101);
  Pathway whole(one_weight(0.5), rule, {1.0, 5e-3}, kernel),
      halves(one_weight(0.5), rule, {1.0, 5e-3}, kernel);
  whole.run_trial(pre, post);
  halves.run_trial(pre.leftCols(51), post.leftCols(51));
  halves.run_trial(pre.rightCols(51), post.rightCols(51), false);
  BOOST_TEST(whole.weights()(0, 0) == halves.weights()(0, 0), boost::test_tools::tolerance(1e-14));
  BOOST_TEST(whole.effects[0] == halves.effects[0], boost::test_tools::tolerance(1e-13));
}

BOOST_DATA_TEST_CASE(a_global_signal_scales_the_term_by_the_trials_sample, both_kernels, kernel) {
  const auto rule = signal_rule(Side::global, Source::dataset, false);
  Eigen::MatrixXd reward(2, 3);
  reward << 1, -2, 3, 10, 20, 30;
  Pathway pathway(one_weight(0.5), rule, {1.0, 5e-3}, kernel, without_clamp,
                  {view_of(std::as_const(reward))});
  const auto close = boost::test_tools::tolerance(1e-11);
  pathway.run_trial(silence(1, 4), silence(1, 4));
  BOOST_TEST((pathway.weights()(0, 0) - 0.5) / 0.0005 == 2.0, close);
  BOOST_TEST(pathway.effects[0] == 6.0, close);  // |1| + |-2| + |3|
  pathway.run_trial(silence(1, 4), silence(1, 4));
  BOOST_TEST((pathway.weights()(0, 0) - 0.5) / 0.0005 == 62.0, close);
}

BOOST_DATA_TEST_CASE(a_filtered_global_signal_is_reset_between_trials_unless_it_is_kept_for_life,
                     both_kernels* data::make({false, true}), kernel, kept) {
  const auto rule = signal_rule(Side::global, Source::dataset, true, kept);
  Eigen::MatrixXd reward(2, 1);
  reward << 1, 0;
  Pathway pathway(one_weight(0.5), rule, {1.0, 5e-3}, kernel, without_clamp,
                  {view_of(std::as_const(reward))});
  pathway.run_trial(silence(1, 51), silence(1, 51));
  const double before = pathway.weights()(0, 0);
  BOOST_TEST(before > 0.5);
  pathway.run_trial(silence(1, 2), silence(1, 2));
  if (kept)
    BOOST_TEST(pathway.weights()(0, 0) > before);
  else
    BOOST_TEST(pathway.weights()(0, 0) == before);
}

BOOST_AUTO_TEST_CASE(an_eligibility_trace_filters_the_product_of_both_activities) {
  for (const bool filtered : {true, false}) {
    const auto rule = signal_rule(Side::synapse, Source::pre_times_post, filtered);
    Pathway pathway(Eigen::MatrixXd::Constant(2, 3, 0.5), rule, {1.0, 5e-3}, KernelChoice::fused);
    Eigen::MatrixXd pre(3, 2), post(2, 2);
    pre.colwise() = Eigen::Vector3d(0, 0.02, 0.04);
    post.colwise() = Eigen::Vector2d(0.02, 0.06);
    pathway.run_trial(pre, post);
    const Eigen::MatrixXd change = (pathway.weights().array() - 0.5) / 0.0005;
    Eigen::MatrixXd expected(2, 3);
    expected << 0, 1, 2, 0, 3, 6;
    expected *= filtered ? 1e-4 / 5e-3 : 1;
    BOOST_TEST((change - expected).cwiseAbs().maxCoeff() < 1e-11);
    BOOST_TEST(pathway.effects[0] == expected.sum(), boost::test_tools::tolerance(1e-13));
  }
}

BOOST_AUTO_TEST_CASE(a_rule_with_a_higher_power_of_w_runs_through_the_reference) {
  WrittenRule rule;
  rule.parameter_list = {coefficient("c")};
  rule.term_list = {Term{"w*w*w*y", "", 0, Factor::activity, Factor::one, 3}};
  Pathway pathway(one_weight(2.0), rule, {1.0}, KernelChoice::fused);
  pathway.run_trial(silence(1, 2), Eigen::MatrixXd::Constant(1, 2, 0.04));
  BOOST_TEST(pathway.weights()(0, 0) == 2.0 + 0.0005 * 8 * 2);
  BOOST_TEST(pathway.effects[0] == 16.0);
}

BOOST_AUTO_TEST_CASE(a_rule_that_is_not_separable_runs_through_accumulate) {
  // dw = c sign(y - x): no sum of products.
  class SignRule final : public WrittenRule {
   public:
    void accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                    VectorView effect) const override {
      for (Eigen::Index j = 0; j < delta.cols(); ++j) {
        for (Eigen::Index i = 0; i < delta.rows(); ++i) {
          const double difference = view.post_activity[i] - view.pre_activity[j];
          const double change = values[0] * static_cast<double>((difference > 0) - (difference < 0));
          delta(i, j) += change;
          effect[0] += std::abs(change) * view.mask(i, j);
        }
      }
    }
  };
  SignRule rule;
  rule.parameter_list = {coefficient("c")};
  BOOST_TEST(!rule.separable());
  Eigen::MatrixXd w = Eigen::MatrixXd::Constant(2, 3, 0.5);
  w(1, 2) = 0;
  Pathway pathway(w, rule, {2.0}, KernelChoice::fused);
  Eigen::MatrixXd pre(3, 2), post(2, 2);
  pre.colwise() = Eigen::Vector3d(0.01, 0.02, 0.03);
  post.colwise() = Eigen::Vector2d(0.02, 0.05);
  pathway.run_trial(pre, post);
  Eigen::MatrixXd expected(2, 3);
  expected << 0.501, 0.5, 0.499, 0.501, 0.501, 0;
  BOOST_TEST((pathway.weights() - expected).cwiseAbs().maxCoeff() < 1e-15);
  BOOST_TEST(pathway.effects[0] == 8.0);
}

BOOST_DATA_TEST_CASE(effects_count_the_change_that_a_term_evokes_and_not_its_coefficient, both_kernels,
                     kernel) {
  WrittenRule rule;
  rule.parameter_list = {coefficient("c.x"), coefficient("c.w*y"), coefficient("c.y*y")};
  rule.term_list = {Term{"x", "", 0, Factor::one, Factor::activity},
                    Term{"w*y", "", 1, Factor::activity, Factor::one, 1},
                    Term{"y*y", "", 2, Factor::activity_squared, Factor::one}};
  // Without learning the weights stay, so that sums can be told by hand.
  const auto frozen = [](PathwayState& s) { s.learning_rate = 0, s.non_negative = true; };
  Eigen::MatrixXd w(2, 2);
  w << 0.5, -0.25, 0, 1;
  Pathway pathway(w, rule, {-3.0, 2.0, -10.0}, kernel, frozen);
  Eigen::MatrixXd pre(2, 6), post(2, 6);
  pre.colwise() = Eigen::Vector2d(0.02, 0.04);
  post.colwise() = Eigen::Vector2d(0.06, 0);
  pathway.run_trial(pre, post);
  const auto close = boost::test_tools::tolerance(1e-13);
  BOOST_TEST(pathway.effects[0] == 5 * 3.0 * (1 + 2 + 2), close);       // three synapses exist
  BOOST_TEST(pathway.effects[1] == 5 * 2.0 * 3 * (0.5 + 0.25), close);  // the second cell is silent
  BOOST_TEST(pathway.effects[2] == 5 * 10.0 * 9 * 2, close);
  pathway.run_trial(pre, post);
  BOOST_TEST(pathway.effects[0] == 2 * 5 * 3.0 * 5, close);  // summed over trials
}

BOOST_AUTO_TEST_CASE(the_padding_of_rates_is_never_listed_as_active) {
  // In a life that runs away the padding may hold anything; a listed one would be written past the list's
  // end.
  for (const Eigen::Index cells : {1, 3, 4, 7, 25, 33}) {
    engine::PaddedMatrix rates(cells, 1);
    rates.fill(1);
    std::vector<std::int32_t> list(static_cast<std::size_t>(rates.pitch()), -1);
    engine::CellRates now{rates.col(0), rates.col(0), nullptr, list.data(), 0, 0};
    engine::list_active_cells(now, static_cast<std::size_t>(cells));
    BOOST_TEST(now.active_count == static_cast<std::size_t>(cells));
    BOOST_TEST(list[static_cast<std::size_t>(cells) - 1] == cells - 1);
  }
}
