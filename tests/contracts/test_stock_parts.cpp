// What the stock perturbation and stimulus promise beyond their kind: how often they act.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/host/registry.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/interfaces/stimulus.hpp>

#include "contracts/fake_life.hpp"

namespace hebbforge {
namespace {
using contracts::FakeLife;

const RegisteredPlugin& stock(abi::Kind kind, std::string_view name) {
  static Registry registry;
  if (registry.steps().empty()) registry.search_default_steps({});
  return registry.find(kind, name);
}

// Deviations beyond which the tests here speak of a defect: a false alarm in 1e-6 of all seeds.
constexpr double deviations = 4.9;

// Of all synapses of EE, before how many of `trials` trials no loss or birth touched them.
struct Turnover {
  double synapses = 0, untouched = 0, diagonal = 0;
};

Turnover turnover(double probability, bool legacy, int lives, int trials) {
  const RegisteredPlugin& plugin = stock(abi::Kind::perturbation, "synaptic_turnover");
  Config config = contract_config(*plugin.descriptor);
  config.set("probability", probability);
  config.set("legacy_diagonal", legacy);
  Turnover counted;
  for (int network = 0; network < lives; ++network) {
    FakeLife life(network);
    const auto perturbation = plugin.create<Perturbation>(config);
    Random begin(1, "begin", static_cast<std::uint64_t>(network));
    perturbation->begin_life(life, begin);
    const Eigen::MatrixXd first = life.weights("EE");
    Eigen::ArrayXXd untouched = Eigen::ArrayXXd::Ones(first.rows(), first.cols());
    double on_diagonal = 0;
    for (int trial = 0; trial < trials; ++trial) {
      const Eigen::MatrixXd before = life.weights("EE");
      Random random(2, "turnover", static_cast<std::uint64_t>(network), trial);
      perturbation->before_trial(trial, life, random);
      const Eigen::MatrixXd after = life.weights("EE");
      untouched *= (after.array() == before.array()).cast<double>();
      on_diagonal += (after.diagonal().array() != before.diagonal().array()).cast<double>().sum();
    }
    const Eigen::ArrayXXd synapse = (first.array() != 0).cast<double>();
    counted.synapses += synapse.sum();
    counted.untouched += (untouched * synapse).sum();
    counted.diagonal += on_diagonal;
  }
  return counted;
}

struct Spikes {
  double frozen = 0, fresh = 0, of_first_cell = 0, early = 0, late = 0;
};

Spikes spikes(std::string_view population, double gain, int lives, int trials) {
  const RegisteredPlugin& plugin = stock(abi::Kind::stimulus, "kick_and_poisson");
  Spikes counted;
  for (int network = 0; network < lives; ++network) {
    FakeLife life(network);
    const auto stimulus = plugin.create<Stimulus>(contract_config(*plugin.descriptor));
    Random begin(3, "stimulus", static_cast<std::uint64_t>(network));
    stimulus->begin_life(life, begin);
    const Eigen::VectorXd gains = Eigen::VectorXd::Constant(life.cells(population), gain);
    for (int trial = 0; trial < trials; ++trial) {
      Random random(4, "input", static_cast<std::uint64_t>(network), trial);
      const Input input = stimulus->input(trial, population, view_of(gains), random);
      if (trial == 0) counted.frozen += static_cast<double>(input.frozen.size());
      counted.fresh += static_cast<double>(input.fresh.size());
      for (const Spike& s : input.fresh) {
        counted.of_first_cell += s.cell == 0 ? 1 : 0;
        counted.early += s.step < 10 ? 1 : 0;
        counted.late += s.step >= 650 ? 1 : 0;
      }
    }
  }
  return counted;
}

// A Poisson count of this mean lies within the interval.
void check_count(double count, double mean) {
  BOOST_TEST(std::abs(count - mean) <= deviations * std::sqrt(mean),
             count << " spikes where " << mean << " are expected");
}

}  // namespace

// 24 000 synapses: the interval is 0.898 +- 0.0096.
BOOST_AUTO_TEST_CASE(synapses_survive_turnover_with_the_published_probability) {
  const Turnover counted = turnover(7.2e-4, false, 40, 150);
  const double expected = std::pow(1 - 7.2e-4, 150);
  BOOST_TEST(std::abs(expected - 0.898) < 5e-4);
  BOOST_TEST(counted.synapses == 40 * 600.0);
  const double sd = std::sqrt(expected * (1 - expected) / counted.synapses);
  BOOST_TEST(std::abs(counted.untouched / counted.synapses - expected) <= deviations * sd);
  BOOST_TEST(counted.diagonal == 0);
}

BOOST_AUTO_TEST_CASE(turnover_takes_the_diagonal_only_as_the_published_code_did) {
  // A self-synapse starts as existing with weight 0: its first toggle changes nothing, its second is a birth.
  BOOST_TEST(turnover(0.05, false, 1, 100).diagonal == 0);
  BOOST_TEST(turnover(0.05, true, 1, 100).diagonal > 0);
}

BOOST_AUTO_TEST_CASE(turnover_without_probability_changes_nothing_and_a_certain_one_everything) {
  BOOST_TEST(turnover(0, false, 1, 20).untouched == 600);
  BOOST_TEST(turnover(1, false, 1, 1).untouched == 0);
}

// 24 cells (the kicked one has none) at 60 and 20 Hz, 8 cells likewise, for 64 ms.
BOOST_AUTO_TEST_CASE(the_poisson_input_has_its_mean_rates) {
  const Spikes e = spikes("E", 1, 40, 50), i = spikes("I", 1, 40, 50);
  check_count(e.frozen, 40 * (24 * 60 * 0.064) + 40 * 10);
  check_count(e.fresh, 40 * 50 * (24 * 20 * 0.064));
  check_count(i.frozen, 40 * (8 * 60 * 0.064));
  check_count(i.fresh, 40 * 50 * (8 * 20 * 0.064));
  check_count(i.of_first_cell, 40 * 50 * (20 * 0.064));
  BOOST_TEST(e.of_first_cell == 0);
  BOOST_TEST(e.early + e.late + i.early + i.late == 0);
}

BOOST_AUTO_TEST_CASE(gain_acts_on_the_fresh_input_alone) {
  const Spikes once = spikes("E", 1, 20, 50), tenfold = spikes("E", 10, 20, 50);
  check_count(tenfold.fresh, 10 * 20 * 50 * (24 * 20 * 0.064));
  BOOST_TEST(tenfold.frozen == once.frozen);
  BOOST_TEST(spikes("E", 0, 2, 5).fresh == 0);
}

}  // namespace hebbforge
