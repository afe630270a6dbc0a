// Tasks as files: what reaches the cells, what losses hear, phase by phase; and inputs that are drawn.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/stimulus.hpp>
#include <limits>
#include <numeric>

#include "framework/registry.hpp"
#include "host/hdf5_file.hpp"
#include "numerics/scripted_life.hpp"

namespace hebbforge {
namespace {

using Texts = std::vector<std::string>;
using Reals = std::vector<double>;
using Values = std::map<std::string, Config::Value>;

// Deviations beyond which the tests here speak of a defect: a false alarm in 1e-6 of all seeds.
constexpr double deviations = 4.9;

// Entry [trial, time, channel] is 100 trial + 10 time + channel + 1.
Reals numbered(std::size_t trials, std::size_t times, std::size_t channels) {
  Reals values;
  for (std::size_t m = 0; m < trials; ++m) {
    for (std::size_t t = 0; t < times; ++t) {
      for (std::size_t k = 0; k < channels; ++k)
        values.push_back(static_cast<double>(100 * m + 10 * t + k + 1));
    }
  }
  return values;
}

// A file with numbered inputs of 5 trials, 4 times and 2 channels, and what belongs to them.
std::filesystem::path task_file(const std::string& name, const Reals& durations = {}) {
  const auto file = scratch("task_" + name) / "task.h5";
  Hdf5Writer out(file);
  out.reals("inputs", {5, 4, 2}, numbered(5, 4, 2).data());
  const double labels[] = {0, 1, 1, 0, 1};
  out.reals("labels", {5}, labels);
  if (!durations.empty()) out.reals("durations", {durations.size()}, durations.data());
  out.commit();
  return file;
}

// Populations In (2 input cells) and Out (4), time steps of 1 ms, no pathway; then the phases and losses.
Pipeline pipeline(const std::filesystem::path& input, const std::string& rest) {
  const auto file = input.parent_path() / "pipeline.toml";
  std::ofstream(file) << "input = \"" << input.string() << "\"\ncircuit = { dt = \"1 ms\" }\n"
                      << "[population.In]\nsize = 2\nneuron = \"input\"\n"
                      << "[population.Out]\nsize = 4\nneuron = \"input\"\n"
                      << rest;
  return load_pipeline(built_plugins(), file);
}

// Rates of all cells in all trials; those of an input cell are its drive, one step later.
std::vector<Eigen::MatrixXd> drives(const Pipeline& p, std::int64_t network = 0) {
  LifeRecord record;
  record.kept_trials.resize(static_cast<std::size_t>(p.trials()));
  std::iota(record.kept_trials.begin(), record.kept_trials.end(), std::int64_t{0});
  LifeOptions options;
  options.network = network;
  options.record = &record;
  const LifeResult result = run_life(p, options);
  BOOST_TEST_REQUIRE(name_of(result.end) == name_of(LifeEnd::healthy));
  std::vector<Eigen::MatrixXd> all;
  for (const Eigen::MatrixXd& rates : record.kept_rates) all.emplace_back(rates.rightCols(rates.cols() - 1));
  return all;
}

std::string complaint(const Pipeline& p) {
  try {
    try_life(p);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// A stimulus in a scripted life with a phase of 20 trials.
struct Started {
  std::shared_ptr<Stimulus> stimulus;
  ScriptedLife& life;

  Started(const char* name, ScriptedLife& scripted, const Values& set, std::uint64_t seed = 1)
      : life(scripted) {
    const RegisteredPlugin& plugin = built_plugins().find(abi::Kind::stimulus, name);
    Config config = default_config(*plugin.descriptor);
    for (const auto& [key, value] : set) config.set(key, value);
    stimulus = plugin.create<Stimulus>(config);
    Random begin(seed, "begin");
    stimulus->begin_life(life, begin);
    stimulus->begin_phase(0, 20);
  }
  Eigen::MatrixXd drive(std::int64_t trial, std::string_view population, double gain = 1) {
    const Input input = at(trial, population, gain);
    return input.drive;
  }
  Input at(std::int64_t trial, std::string_view population, double gain = 1) {
    const Eigen::VectorXd gains = Eigen::VectorXd::Constant(life.cells(population), gain);
    Random random(2, "input " + std::string(population), 0, trial);
    return stimulus->input(trial, population, view_of(gains), random);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(task)

BOOST_AUTO_TEST_CASE(channels_and_times_of_a_file_reach_cells_and_steps) {
  const auto all = drives(pipeline(task_file("order"),
                                   "[phase.learn]\nstimulus = { plugin = \"task\", populations = [\"In\"] }\n"
                                   "trials = 5\nduration = \"7 ms\"\n"));
  BOOST_TEST_REQUIRE(all.size() == 5u);
  for (int m = 0; m < 5; ++m) {
    for (int t = 0; t < 6; ++t) {
      for (int k = 0; k < 2; ++k) BOOST_TEST(all[m](k, t) == (t < 4 ? 100 * m + 10 * t + k + 1 : 0));
      BOOST_TEST(all[m].col(t).tail(4).isZero(0));
    }
  }
}

BOOST_AUTO_TEST_CASE(after_its_duration_the_input_of_a_trial_is_0) {
  const auto file = task_file("durations", {0, 0.001, 0.002, 0.003, 0.004});
  const auto all = drives(pipeline(file,
                                   "[phase.learn]\nstimulus = { plugin = \"task\", populations = [\"In\"] }\n"
                                   "trials = 5\nduration = \"7 ms\"\n"));
  for (int m = 0; m < 5; ++m) {
    for (int t = 0; t < 6; ++t) BOOST_TEST((all[m](0, t) != 0) == (t < m), "trial " << m << ", time " << t);
  }
}

BOOST_AUTO_TEST_CASE(samples_last_for_the_interval_and_gain_scales_them) {
  const auto all = drives(pipeline(task_file("interval"),
                                   "[phase.learn]\nstimulus = { plugin = \"task\", populations = [\"In\"], "
                                   "interval = \"3 ms\", gain = 0.5 }\n"
                                   "trials = 2\nduration = \"14 ms\"\n"));
  for (int t = 0; t < 13; ++t) BOOST_TEST(all[1](1, t) == (t < 12 ? 0.5 * (100 + 10 * (t / 3) + 2) : 0));
}

BOOST_AUTO_TEST_CASE(blocks_of_cells_share_a_channel_and_populations_follow_each_other) {
  const auto all = drives(pipeline(task_file("blocks"),
                                   "[phase.learn]\nstimulus = { plugin = \"task\", populations = [\"Out\", "
                                   "\"In\"], channels = \"blocks\" }\n"
                                   "trials = 1\nduration = \"7 ms\"\n"));
  // Cells In 0, 1, Out 0 to 3. Of the six cells Out 0 to 2 have channel 0, Out 3 and In channel 1.
  const Eigen::VectorXd first = all[0].col(0);
  const double expected[] = {2, 2, 1, 1, 1, 2};
  for (int i = 0; i < 6; ++i) BOOST_TEST(first[i] == expected[i]);
}

BOOST_AUTO_TEST_CASE(every_phase_counts_its_own_trials_and_rows_begin_again_only_if_asked) {
  const std::string stimulus = "stimulus = { plugin = \"task\", populations = [\"In\"]";
  const auto file = task_file("phases");
  const auto all = drives(pipeline(
      file, "[phase.learn]\n" + stimulus + ", wrap = true }\ntrials = 7\nduration = \"7 ms\"\n" +
                "[phase.rest]\n" + stimulus + ", gain = 0.0 }\ntrials = 1\nduration = \"9 ms\"\n" +
                "[phase.test]\n" + stimulus + ", first_row = 3 }\ntrials = 2\nduration = \"5 ms\"\n"));
  const double rows[] = {0, 1, 2, 3, 4, 0, 1};
  for (int m = 0; m < 7; ++m) BOOST_TEST(all[m](0, 0) == 100 * rows[m] + 1);
  BOOST_TEST(all[7].isZero(0));
  BOOST_TEST(all[8](0, 0) == 301);
  BOOST_TEST(all[9](0, 0) == 401);
  const Pipeline too_many =
      pipeline(file, "[phase.a]\n" + stimulus + " }\ntrials = 5\nduration = \"7 ms\"\n" + "[phase.b]\n" +
                         stimulus + ", first_row = 3 }\ntrials = 3\nduration = \"7 ms\"\n");
  BOOST_TEST(complaint(too_many) ==
             "phase 'b': '" + file.string() +
                 "': 'inputs' has 5 trials; expected at least 6, for 3 trials from 'first_row' = "
                 "3 on (or wrap = true, which begins again)");
}

// The labels of rows 0 to 4 are 0 1 1 0 1: the last phase begins with row 2.
BOOST_AUTO_TEST_CASE(losses_of_a_phase_hear_the_labels_of_its_rows) {
  const std::string stimulus = "stimulus = { plugin = \"task\", populations = [\"In\"]";
  const Pipeline p =
      pipeline(task_file("labels"),
               "[phase.learn]\n" + stimulus + " }\ntrials = 4\nduration = \"7 ms\"\n" + "[phase.test]\n" +
                   stimulus + ", first_row = 2 }\ntrials = 3\nduration = \"7 ms\"\n" +
                   "[loss.learn]\nplugin = \"separation\"\npopulation = \"In\"\ntrials = \"learn\"\n" +
                   "[loss.test]\nplugin = \"separation\"\npopulation = \"In\"\ntrials = \"test\"\n");
  // Rates grow with the row. learn: 1, 2 against 0, 3: two of four pairs; test: 2, 4 against 3: one of two.
  const LifeResult result = run_life(p, {});
  BOOST_TEST(result.losses[0] == 0.5);
  BOOST_TEST(result.losses[1] == 0.5);
  const Pipeline one_class =
      pipeline(task_file("labels"),
               "[phase.test]\n" + stimulus + ", first_row = 1 }\ntrials = 2\nduration = \"7 ms\"\n" +
                   "[loss.test]\nplugin = \"separation\"\npopulation = \"In\"\ntrials = \"test\"\n");
  BOOST_TEST(
      complaint(one_class) ==
      "loss 'test': the signal 'labels' has 1 value in the trials 'test'; expected two, one of each class");
}

BOOST_AUTO_TEST_CASE(a_single_time_holds_for_the_trial_or_its_duration) {
  ScriptedLife life;
  life.put("inputs", {20, 1, 2}, numbered(20, 1, 2));
  Started task("task", life, {{"populations", Texts{"In"}}});
  BOOST_TEST((task.drive(3, "In") == Eigen::MatrixXd(Eigen::Vector2d(301, 302).replicate(1, 10))));
  BOOST_TEST(task.drive(3, "E").size() == 0);
  BOOST_TEST(task.drive(3, "In", 0).isZero(0));
  life.put("durations", {20}, Reals(20, 0.004));
  Started shorter("task", life, {{"populations", Texts{"In"}}});
  BOOST_TEST(shorter.drive(3, "In").leftCols(4).minCoeff() == 301);
  BOOST_TEST(shorter.drive(3, "In").rightCols(6).isZero(0));
}

BOOST_AUTO_TEST_CASE(signals_come_for_a_trial_or_for_its_times) {
  ScriptedLife life;
  life.put("inputs", {20, 4, 2}, numbered(20, 4, 2));
  life.put("labels", {20}, numbered(20, 1, 1));
  life.put("vector", {20, 1, 3}, numbered(20, 1, 3));
  life.put("course", {20, 4}, numbered(20, 4, 1));
  life.put("courses", {20, 3, 2}, numbered(20, 3, 2));
  Started task("task", life, {{"populations", Texts{"In"}}, {"interval", 2e-3}});
  const auto signal = [&](const char* name) { return Eigen::MatrixXd(task.stimulus->signal(name, 5)); };
  BOOST_TEST((signal("labels") == Eigen::MatrixXd::Constant(1, 1, 501)));
  BOOST_TEST((signal("vector") == Eigen::MatrixXd(Eigen::Vector3d(501, 502, 503))));
  const Eigen::MatrixXd course = signal("course"), courses = signal("courses");
  BOOST_TEST_REQUIRE(
      (course.rows() == 1 && course.cols() == 10 && courses.rows() == 2 && courses.cols() == 10));
  for (int t = 0; t < 10; ++t) {
    BOOST_TEST(std::isnan(course(0, t)) == (t >= 8));
    BOOST_TEST(std::isnan(courses(1, t)) == (t >= 6));
    if (t < 8) BOOST_TEST(course(0, t) == 501 + 10 * (t / 2));
    if (t < 6) BOOST_TEST(courses(1, t) == 502 + 10 * (t / 2));
  }
}

// 2 cells, 10 steps, 20 trials: 400 numbers of mean 1 and standard deviation 0.5.
BOOST_AUTO_TEST_CASE(noise_has_the_standard_deviation_that_is_asked_for_and_is_the_same_for_the_same_stream) {
  ScriptedLife life;
  life.put("inputs", {20, 1, 2}, Reals(40, 1));
  const Values set{{"populations", Texts{"In"}}, {"noise", 0.5}};
  Started task("task", life, set), again("task", life, set, 7);
  double sum = 0, squares = 0;
  for (int m = 0; m < 20; ++m) {
    const Eigen::ArrayXXd noise = task.drive(m, "In").array() - 1;
    BOOST_TEST((again.drive(m, "In") == task.drive(m, "In")));
    BOOST_TEST(task.drive(m, "E").size() == 0);
    sum += noise.sum();
    squares += noise.square().sum();
  }
  BOOST_TEST(std::abs(sum) < deviations * 0.5 * std::sqrt(400.0));
  BOOST_TEST(std::abs(squares / 400 - 0.25) < deviations * 0.25 * std::sqrt(2.0 / 400));
}

// 3 cells at 100 Hz, 10 ms, 20 trials: 60 spikes on average, none in the other population.
BOOST_AUTO_TEST_CASE(background_spikes_come_at_the_rate_that_is_asked_for_where_it_is_asked_for) {
  ScriptedLife life;
  life.put("inputs", {20, 1, 2}, Reals(40, 1));
  Started task("task", life, {{"populations", Texts{"In"}}, {"background", 100.0}, {"noisy", Texts{"E"}}});
  double spikes = 0;
  for (int m = 0; m < 20; ++m) {
    spikes += static_cast<double>(task.at(m, "E").fresh.size());
    BOOST_TEST(task.at(m, "In").fresh.size() == 0u);
  }
  BOOST_TEST(std::abs(spikes - 60) < deviations * std::sqrt(60.0));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(telegraph)

BOOST_AUTO_TEST_CASE(the_drive_is_the_state_and_populations_share_it) {
  ScriptedLife life;
  life.steps_per_trial = 100;
  const Values set{{"populations", Texts{"In", "E"}},
                   {"states", "left_off_right"},
                   {"stay", Reals{0.5, 0.9}},
                   {"begin", 10e-3},
                   {"end", 90e-3},
                   {"amplitude", 2.0}};
  Started telegraph("telegraph", life, set);
  int seen[3] = {0, 0, 0};
  for (int m = 0; m < 20; ++m) {
    const Eigen::MatrixXd state = telegraph.stimulus->signal("state", m), right = telegraph.drive(m, "In"),
                          left = telegraph.drive(m, "E"), net = telegraph.stimulus->signal("net", m);
    double sum = 0;
    for (int t = 0; t < 100; ++t) {
      const double v = state(0, t);
      BOOST_TEST((t >= 10 && t < 90 ? v == -1 || v == 0 || v == 1 : v == 0));
      ++seen[static_cast<int>(v) + 1];
      BOOST_TEST((right.col(t).array() == (v > 0 ? 2 : 0)).all());
      BOOST_TEST((left.col(t).array() == (v < 0 ? 2 : 0)).all());
      BOOST_TEST(net(0, t) == sum / 80);
      sum += v;
    }
  }
  BOOST_TEST((seen[0] > 0 && seen[1] > 0 && seen[2] > 0));
  Started one("telegraph", life, {{"populations", Texts{"In"}}, {"states", "left_right"}, {"end", 90e-3}});
  const Eigen::MatrixXd state = one.stimulus->signal("state", 4);
  BOOST_TEST((one.drive(4, "In") == Eigen::MatrixXd(state.replicate(2, 1))));
  BOOST_TEST(state.middleCols(20, 70).cwiseAbs().minCoeff() == 1);
}

// With a stay probability of 0.8 for sure there are 20 * 79 chances to jump.
BOOST_AUTO_TEST_CASE(the_state_stays_with_the_probability_that_is_asked_for) {
  ScriptedLife life;
  life.steps_per_trial = 200;
  Started telegraph("telegraph", life,
                    {{"populations", Texts{"In"}},
                     {"stay", Reals{0.8, 0.8}},
                     {"interval", 2e-3},
                     {"begin", 20e-3},
                     {"end", 180e-3}});
  double jumps = 0;
  for (int m = 0; m < 20; ++m) {
    const Eigen::MatrixXd state = telegraph.stimulus->signal("state", m);
    for (int t = 21; t < 180; ++t) {
      const bool jumped = state(0, t) != state(0, t - 1);
      BOOST_TEST(!(jumped && t % 2 != 0));
      jumps += jumped;
    }
  }
  BOOST_TEST(std::abs(jumps - 20 * 79 * 0.2) < deviations * std::sqrt(20 * 79 * 0.2 * 0.8));
}

BOOST_AUTO_TEST_CASE(the_path_depends_on_trial_and_life_but_not_on_who_asks_first) {
  ScriptedLife life;
  life.steps_per_trial = 100;
  const Values set{{"populations", Texts{"In"}}, {"stay", Reals{0.5, 0.5}}};
  Started one("telegraph", life, set), other("telegraph", life, set), elsewhere("telegraph", life, set, 2);
  const Eigen::MatrixXd third = one.drive(3, "In");
  BOOST_TEST((Eigen::MatrixXd(other.stimulus->signal("state", 5)) != Eigen::MatrixXd(third.row(0))));
  BOOST_TEST((Eigen::MatrixXd(other.stimulus->signal("state", 3)) == Eigen::MatrixXd(third.row(0))));
  BOOST_TEST((Eigen::MatrixXd(elsewhere.stimulus->signal("state", 3)) != Eigen::MatrixXd(third.row(0))));
}

// 1 kHz in two cells for 15 ms, 20 trials: 600 spikes; 500 Hz while the state is on.
BOOST_AUTO_TEST_CASE(kick_and_spikes_reach_the_cells_that_are_named) {
  ScriptedLife life;
  life.steps_per_trial = 100;
  life.excitatory = 5;
  Started telegraph("telegraph", life,
                    {{"populations", Texts{"In"}},
                     {"cells", std::vector<std::int64_t>{1}},
                     {"rate", 500.0},
                     {"amplitude", 0.0},
                     {"kick.population", "E"},
                     {"kick.cells", std::vector<std::int64_t>{0, 3}}});
  double kicks = 0, spikes = 0, on = 0;
  for (int m = 0; m < 20; ++m) {
    for (const Spike& s : telegraph.at(m, "E").fresh) {
      BOOST_TEST((s.cell == 0 || s.cell == 3));
      BOOST_TEST(s.step < 15);
      ++kicks;
    }
    const Eigen::MatrixXd state = telegraph.stimulus->signal("state", m);
    on += state.sum();
    for (const Spike& s : telegraph.at(m, "In").fresh) {
      BOOST_TEST(s.cell == 1);
      BOOST_TEST(state(0, s.step) == 1);
      ++spikes;
    }
  }
  BOOST_TEST(std::abs(kicks - 600) < deviations * std::sqrt(600.0));
  BOOST_TEST(std::abs(spikes - 0.5 * on) < deviations * std::sqrt(0.5 * on));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  ScriptedLife life;
  life.steps_per_trial = 100;
  const auto says = [&](const Values& set) -> std::string {
    try {
      Values all{{"populations", Texts{"In"}}};
      for (const auto& [key, value] : set) all[key] = value;
      Started("telegraph", life, all).stimulus->signal("speed", 0);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  const auto contains = [](const std::string& text, const char* part) {
    return text.find(part) != text.npos;
  };
  BOOST_TEST(contains(says({{"populations", Texts{}}}), "'populations' needs one name or two, it has 0"));
  BOOST_TEST(
      contains(says({{"stay", Reals{0.9, 0.5}}}), "'stay' needs two probabilities, the smaller one first"));
  BOOST_TEST(contains(says({{"begin", 0.1}}), "'end' has to come at least a time step after 'begin'"));
  BOOST_TEST(contains(says({{"end", 0.2}}), "'end' is 0.2 s, after the end of a trial, which lasts 0.1 s"));
  BOOST_TEST(contains(says({{"cells", std::vector<std::int64_t>{2}}}),
                      "'cells' names cell 2, but 'In' has cells 0 to 1"));
  BOOST_TEST(says({}) == "telegraph has no signal 'speed'; its signals: state, net");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(neurons)

// Rates of one cell under a constant input of 1, with steps of a tenth of tau.
std::vector<double> rates(const char* name, const Values& set, int steps, double input = 1) {
  const RegisteredPlugin& plugin = built_plugins().find(abi::Kind::neuron, name);
  Config config = default_config(*plugin.descriptor);
  for (const auto& [key, value] : set) config.set(key, value);
  const auto neuron = plugin.create<Neuron>(config);
  Eigen::MatrixXd state = Eigen::MatrixXd::Zero(1, 1);
  Eigen::VectorXd rate = Eigen::VectorXd::Zero(1), in = Eigen::VectorXd::Constant(1, input);
  std::vector<double> all;
  for (int t = 0; t < steps; ++t) {
    neuron->step({1e-3, view_of(std::as_const(in)), view_of(state), view_of(rate)});
    all.push_back(rate[0]);
  }
  return all;
}

BOOST_AUTO_TEST_CASE(the_rate_of_an_input_cell_is_its_drive) {
  BOOST_TEST(rates("input", {}, 2) == (Reals{1, 1}), boost::test_tools::per_element());
  BOOST_TEST(rates("input", {}, 1, -3) == Reals{-3}, boost::test_tools::per_element());
}

// The state is 0, 0.1, 0.19, 0.271 before the steps.
BOOST_AUTO_TEST_CASE(the_rate_of_a_linear_cell_follows_its_state, *boost::unit_test::tolerance(1e-14)) {
  BOOST_TEST(rates("linear", {{"gain", 2.0}}, 4) == (Reals{0, 0.2, 0.38, 0.542}),
             boost::test_tools::per_element());
  BOOST_TEST(rates("linear", {}, 2, -1)[1] == -0.1);
}

BOOST_AUTO_TEST_CASE(the_rate_of_a_tanh_cell_saturates, *boost::unit_test::tolerance(1e-14)) {
  const auto smooth = rates("tanh", {{"threshold", 0.1}, {"gain", 3.0}}, 3);
  BOOST_TEST(smooth == (Reals{std::tanh(-0.3), 0, std::tanh(3 * 0.09)}), boost::test_tools::per_element());
  const auto rectified = rates("tanh", {{"threshold", 0.1}, {"rectify", true}}, 300, 50);
  BOOST_TEST(rectified[0] == 0);
  BOOST_TEST(rectified.back() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hebbforge
