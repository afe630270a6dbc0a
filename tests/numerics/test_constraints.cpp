// Limits on weights: step by step, and where competition under them has to end.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/interfaces/constraint.hpp>
#include <utility>

#include "contracts/fake_life.hpp"
#include "framework/registry.hpp"
#include "pathway.hpp"
#include "published_basis.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
using engine::KernelChoice;
namespace data = boost::unit_test::data;

namespace {

std::shared_ptr<Constraint> made(std::string_view name,
                                 const std::vector<std::pair<std::string, Config::Value>>& values) {
  const RegisteredPlugin& plugin = built_plugins().find(hebbforge::abi::Kind::constraint, name);
  Config config = contract_config(*plugin.descriptor);
  for (const auto& [key, value] : values) config.set(key, value);
  return plugin.create<Constraint>(config);
}

std::shared_ptr<Constraint> sums(double maximum, double rate, const std::string& side = "both",
                                 bool plastic_only = false) {
  return made("summed_weight",
              {{"maximum", maximum}, {"rate", rate}, {"side", side}, {"plastic_only", plastic_only}});
}

std::shared_ptr<Constraint> cap(double maximum, bool plastic_only = false) {
  return made("weight_cap", {{"maximum", maximum}, {"plastic_only", plastic_only}});
}

// One step, the first of a trial.
Eigen::MatrixXd applied(Constraint& constraint, Eigen::MatrixXd weights, const Eigen::MatrixXd& mask) {
  constraint.before_trial(0, "EE", contracts::FakeLife());
  constraint.apply(view_of(weights), view_of(mask));
  return weights;
}

Eigen::MatrixXd applied(Constraint& constraint, const Eigen::MatrixXd& weights) {
  return applied(constraint, weights, Eigen::MatrixXd::Ones(weights.rows(), weights.cols()));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_cap_holds_for_every_weight_and_keeps_its_sign) {
  Eigen::MatrixXd weights(2, 3), mask = Eigen::MatrixXd::Ones(2, 3), expected(2, 3);
  weights << 4, -3, 2.5, 0, 2, -9;
  mask(1, 2) = 0;
  expected << 2.5, -2.5, 2.5, 0, 2, -2.5;
  BOOST_TEST((applied(*cap(2.5), weights, mask) == expected));
  expected(1, 2) = -9;
  BOOST_TEST((applied(*cap(2.5, true), weights, mask) == expected));
}

// Experiment E7a of the published code, as loops: outgoing sums, then incoming ones of the new weights, then
// the cap; all entries of the matrix, the diagonal too.
BOOST_AUTO_TEST_CASE(limits_on_sums_and_single_weights_are_the_published_step) {
  Random random(50, "weights");
  Eigen::MatrixXd w = uniform_matrix(25, 25, 0, 1.2, random), mask = Eigen::MatrixXd::Ones(25, 25);
  w.diagonal().setZero();
  mask.diagonal().setZero();
  w.row(3) *= 0.2;  // two cells below the limits
  w.col(7) *= 0.2;
  w(5, 6) = 3;
  Eigen::MatrixXd mine = w;
  const auto sum = sums(7.5, 0.01), single = cap(2.5);
  for (int step = 0; step < 20; ++step) {
    for (Eigen::Index j = 0; j < 25; ++j) {
      double excess = -7.5;
      for (Eigen::Index i = 0; i < 25; ++i) excess += w(i, j);
      for (Eigen::Index i = 0; i < 25; ++i) w(i, j) -= 0.01 * std::max(0.0, excess);
    }
    for (Eigen::Index i = 0; i < 25; ++i) {
      double excess = -7.5;
      for (Eigen::Index j = 0; j < 25; ++j) excess += w(i, j);
      for (Eigen::Index j = 0; j < 25; ++j) w(i, j) -= 0.01 * std::max(0.0, excess);
    }
    w = w.cwiseMin(2.5);
    mine = applied(*single, applied(*sum, mine, mask), mask);
    BOOST_TEST((mine - w).cwiseAbs().maxCoeff() < 1e-13);
  }
  BOOST_TEST((w.diagonal().array() < 0).any());  // the clamp of signs puts these to the floor
}

// Each side alone: the excess of n weights shrinks by 1 - n rate per step, down to the limit and no further.
BOOST_AUTO_TEST_CASE(an_excess_shrinks_geometrically_to_the_limit) {
  Random random(51, "weights");
  const Eigen::MatrixXd start = uniform_matrix(10, 4, 2, 3, random);
  for (const bool outgoing : {true, false}) {
    const auto limit = sums(8, 0.02, outgoing ? "outgoing" : "incoming");
    const auto excess = [&](const Eigen::MatrixXd& w) {
      const Eigen::VectorXd sum =
          outgoing ? Eigen::VectorXd(w.colwise().sum()) : Eigen::VectorXd(w.rowwise().sum());
      return Eigen::ArrayXd(sum.array() - 8);
    };
    const double keep = 1 - 0.02 * (outgoing ? 10 : 4);
    Eigen::MatrixXd w = start;
    for (int step = 1; step <= 30; ++step) {
      w = applied(*limit, w);
      BOOST_TEST((excess(w) - std::pow(keep, step) * excess(start).max(0)).abs().maxCoeff() < 1e-12 * 30);
    }
    BOOST_TEST((applied(*limit, 0.1 * start) == 0.1 * start));
  }
}

BOOST_AUTO_TEST_CASE(inhibitory_sums_are_limited_by_their_size_and_absent_synapses_stay_absent) {
  Random random(52, "weights");
  Eigen::MatrixXd w = uniform_matrix(6, 5, 1, 3, random);
  w(2, 3) = 0;
  const auto limit = sums(5, 0.01);
  Eigen::MatrixXd expected = applied(*limit, w);
  BOOST_TEST(expected(2, 3) < 0);
  expected(2, 3) = 0;
  // The mirror image, but for the absent synapse, whose negative value the incoming sum of its row has seen.
  const Eigen::MatrixXd inhibitory = applied(*limit, -w);
  BOOST_TEST(inhibitory(2, 3) == 0);
  expected.row(2) = -inhibitory.row(2);
  BOOST_TEST((inhibitory + expected).cwiseAbs().maxCoeff() < 1e-14);
  BOOST_TEST((inhibitory.row(2).array() >= -w.row(2).array()).all());
}

BOOST_AUTO_TEST_CASE(plastic_only_leaves_masked_weights_out_of_the_sums_and_as_they_are) {
  Random random(53, "weights");
  const Eigen::MatrixXd w = uniform_matrix(6, 5, 1, 3, random);
  Eigen::MatrixXd mask = Eigen::MatrixXd::Ones(6, 5), removed = w;
  mask(2, 3) = mask(0, 0) = 0;
  for (const auto& [i, j] : {std::pair{2, 3}, {0, 0}}) removed(i, j) = 0;
  Eigen::MatrixXd expected = applied(*sums(5, 0.01, "outgoing"), removed);
  for (const auto& [i, j] : {std::pair{2, 3}, {0, 0}}) expected(i, j) = w(i, j);
  BOOST_TEST((applied(*sums(5, 0.01, "outgoing", true), w, mask) == expected));
}

// Fiete et al. (2010) with one link per cell: asymmetric Hebbian growth along a cycle, with both limits,
// leaves exactly the cycle's permutation matrix, from any start and by both kernels.
BOOST_DATA_TEST_CASE(a_repeated_sequence_ends_in_its_permutation_matrix,
                     data::make({KernelChoice::fused, KernelChoice::reference}), kernel) {
  constexpr Eigen::Index n = 12, rounds = 40;
  const auto rule = polynomial_of({"x~ y", "x y~"});
  Random random(54, "cycle");
  const Eigen::MatrixXd start = uniform_matrix(n, n, 0.01, 0.3, random);
  Eigen::MatrixXd rates = Eigen::MatrixXd::Zero(n, n * rounds), links = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index t = 0; t < rates.cols(); ++t) rates((5 * t) % n, t) = 1;
  for (Eigen::Index k = 0; k < n; ++k) links((5 * (k + 1)) % n, (5 * k) % n) = 1;
  Pathway pathway(start, rule, {1.0, -1.0, 1e-4, 1e-4}, kernel, [](engine::PathwayState& s) {
    s.rate_scale = s.trace_scale = 1;
    s.learning_rate = 0.125;
    s.absent_below = 0;
    s.floor = 1e-6;
    s.constraints = {sums(1, 0.00625), cap(1)};
  });
  for (int trial = 0; trial < 40; ++trial) pathway.run_trial(rates, rates);
  BOOST_TEST((pathway.weights() - links).cwiseAbs().maxCoeff() <= 1e-6);  // the floor
}

