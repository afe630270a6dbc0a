// What the stock perturbations and stimulus promise beyond their kind: how often, how much and where they
// act.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/host/registry.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/interfaces/stimulus.hpp>
#include <vector>

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
// Noise of the stock stimulus in one trial, and its fresh spikes; no noise: an empty matrix.
struct Noise {
  Eigen::MatrixXd drive;
  std::vector<Spike> fresh;
};

Noise noise(double sd, double gain, std::int64_t trial) {
  const RegisteredPlugin& plugin = stock(abi::Kind::stimulus, "kick_and_poisson");
  Config config = contract_config(*plugin.descriptor);
  config.set("noise_sd", sd);
  const FakeLife life;
  const auto stimulus = plugin.create<Stimulus>(config);
  Random begin(3, "stimulus"), random(4, "input", 0, trial);
  stimulus->begin_life(life, begin);
  const Eigen::VectorXd gains = Eigen::VectorXd::Constant(25, gain);
  const Input input = stimulus->input(trial, "E", view_of(gains), random);
  return {input.drive, {input.fresh.begin(), input.fresh.end()}};
}

BOOST_AUTO_TEST_CASE(noise_on_the_drive_has_its_deviation_and_is_new_in_each_step_and_trial) {
  const Eigen::MatrixXd one = noise(0.05, 1, 0).drive, two = noise(0.05, 1, 1).drive;
  BOOST_TEST_REQUIRE(one.rows() == 25);
  BOOST_TEST_REQUIRE(one.cols() == 1100);
  const auto n = static_cast<double>(one.size());
  BOOST_TEST(std::abs(one.mean()) <= deviations * 0.05 / std::sqrt(n));
  // The mean of n squares of standard normals has the deviation sqrt(2 / n), their products 1 / sqrt(n).
  BOOST_TEST(std::abs(one.squaredNorm() / n / 0.0025 - 1) <= deviations * std::sqrt(2 / n));
  const auto correlation = [&](const auto& a, const auto& b) {
    return a.cwiseProduct(b).sum() / 0.0025 / std::sqrt(static_cast<double>(a.size()));
  };
  BOOST_TEST(std::abs(correlation(one, two)) <= deviations);
  BOOST_TEST(std::abs(correlation(one.leftCols(1099), one.rightCols(1099))) <= deviations);
  BOOST_TEST(std::abs(correlation(one.topRows(24), one.bottomRows(24))) <= deviations);
  BOOST_TEST((noise(0.05, 1, 0).drive == one));
}

BOOST_AUTO_TEST_CASE(noise_leaves_the_spikes_as_they_are_and_follows_the_gain_of_fresh_input) {
  const Noise none = noise(0, 1, 0), some = noise(0.05, 1, 0), more = noise(0.1, 1, 0);
  BOOST_TEST(none.drive.size() == 0);
  const auto same = [](const Spike& a, const Spike& b) { return a.step == b.step && a.cell == b.cell; };
  BOOST_TEST(std::ranges::equal(none.fresh, some.fresh, same));
  BOOST_TEST(more.drive.isApprox(2 * some.drive, 1e-15));
  BOOST_TEST(noise(0.05, 0, 0).drive.isZero(0));
}

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

namespace {

// Logarithms of the factors, or differences, by which one trial of jitter changed the plastic weights of EE.
std::vector<double> jitter(const std::string& noise, double sd, int lives) {
  const RegisteredPlugin& plugin = stock(abi::Kind::perturbation, "weight_jitter");
  Config config = contract_config(*plugin.descriptor);
  config.set("noise", noise);
  config.set("sd", sd);
  config.set("keep_signs", false);
  std::vector<double> changes;
  for (int network = 0; network < lives; ++network) {
    FakeLife life(network);
    const Eigen::MatrixXd before = life.weights("EE");
    Random random(5, "jitter", static_cast<std::uint64_t>(network));
    plugin.create<Perturbation>(config)->before_trial(0, life, random);
    const Eigen::MatrixXd after = life.weights("EE");
    BOOST_TEST(after.diagonal().isZero(0));
    for (Eigen::Index k = 0; k < before.size(); ++k) {
      const double a = before.reshaped()[k], b = after.reshaped()[k];
      if (a != 0) changes.push_back(noise == "additive" ? b - a : std::log(b / a));
    }
  }
  return changes;
}

// The manipulated life; `random` stands for nothing here.
void manipulate(FakeLife& life, const std::vector<std::pair<std::string, Config::Value>>& values,
                int trials = 1) {
  const RegisteredPlugin& plugin = stock(abi::Kind::perturbation, "cell_manipulation");
  Config config = contract_config(*plugin.descriptor);
  for (const auto& [name, value] : values) config.set(name, value);
  const auto perturbation = plugin.create<Perturbation>(config);
  Random random(6, "manipulate");
  perturbation->begin_life(life, random);
  if (config.text("selection") != "index") life.record(*perturbation, false);
  for (int trial = 0; trial < trials; ++trial) perturbation->before_trial(trial, life, random);
}

// Index of the cell whose incoming EE weights became half as large.
Eigen::Index halved(std::string_view selection, std::int64_t cell) {
  FakeLife life;
  const Eigen::MatrixXd before = life.weights("EE");
  manipulate(life, {{"pathway", std::string("EE")}, {"selection", std::string(selection)}, {"cell", cell}},
             3);
  const Eigen::MatrixXd after = life.weights("EE");
  Eigen::Index found = -1;
  for (Eigen::Index i = 0; i < before.rows(); ++i) {
    if (after.row(i) == before.row(i)) continue;
    BOOST_TEST(found == -1);
    BOOST_TEST((after.row(i) == 0.5 * before.row(i)));
    found = i;
  }
  return found;
}

}  // namespace

