// The stage `search`: files, repeatability, interruption, resumption.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <map>
#include <sstream>

#include "host/hdf5_file.hpp"
#include "registry.hpp"
#include "stages/evaluator.hpp"
#include "stages/statistics.hpp"

using namespace hebbforge;
namespace {

const std::filesystem::path small = std::filesystem::path(HEBBFORGE_TEST_DATA) / "pipelines/small.toml";

Pipeline load(std::vector<std::string> overrides = {}) {
  PipelineOptions options;
  options.overrides = std::move(overrides);
  return load_pipeline(built_plugins(), small, options);
}

std::string bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The files that have to be the same, byte by byte.
std::map<std::string, std::string> results(const std::filesystem::path& run) {
  std::map<std::string, std::string> all;
  for (const char* name : {"evaluations.csv", "rule.toml", "results.h5"}) all[name] = bytes(run / name);
  return all;
}

void check_same(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto theirs = results(b);
  for (const auto& [name, text] : results(a)) {
    BOOST_TEST(!text.empty(), name);
    BOOST_TEST((text == theirs.at(name)), name << " differs");
  }
}

RunSummary run(const Pipeline& pipeline, const std::filesystem::path& directory, bool resume = false,
               const std::atomic<bool>* stop = nullptr, RunObserver* observer = nullptr) {
  RunOptions options;
  options.directory = directory;
  options.resume = resume;
  options.stop = stop;
  options.observer = observer;
  return run_search(pipeline, options);
}

/// Asks to stop after a number of generations.
struct StopAfter final : RunObserver {
  explicit StopAfter(std::uint64_t n) : generations(n) {}
  void progress(const SearchProgress& p) override {
    if (p.generation >= generations) stop = true;
  }
  std::uint64_t generations;
  std::atomic<bool> stop{false};
};

const std::filesystem::path& undisturbed() {
  static const std::filesystem::path directory = [] {
    const auto made = scratch("search") / "undisturbed";
    run(load({"executor.jobs=1"}), made);
    return made;
  }();
  return directory;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_run_leaves_its_files_and_says_what_it_found) {
  const auto directory = undisturbed().parent_path() / "files";
  const RunSummary summary = run(load(), directory);
  BOOST_TEST(summary.evaluations == 24);
  BOOST_TEST(summary.stop_reason == "budget: generations");
  BOOST_TEST(summary.files.size() == 6);
  BOOST_REQUIRE_EQUAL(summary.rules.size(), 3);
  BOOST_TEST(summary.rules[1].name == "no_plasticity");
  BOOST_TEST(summary.rules[0].report.networks == 4);
  const Hdf5Reader in(directory / "results.h5");
  BOOST_TEST(in.shape("search/losses") == (std::vector<std::size_t>{24, 3, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(in.shape("search/parameters") == (std::vector<std::size_t>{24, 7}),
             boost::test_tools::per_element());
  BOOST_TEST(in.texts("loss_names") == (std::vector<std::string>{"time", "rate", "effect"}),
             boost::test_tools::per_element());
  // The objective is the sum over networks of the weighted parts.
  const auto losses = in.reals("search/losses"), sums = in.reals("search/loss");
  const auto ends = in.integers("search/end");
  for (std::size_t e = 0; e < sums.size(); ++e) {
    if (ends[3 * e] + ends[3 * e + 1] + ends[3 * e + 2] > 0) continue;
    double sum = 0;
    for (std::size_t k = 0; k < 9; ++k) sum += losses[9 * e + k];
    BOOST_TEST(std::abs(sum - sums[e]) < 1e-12 * sum);
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_jobs_does_not_change_a_byte) {
  const auto two = undisturbed().parent_path() / "two";
  run(load({"executor.jobs=2"}), two);
  check_same(undisturbed(), two);
}

BOOST_AUTO_TEST_CASE(the_resolved_pipeline_of_a_run_gives_the_same_bytes) {
  const auto again = undisturbed().parent_path() / "resolved";
  run(load_pipeline(built_plugins(), undisturbed() / "pipeline.toml"), again);
  check_same(undisturbed(), again);
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_has_no_results_until_they_are_of_its_rule) {
  const auto directory = undisturbed().parent_path() / "going_on",
             whole = undisturbed().parent_path() / "gone_on";
  const Pipeline more = load({"search.budget={generations=9}"});
  run(load(), directory);
  StopAfter stop(7);
  BOOST_TEST(run(more, directory, true, &stop.stop, &stop).interrupted);
  BOOST_TEST(!std::filesystem::exists(directory / "results.h5"));
  BOOST_TEST(std::filesystem::exists(directory / "results.h5.before"));
  BOOST_TEST(!run(more, directory, true).interrupted);
  BOOST_TEST(!std::filesystem::exists(directory / "results.h5.before"));
  run(more, whole);
  check_same(whole, directory);
}

BOOST_AUTO_TEST_CASE(an_interrupted_search_goes_on_to_the_same_bytes) {
  for (const RegisteredPlugin* plugin : built_plugins().all()) {
    if (plugin->kind() != hebbforge::abi::Kind::optimizer) continue;
    const std::string optimizer(plugin->name());
    std::string choice = "search.optimizer={plugin=\"" + optimizer + "\"";
    for (const hebbforge::abi::Parameter& p : plugin->descriptor->parameters) {
      if (p.name == std::string_view("population")) choice += ",population=4";
    }
    choice += "}";
    const auto whole = undisturbed().parent_path() / ("whole_" + optimizer);
    const auto parts = undisturbed().parent_path() / ("parts_" + optimizer);
    run(load({choice}), whole);
    for (std::uint64_t k = 1; k <= 5; k += 2) {
      StopAfter stop(k);
      BOOST_TEST(run(load({choice}), parts, true, &stop.stop, &stop).interrupted);
      BOOST_TEST(!std::filesystem::exists(parts / "results.h5"));
    }
    BOOST_TEST(!run(load({choice}), parts, true).interrupted);
    check_same(whole, parts);
  }
}

BOOST_AUTO_TEST_CASE(a_finished_search_can_get_a_larger_budget) {
  const auto longer = undisturbed().parent_path() / "longer";
  run(load({"search.budget={generations=2}"}), longer);
  run(load(), longer, true);
  check_same(undisturbed(), longer);
}

BOOST_AUTO_TEST_CASE(a_finished_run_that_is_resumed_keeps_every_byte) {
  const auto copy = undisturbed().parent_path() / "finished";
  std::filesystem::copy(undisturbed(), copy, std::filesystem::copy_options::recursive);
  const RunSummary summary = run(load(), copy, true);
  check_same(undisturbed(), copy);
  BOOST_TEST(summary.rules.at(1).report.networks == 4);
  BOOST_TEST(summary.lives ==
             24 * 3 + 4 + 2 * (3 + 2 + 4) +
                 2 * static_cast<int>(Hdf5Reader(copy / "results.h5").integers("select/evaluation").size()));
}

BOOST_AUTO_TEST_CASE(a_report_of_another_size_is_made_anew) {
  const auto small_report = undisturbed().parent_path() / "small_report",
             grown = undisturbed().parent_path() / "grown";
  run(load({"networks.report=0"}), small_report);
  BOOST_TEST(!Hdf5Reader(small_report / "results.h5").has("report/end"));
  run(load({"networks.report=2"}), grown);
  run(load(), grown, true);
  check_same(undisturbed(), grown);
  BOOST_TEST(run(load({"networks.report=0"}), grown, true).rules.at(0).report.networks == 0);
}

BOOST_AUTO_TEST_CASE(a_search_does_not_go_on_with_another_kernel) {
  RunOptions options;
  options.directory = undisturbed();
  options.resume = options.reference_kernel = true;
  BOOST_CHECK_THROW(run_search(load(), options), ConfigError);
}

BOOST_AUTO_TEST_CASE(two_losses_with_a_measure_of_one_name_keep_them_apart) {
  const Pipeline p =
      load({"loss.inhibitory={plugin=\"time_decoder\",population=\"I\",weight=0,fit={trials=\"organise[-8:-4]"
            "\"},test={trials=\"organise[-4:]\"}}"});
  SimulateOptions options;
  options.out = undisturbed().parent_path() / "two_decoders.h5";
  const SimulateSummary summary = simulate(p, options);
  BOOST_TEST(summary.measure_names == (std::vector<std::string>{"time.r2", "inhibitory.r2"}),
             boost::test_tools::per_element());
  BOOST_TEST(summary.lives[0].measures[0] != summary.lives[0].measures[1]);
  const Hdf5Reader in(options.out);
  BOOST_TEST(in.attribute("/", "decoder_loss") == 1000 * (1 - in.attribute("/", "time.r2")),
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_run_directory_is_not_overwritten_and_belongs_to_its_pipeline) {
  BOOST_CHECK_THROW(run(load(), undisturbed()), ConfigError);
  try {
    run(load({"loss.time.weight=500"}), undisturbed(), true);
    BOOST_FAIL("another pipeline was accepted");
  } catch (const ConfigError& error) {
    BOOST_TEST(std::string(error.what()).find("there: weight = 1000.0\n  here:  weight = 500.0") !=
                   std::string::npos,
               error.what());
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_gives_a_message) {
  const auto damaged = undisturbed().parent_path() / "damaged";
  std::filesystem::create_directories(damaged);
  const std::string good = bytes(undisturbed() / "checkpoint.h5");
  for (const std::size_t length : {std::size_t{0}, std::size_t{100}, good.size() / 2, good.size() - 100}) {
    std::ofstream(damaged / "checkpoint.h5", std::ios::binary | std::ios::trunc) << good.substr(0, length);
    BOOST_CHECK_THROW(run(load(), damaged, true), SimulationError);
  }
}

BOOST_AUTO_TEST_CASE(budgets_are_never_exceeded) {
  const auto base = undisturbed().parent_path();
  BOOST_TEST(run(load({"search.budget={evaluations=11}"}), base / "evaluations").evaluations == 8);
  BOOST_TEST(run(load({"search.budget={lives=30}"}), base / "lives").evaluations == 8);
}

BOOST_AUTO_TEST_CASE(networks_are_redrawn_in_every_generation_if_asked_for) {
  const auto directory = undisturbed().parent_path() / "redrawn";
  run(load({"search.redraw=\"generation\""}), directory);
  const Hdf5Reader in(directory / "results.h5");
  const auto first = in.integers("search/first_network");
  BOOST_TEST(first[0] == 0);
  BOOST_TEST(first[4] == 3);
  BOOST_TEST(first[23] == 15);
  BOOST_TEST((bytes(directory / "evaluations.csv") != bytes(undisturbed() / "evaluations.csv")));
}

namespace {

std::vector<std::string> race(const std::string& racing, const std::string& jobs = "2") {
  return {"search.racing=" + racing, "executor.jobs=" + jobs, "networks={search=6,select=2,report=2}",
          "search.optimizer={plugin=\"cma_es\",population=8,active=false}", "search.budget={generations=5}"};
}

}  // namespace

BOOST_AUTO_TEST_CASE(racing_finds_the_same_rule_with_fewer_lives_whatever_the_threads) {
  const auto folder = scratch("racing");
  const RunSummary full = run(load(race("false")), folder / "full");
  const RunSummary raced = run(load(race("true")), folder / "raced");
  BOOST_TEST(raced.evaluations == full.evaluations);
  BOOST_TEST(raced.lives < full.lives);
  BOOST_TEST((bytes(folder / "raced/rule.toml") == bytes(folder / "full/rule.toml")));
  run(load(race("true", "1")), folder / "one_thread");
  check_same(folder / "one_thread", folder / "raced");

  const Hdf5Reader in(folder / "raced/results.h5"), all(folder / "full/results.h5");
  const auto end = in.integers("search/end");
  const auto left_out = std::ranges::count(end, static_cast<std::uint64_t>(LifeEnd::unfinished));
  BOOST_TEST(left_out == full.lives - raced.lives);
  // What was run is what it would have been; what was left out bounds the loss from below.
  const auto loss = in.reals("search/loss"), whole = all.reals("search/loss");
  BOOST_TEST(in.reals("search/parameters") == all.reals("search/parameters"));
  int bounds = 0;
  for (std::size_t k = 0; k < loss.size(); ++k) {
    BOOST_TEST(loss[k] <= whole[k]);
    bounds += loss[k] < whole[k];
  }
  BOOST_TEST(bounds > 0);
  BOOST_TEST(bytes(folder / "raced/evaluations.csv").find("networks_left_out") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_race_that_was_interrupted_goes_on_to_the_same_bytes) {
  const auto folder = scratch("racing_resumed");
  run(load(race("true")), folder / "undisturbed");
  StopAfter observer(2);
  run(load(race("true")), folder / "resumed", false, &observer.stop, &observer);
  run(load(race("true")), folder / "resumed", true);
  check_same(folder / "resumed", folder / "undisturbed");
}

BOOST_AUTO_TEST_CASE(racing_is_refused_where_the_order_of_losers_counts) {
  BOOST_CHECK_EXCEPTION(run(load({"search.racing=true"}), scratch("racing_active") / "run"), ConfigError,
                        [](const ConfigError& e) {
                          return std::string(e.what()).find("use cma_es with active = false") !=
                                 std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(a_search_starts_from_a_rule_or_from_a_run) {
  const auto base = undisturbed().parent_path();
  const auto start = "search.start_from=" + undisturbed().string();
  run(load({start, "search.budget={generations=1}"}), base / "from_run");
  const Hdf5Reader before(undisturbed() / "checkpoint.h5"), after(base / "from_run/results.h5");
  BOOST_TEST(after.has("distribution/covariance"));
  // Four candidates around the other run's mean, not around the pipeline's start.
  const auto mean = before.reals("distribution/mean"), candidates = after.reals("search/parameters");
  double from_mean = 0;
  for (std::size_t k = 0; k < 4; ++k)
    from_mean = std::max(from_mean, std::abs(candidates[7 * k + 6] - mean[6]));
  BOOST_TEST(from_mean < 1.0);
  const auto rule = "search.start_from=" + (undisturbed() / "rule.toml").string();
  const Pipeline p = load({rule});
  const Hdf5Reader results(undisturbed() / "results.h5");
  const auto picked = results.integers("select/evaluation").at(results.integer("picked") - 1);
  BOOST_TEST(p.search->free[0].start == results.reals("search/parameters").at(7 * picked));
}

BOOST_AUTO_TEST_CASE(a_failed_candidate_is_behind_every_healthy_one_and_graded) {
  const Pipeline pipeline = load();
  Scores scores;
  scores.layout = LifeLayout::of(pipeline);
  scores.networks = 2;
  scores.lives = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(scores.layout.size()), 4);
  scores.lives.col(0)[2] = 5;
  scores.lives.col(1)[2] = 7;
  scores.lives.col(0)[1] = scores.lives.col(1)[1] = scores.lives.col(2)[1] = 12;
  scores.lives.col(3)[0] = 2;  // runaway after 6 of 12 trials
  scores.lives.col(3)[1] = 6;
  BOOST_TEST(scores.sum(0, 12, true, 0) == 12);
  BOOST_TEST(scores.sum(1, 12, true, 0) == 1e12 * (2 - 18.0 / 24));
  BOOST_TEST(scores.sum(1, 12, false, 0.5) == 2e8 + 5e6);
  BOOST_TEST(std::isinf(scores.loss(1, 1)));
}

BOOST_AUTO_TEST_CASE(medians_and_their_intervals) {
  BOOST_TEST(median({3, 1, 2}) == 2);
  BOOST_TEST(median({4, 1, 2, 3}) == 2.5);
  BOOST_TEST(std::isinf(median({1, HUGE_VAL, HUGE_VAL})));
  BOOST_TEST(std::isnan(median({})));
  std::vector<double> values;
  for (int k = 0; k < 101; ++k) values.push_back(k);
  const Interval interval = median_interval(values);
  // The exact binomial 95 % interval of the median of 101 ordered values is [40, 60].
  BOOST_TEST(interval.low >= 37);
  BOOST_TEST(interval.low <= 43);
  BOOST_TEST(interval.high >= 57);
  BOOST_TEST(interval.high <= 63);
}