// The same when nobody gives the sequence: a network of binary cells under random input (n = 50, m = 1;
// global inhibition 0.25, two cells driven per step). Strong links are unique on both sides while they become
// many: a growing part of a permutation matrix. Twelve seeds gave 11 to 20 links after 8000 steps, none of
// them shared.
BOOST_AUTO_TEST_CASE(a_binary_network_builds_chains_of_unique_links) {
  constexpr Eigen::Index n = 50;
  constexpr double inhibition = 0.25, learning_rate = 0.125, competition = 0.05;
  const auto sum = sums(1, learning_rate * competition), single = cap(1);
  Random random(55, "binary");
  Eigen::MatrixXd w = uniform_matrix(n, n, 0, 0.02, random);
  const Eigen::MatrixXd mask = Eigen::MatrixXd::Ones(n, n);
  w.diagonal().setZero();
  Eigen::VectorXd x = Eigen::VectorXd::Zero(n), before = x;
  for (int step = 0; step < 8000; ++step) {
    before = x;
    Eigen::VectorXd drive = w * before;
    for (double& d : drive) d += random.uniform() < 2.0 / n ? 1 : 0;
    x = ((drive.array() - inhibition * before.sum()) > 0).cast<double>();
    w += learning_rate * (x * before.transpose() - before * x.transpose());
    sum->apply(view_of(w), view_of(mask));
    single->apply(view_of(w), view_of(mask));
    w = w.cwiseMax(0);
    w.diagonal().setZero();
  }
  const Eigen::ArrayXXi link = (w.array() > 0.9).cast<int>();
  BOOST_TEST(link.sum() >= 8);
  BOOST_TEST(link.rowwise().sum().maxCoeff() == 1);
  BOOST_TEST(link.colwise().sum().maxCoeff() == 1);
  BOOST_TEST(w.colwise().sum().maxCoeff() < 2);
}
