// What the rules of Bell, Duffy & Fairhall (2024) have to do by their own mathematics.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/host/plugin_library.hpp>
#include <numbers>

#include "engine/spike_filter.hpp"
#include "pathway.hpp"
#include "published_basis.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
using engine::KernelChoice;
using engine::PathwayState;
namespace data = boost::unit_test::data;

namespace {

Eigen::MatrixXd constant(Eigen::Index cells, Eigen::Index points, double rate) {
  return Eigen::MatrixXd::Constant(cells, points, rate);
}

// A spike of one time point, which the step to `at` sees as activity.
Eigen::MatrixXd spike(Eigen::Index points, Eigen::Index at) {
  Eigen::MatrixXd rates = constant(1, points, 0);
  rates(0, at) = 0.2;
  return rates;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_trace_decays_exponentially_and_its_error_halves_with_dt) {
  // After activity 1 from t = 0 on, the trace at t is 1 - exp(-t/tau) up to an error of first order in dt.
  const double tau = 5e-3, t = 8e-3;
  const auto rule = polynomial_of({"x~"});
  const auto error = [&](double dt) {
    const auto steps = static_cast<Eigen::Index>(std::lround(t / dt));
    const auto unit_rate = [](PathwayState& s) { s.learning_rate = 1, s.trace_scale = 1; };
    const auto weight_after = [&](Eigen::Index n) {
      Pathway pathway(constant(1, 1, 1.0), rule, {1.0, tau}, KernelChoice::fused, unit_rate, {}, dt);
      pathway.run_trial(constant(1, n + 1, 1.0), constant(1, n + 1, 0.0));
      return pathway.weights()(0, 0);
    };
    return weight_after(steps) - weight_after(steps - 1) - (1 - std::exp(-t / tau));
  };
  double coarse = error(2e-4);
  BOOST_TEST(std::abs(coarse) < 0.01);
  for (const double dt : {1e-4, 0.5e-4, 0.25e-4}) {
    const double fine = error(dt);
    BOOST_TEST(coarse / fine > 1.95);
    BOOST_TEST(coarse / fine < 2.05);
    coarse = fine;
  }
}

namespace {

// Eq. 6 on one synapse: dw = c0 + c1 x~ y - c2 y~ y - c3 w y~ y.
Pathway eq6(const RuleBasis& rule, double c0, double c2, double c3, double w, double learning_rate = 0.0005) {
  return {constant(1, 1, w),
          rule,
          {c0, 0.0183, -c2, -c3, 7.7e-3, 8e-3, 4.9e-3},
          KernelChoice::fused,
          [=](PathwayState& s) { s.learning_rate = learning_rate; }};
}

}  // namespace

BOOST_DATA_TEST_CASE(eq_6_settles_at_the_fixed_point_of_eq_7, data::make({0.1, 0.5, 4.0}), start) {
  const auto rule = polynomial_of({"1", "x~ y", "y~ y", "w y~ y"});
  const double c0 = 0.0087, c2 = 0.0053, c3 = 0.0172, rate = 0.01;
  const double q = rate / 0.01 * rate / 0.02;  // <y~ y> of a constant rate
  const double expected = c0 / (c3 * q) - c2 / c3;
  BOOST_TEST_REQUIRE(expected > 0.5);
  // The distance shrinks by 1 - learning rate c3 q per step: 25 e-folds here.
  Pathway pathway = eq6(rule, c0, c2, c3, start, 0.01);
  for (int trial = 0; trial < 15; ++trial)
    pathway.run_trial(constant(1, 20001, 0), constant(1, 20001, rate), trial == 0);
  BOOST_TEST(pathway.weights()(0, 0) == expected, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(eq_7_holds_for_the_mean_when_the_post_rate_fluctuates) {
  const auto rule = polynomial_of({"1", "x~ y", "y~ y", "w y~ y"});
  const double c0 = 0.0087, c2 = 0.0053, c3 = 0.0172, tau = 8e-3, tau_decay = 4.9e-3;
  // 10 ms active in every 50 ms; <y~ y> of each filter in the periodic state, by the recursion itself.
  constexpr Eigen::Index period = 500;
  Eigen::MatrixXd post = constant(1, 40 * period + 1, 0);
  for (Eigen::Index i = 0; i < post.cols(); ++i) post(0, i) = i % period < 100 ? 0.05 : 0;
  const auto mean_product = [&](double time_constant) {
    double trace = 0, sum = 0;
    for (Eigen::Index i = 0; i + 1 < post.cols(); ++i) {
      trace += 1e-4 / time_constant * (post(0, i) - trace);
      if (i >= post.cols() - 1 - period) sum += trace / 0.01 * post(0, i + 1) / 0.02;
    }
    return sum / static_cast<double>(period);
  };
  const double expected =
      c0 / (c3 * mean_product(tau_decay)) - c2 * mean_product(tau) / (c3 * mean_product(tau_decay));
  BOOST_TEST_REQUIRE(expected > 0.1);
  Pathway pathway = eq6(rule, c0, c2, c3, 0.3);
  const Eigen::MatrixXd silent = constant(1, post.cols(), 0);
  for (int trial = 0; trial < 200; ++trial) pathway.run_trial(silent, post, trial == 0);
  double mean = 0;
  for (Eigen::Index part = 0; part < period; part += 20) {
    pathway.run_trial(silent.leftCols(21), post.middleCols(part, 21), false);
    mean += pathway.weights()(0, 0) * 20 / static_cast<double>(period);
  }
  // Within a period w follows y~ y by about 0.0005 c3 <y~ y> period: that and no more.
  BOOST_TEST(mean == expected, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(eq_7_clips_at_0_and_the_synapse_stays_pruned) {
  const auto rule = polynomial_of({"1", "x~ y", "y~ y", "w y~ y"});
  const double c0 = 0.0087, c2 = 0.0053, c3 = 0.0172, rate = 0.04;
  const double q = rate / 0.01 * rate / 0.02;
  BOOST_TEST_REQUIRE(c0 / (c3 * q) - c2 / c3 < 0);
  Pathway pathway = eq6(rule, c0, c2, c3, 0.4);
  for (int trial = 0; trial < 5; ++trial)
    pathway.run_trial(constant(1, 50001, 0), constant(1, 50001, rate), trial == 0);
  BOOST_TEST(pathway.weights()(0, 0) == 1e-6);
  // Silence would let c0 raise it, but it is too weak to count as a synapse.
  pathway.run_trial(constant(1, 5001, 0), constant(1, 5001, 0));
  BOOST_TEST(pathway.weights()(0, 0) == 1e-6);
}

BOOST_DATA_TEST_CASE(ojas_rule_finds_the_unit_principal_component, data::xrange(3), seed) {
  // x = two orthogonal directions of standard deviations 1.0 and 0.5, y = w x (Oja 1982).
  const auto rule = polynomial_of({"x y", "w y y"});
  constexpr Eigen::Index n = 6, points = 4001;
  Random random(static_cast<std::uint64_t>(20 + seed), "oja");
  Eigen::VectorXd first = uniform_matrix(n, 1, -1, 1, random), second = uniform_matrix(n, 1, -1, 1, random);
  first.normalize();
  second -= second.dot(first) * first;
  second.normalize();
  Pathway pathway(uniform_matrix(1, n, -0.5, 0.5, random), rule, {1.0, -1.0}, KernelChoice::fused,
                  [](PathwayState& s) {
                    s.dale = false;
                    s.rate_scale = 1;
                    s.learning_rate = 0.001;
                    s.absent_below = 0;
                  });
  // A trial per step: the postsynaptic rate depends on the weight that it changes.
  for (Eigen::Index i = 0; i < 15 * points; ++i) {
    const double a = random.normal(), b = random.normal();
    Eigen::MatrixXd pre = Eigen::MatrixXd::Zero(n, 2), post = Eigen::MatrixXd::Zero(1, 2);
    pre.col(1) = a * first + 0.5 * b * second;
    post.col(1) = pathway.weights() * pre.col(1);
    pathway.run_trial(pre, post);
  }
  // The stationary fluctuations about the fixed point are of order sqrt(learning rate): 0.03.
  const Eigen::VectorXd w = pathway.weights().transpose();
  BOOST_TEST(std::abs(w.norm() - 1) < 0.1);
  BOOST_TEST(std::abs(w.dot(first)) / w.norm() > 0.99);
  BOOST_TEST(std::abs(w.norm() - std::hypot(w.dot(first), w.dot(second))) < 1e-6);
}

namespace {
// Change of a weak synapse by one pre and one post spike, `lag` steps later (earlier, if negative).
double change_at_lag(const RuleBasis& rule, const std::vector<double>& values, Eigen::Index lag) {
  Pathway pathway(constant(1, 1, 0.1), rule, values, KernelChoice::fused);
  pathway.run_trial(spike(1100, 500), spike(1100, 500 + lag));
  return pathway.weights()(0, 0) - 0.1;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_weight_grows_where_pre_leads_and_falls_where_post_leads) {
  const auto rule = polynomial_of({"x~ y", "x y~", "w y~ y"});
  const std::vector<double> values{0.01795, -0.00772, -0.01552, 7.8e-3, 12.7e-3, 1.66e-3};
  for (const Eigen::Index lag : {1, 5, 20, 80, 200}) {
    BOOST_TEST(change_at_lag(rule, values, lag) > 0);
    BOOST_TEST(change_at_lag(rule, values, -lag) < 0);
  }
  BOOST_TEST(change_at_lag(rule, values, 10) > change_at_lag(rule, values, 60));
  BOOST_TEST(change_at_lag(rule, values, -10) < change_at_lag(rule, values, -60));
}

BOOST_AUTO_TEST_CASE(equal_and_opposite_halves_make_an_antisymmetric_window) {
  const auto rule = polynomial_of({"x~ y", "x y~"});
  const std::vector<double> values{0.01, -0.01, 8e-3, 8e-3};
  BOOST_TEST(change_at_lag(rule, values, 0) == 0.0);
  for (const Eigen::Index lag : {1, 7, 100}) {
    // 0.0005 c x~(lag) y, with the trace of one step of activity
    const double expected =
        0.0005 * 0.01 * (0.2 / 0.01 * 1e-4 / 8e-3) * std::pow(1 - 1e-4 / 8e-3, lag - 1) * (0.2 / 0.02);
    BOOST_TEST(change_at_lag(rule, values, lag) == expected, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(change_at_lag(rule, values, -lag) == -expected, boost::test_tools::tolerance(1e-9));
  }
}

BOOST_DATA_TEST_CASE(the_temporal_oja_plugin_is_eq_4,
                     data::make({KernelChoice::fused, KernelChoice::reference}), kernel) {
  const auto library =
      PluginLibrary::open(std::string(HEBBFORGE_BUILD) + "/lib/hebbforge/plugins/temporal_oja.so");
  const auto rule = library->create<RuleBasis>(*library->descriptors()[0], Config());
  constexpr double c0 = 0.018, c1 = -0.0077, c2 = -0.0155, tau0 = 7.8e-3, tau1 = 12.7e-3, tau2 = 1.7e-3;
  Random random(30, "eq 4");
  constexpr Eigen::Index n = 4, points = 200;
  const Eigen::MatrixXd rates = sparse_rates(n, points, 0.06, random);
  Eigen::MatrixXd w = uniform_matrix(n, n, 0.1, 0.4, random);
  Pathway pathway(w, *rule, {c0, c1, c2, tau0, tau1, tau2}, kernel);
  pathway.run_trial(rates, rates);

  Eigen::VectorXd trace0 = Eigen::VectorXd::Zero(n), trace1 = trace0, trace2 = trace0;
  double effect = 0;
  for (Eigen::Index t = 0; t + 1 < points; ++t) {
    for (Eigen::Index i = 0; i < n; ++i) {
      trace0[i] += 1e-4 / tau0 * (rates(i, t) - trace0[i]);
      trace1[i] += 1e-4 / tau1 * (rates(i, t) - trace1[i]);
      trace2[i] += 1e-4 / tau2 * (rates(i, t) - trace2[i]);
    }
    for (Eigen::Index i = 0; i < n; ++i) {
      for (Eigen::Index j = 0; j < n; ++j) {
        const double x = rates(j, t + 1) / 0.02, y = rates(i, t + 1) / 0.02;
        const double decay = c2 * w(i, j) * trace2[i] / 0.01 * y;
        w(i, j) += 0.0005 * (c0 * trace0[j] / 0.01 * y + c1 * x * trace1[i] / 0.01 + decay);
        effect += std::abs(decay);
      }
    }
  }
  BOOST_TEST_REQUIRE(w.minCoeff() > 0);
  BOOST_TEST((pathway.weights() - w).cwiseAbs().maxCoeff() < 1e-13);
  BOOST_TEST(pathway.effects[2] == effect, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(dales_law_holds_under_the_published_basis_whatever_the_drive) {
  const auto rule = published_basis();
  Random random(31, "dale");
  Eigen::MatrixXd w = uniform_matrix(25, 8, -0.4, -0.08, random);
  w.col(3).array() *= -1;
  Pathway pathway(w, rule, published_values, KernelChoice::fused,
                  [](PathwayState& s) { s.learning_rate = 0.01; });
  for (int trial = 0; trial < 5; ++trial) {
    const Eigen::MatrixXd pre = sparse_rates(8, 300, 0.06, random),
                          post = sparse_rates(25, 300, 0.06, random);
    pathway.run_trial(pre, post);
    BOOST_TEST((pathway.weights().array() * w.array() > 0).all());
  }
  BOOST_TEST((pathway.weights().array().abs() == 1e-6).any());
}

BOOST_AUTO_TEST_CASE(twice_the_coefficient_has_twice_the_effect_and_its_sign_none) {
  const auto rule = polynomial_of({"x~ y", "w y~ y"});
  Random random(32, "effects");
  const Eigen::MatrixXd w = uniform_matrix(5, 5, 0.1, 0.4, random),
                        rates = sparse_rates(5, 300, 0.06, random);
  const auto effects = [&](double a, double b) {
    Pathway pathway(w, rule, {a, b, 8e-3, 2e-3}, KernelChoice::fused,
                    [](PathwayState& s) { s.learning_rate = 0; });
    pathway.run_trial(rates, rates);
    return pathway.effects;
  };
  const Eigen::VectorXd once = effects(0.018, -0.016), twice = effects(0.036, 0.032);
  BOOST_TEST((twice - 2 * once).cwiseAbs().maxCoeff() < 1e-13 * once.maxCoeff());
  // Terms of equal coefficients differ in effect: what counts is the change that they evoke.
  const Eigen::VectorXd equal = effects(0.01, 0.01);
  BOOST_TEST(equal[0] > 2 * equal[1]);
}

BOOST_AUTO_TEST_CASE(the_spike_filter_is_a_convolution_with_the_cut_alpha_function) {
  constexpr Eigen::Index cells = 3, steps = 1100, kernel_steps = 300;
  constexpr double dt = 1e-4, tau = 3e-3, amplitude = 0.09;
  Random random(33, "spikes");
  std::vector<Spike> spikes{{0, 0}, {0, 0}, {650, 1}, {1099, 1}, {1050, 2}};
  for (int k = 0; k < 120; ++k)
    spikes.push_back(
        {static_cast<std::int32_t>(random.index(steps)), static_cast<std::int32_t>(random.index(cells))});
  Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(cells, steps), drive = counts;
  for (const Spike& s : spikes) counts(s.cell, s.step) += 1;

  const engine::SpikeFilter filter(Kernel::alpha, tau, kernel_steps * dt, amplitude, dt, steps);
  filter.add(spikes, view_of(drive));
  double largest = 0;
  for (Eigen::Index c = 0; c < cells; ++c) {
    for (Eigen::Index i = 0; i < steps; ++i) {
      double sum = 0;
      for (Eigen::Index k = 0; k < kernel_steps && k <= i; ++k) {
        const double t = static_cast<double>(k) * dt;
        sum += counts(c, i - k) * amplitude * std::numbers::e * (t / tau) * std::exp(-t / tau);
      }
      largest = std::max(largest, std::abs(drive(c, i) - sum));
    }
  }
  BOOST_TEST(largest < 1e-14);
}

BOOST_AUTO_TEST_CASE(a_spikes_drive_peaks_at_the_amplitude_after_one_time_constant_and_ends_at_the_cut) {
  const engine::SpikeFilter filter(Kernel::alpha, 3e-3, 30e-3, 0.09, 1e-4, 1100);
  Eigen::MatrixXd drive = Eigen::MatrixXd::Zero(1, 1100);
  const Spike one{100, 0};
  filter.add({&one, 1}, view_of(drive));
  Eigen::Index peak = 0;
  BOOST_TEST(drive.row(0).maxCoeff(&peak) == 0.09, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(peak == 130);
  BOOST_TEST(drive(0, 100) == 0);
  BOOST_TEST(drive(0, 399) > 0);
  BOOST_TEST((drive.rightCols(700).array() == 0).all());
}