// 6000 changes: sd is met within 4.9 / sqrt(2 * 6000), the mean within 4.9 sd / sqrt(6000).
BOOST_AUTO_TEST_CASE(jitter_spreads_weights_as_much_as_it_says) {
  for (const std::string noise : {"multiplicative", "additive"}) {
    const std::vector<double> changes = jitter(noise, 0.3, 10);
    BOOST_TEST_REQUIRE(changes.size() == 6000u);
    const Eigen::Map<const Eigen::ArrayXd> c(changes.data(), 6000);
    BOOST_TEST(std::abs(c.mean()) < deviations * 0.3 / std::sqrt(6000));
    BOOST_TEST(std::abs(std::sqrt(c.square().mean()) / 0.3 - 1) < deviations / std::sqrt(12000));
  }
}

BOOST_AUTO_TEST_CASE(additive_jitter_silences_what_would_change_its_sign) {
  const RegisteredPlugin& plugin = stock(abi::Kind::perturbation, "weight_jitter");
  Config config = contract_config(*plugin.descriptor);
  config.set("noise", std::string("additive"));
  config.set("sd", 0.5);
  config.set("pathway", std::string("IE"));
  FakeLife life;
  Random random(5, "jitter");
  plugin.create<Perturbation>(config)->before_trial(0, life, random);
  BOOST_TEST((life.weights("IE").array() <= 0).all());
  BOOST_TEST((life.weights("IE").array() == 0).any());
  BOOST_TEST((life.weights("IE").array() < -0.5).any());
}

BOOST_AUTO_TEST_CASE(a_cell_is_chosen_by_index_by_rank_or_as_the_published_code_chose_it) {
  // Centres of mass of the recorded rates, written out.
  FakeLife life;
  const RegisteredPlugin& plugin = stock(abi::Kind::perturbation, "cell_manipulation");
  const auto part = plugin.create<Perturbation>(contract_config(*plugin.descriptor));
  life.record(*part, false);
  const Eigen::MatrixXd rates = life.recording("rates")[0];
  const Eigen::VectorXd centre =
      (rates * Eigen::VectorXd::LinSpaced(rates.cols(), 0, static_cast<double>(rates.cols() - 1)))
          .cwiseQuotient(rates.rowwise().sum());
  const auto rank = [&](Eigen::Index cell) { return (centre.array() < centre[cell]).count(); };
  for (const std::int64_t cell : {0, 7, 13, 24}) {
    BOOST_TEST(halved("index", cell) == cell);
    BOOST_TEST(rank(halved("rank", cell)) == cell);
    BOOST_TEST(halved("published", cell) == rank(cell));
  }
  BOOST_TEST(rank(13) != 13);  // or the selections could not be told apart
}

BOOST_AUTO_TEST_CASE(without_a_pathway_all_weights_onto_the_cell_are_scaled) {
  FakeLife life, untouched;
  manipulate(life, {{"selection", std::string("index")}, {"cell", std::int64_t{4}}, {"factor", 1.5}});
  for (const char* p : {"EE", "IE"}) {
    Eigen::MatrixXd expected = untouched.weights(p);
    expected.row(4) *= 1.5;
    BOOST_TEST((life.weights(p) == expected));
  }
  BOOST_TEST((life.weights("EI") == untouched.weights("EI")));
}

BOOST_AUTO_TEST_CASE(fresh_input_of_one_cell_is_scaled_once) {
  FakeLife life;
  manipulate(life,
             {{"what", std::string("scale_fresh_input")},
              {"selection", std::string("index")},
              {"cell", std::int64_t{4}},
              {"factor", 10.0}},
             5);
  Eigen::VectorXd expected = Eigen::VectorXd::Ones(25);
  expected[4] = 10;
  BOOST_TEST((life.input_gain("E") == expected));
  BOOST_TEST((life.input_gain("I").array() == 1).all());
}

BOOST_AUTO_TEST_CASE(an_ablated_cell_has_no_synapses_and_turnover_gives_it_none) {
  FakeLife life, untouched;
  const RegisteredPlugin& plugin = stock(abi::Kind::perturbation, "synaptic_turnover");
  Config config = contract_config(*plugin.descriptor);
  config.set("probability", 1.0);
  const auto turnover = plugin.create<Perturbation>(config);
  Random random(7, "turnover");
  turnover->before_trial(0, life, random);
  turnover->before_trial(1, life, random);
  manipulate(
      life,
      {{"what", std::string("ablate")}, {"selection", std::string("index")}, {"cell", std::int64_t{4}}});
  turnover->before_trial(2, life, random);
  turnover->before_trial(3, life, random);
  for (const char* p : {"EE", "EI"}) BOOST_TEST(life.weights(p).col(4).isZero(0));
  for (const char* p : {"EE", "IE"}) BOOST_TEST(life.weights(p).row(4).isZero(0));
  BOOST_TEST(life.plastic("EE").sum() == untouched.plastic("EE").sum() - 48);
  BOOST_TEST((life.weights("EE").array() != 0).count() == 600 - 48);
}

BOOST_AUTO_TEST_CASE(a_cell_that_cannot_be_found_is_refused) {
  FakeLife life;
  const auto index = std::pair<std::string, Config::Value>{"selection", std::string("index")};
  BOOST_CHECK_THROW(manipulate(life, {index, {"cell", std::int64_t{25}}}), Error);
  BOOST_CHECK_THROW(manipulate(life, {index, {"pathway", std::string("EI")}}), Error);
  BOOST_CHECK_THROW(
      manipulate(life, {index, {"what", std::string("ablate")}, {"pathway", std::string("EE")}}), Error);
}

}  // namespace hebbforge
