#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <sstream>
#include <utility>

#include "host/hdf5_file.hpp"
#include "registry.hpp"
#include "stages/evaluator.hpp"

using namespace hebbforge;
namespace {

const std::filesystem::path pipelines = std::filesystem::path(HEBBFORGE_TEST_DATA) / "pipelines";

Pipeline small(std::vector<std::string> overrides = {}) {
  PipelineOptions options;
  options.overrides = std::move(overrides);
  return load_pipeline(built_plugins(), pipelines / "small.toml", options);
}

// Lines of the message that begin a mistake, "file:line:col: " cut to "line:col ".
std::vector<std::string> mistakes_of(const std::filesystem::path& file,
                                     std::vector<std::string> overrides = {}) {
  PipelineOptions options;
  options.overrides = std::move(overrides);
  std::vector<std::string> found;
  try {
    load_pipeline(built_plugins(), file, options);
  } catch (const ConfigError& error) {
    std::istringstream text(error.what());
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("  ")) continue;
      const auto prefix = file.string() + ":";
      found.push_back(line.starts_with(prefix) ? line.substr(prefix.size()) : line);
    }
  }
  return found;
}

std::filesystem::path written(const std::string& text) {
  static const auto directory = scratch("pipeline");
  const auto file = directory / "p.toml";
  std::ofstream(file) << text;
  return file;
}

}  // namespace

BOOST_AUTO_TEST_CASE(ten_mistakes_get_ten_messages_with_their_places) {
  const std::vector<std::string> expected{
      "2:12: 'seed' is \"eight\"; expected a whole number",
      "3:23: no preset named 'bell2024.hcv'. Did you mean 'bell2024.hvc'? Available: ",
      "4:23: 'search' is 0; expected a whole number from 1 to ",
      "4:39: 'networks' has no key 'raport'. Did you mean 'report'?",
      "11:57: 'frozen_rate' is \"60 ms\"; expected a number in Hz, or a text such as \"80 Hz\"",
      "13:12: 'duration' is \"110 s m\"; expected a number in s, or a text such as \"5 ms\"",
      "17:21: 'organize[-56:-30:5]' names no trials: there is no phase 'organize'. Did you mean 'organise'?",
      "17:44: loss 'hebbforge.time_decoder' has no parameter 'fit.sampels'. Did you mean 'fit.samples'?",
      "21:24: no optimizer named 'cmaes'. Did you mean 'cma_es'? Available: ",
      "22:12: 'budget' has no key 'evaluation'. Did you mean 'evaluations'?"};
  const auto found = mistakes_of(pipelines / "ten_mistakes.toml");
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) BOOST_TEST(found[k].starts_with(expected[k]), found[k]);
}

BOOST_AUTO_TEST_CASE(mistakes_in_the_circuit_are_found_when_its_preset_is_known) {
  const auto found = mistakes_of(pipelines / "ten_mistakes.toml", {"circuit.preset=\"bell2024.hvc\""});
  const auto has = [&](const char* text) {
    return std::ranges::any_of(found, [&](const std::string& line) { return line.starts_with(text); });
  };
  BOOST_TEST(
      has("7:8: plugin 'hebbforge.polynomial' could not be made: 'x q~' is no term: expected a product of w, "
          "x, y, x~, y~, or 1"));
  BOOST_TEST(has("8:1: [pathway.EE] has no key 'probabilty'. Did you mean 'probability'?"));
}

BOOST_AUTO_TEST_CASE(each_kind_of_mistake_has_its_sentence) {
  const std::string head = "circuit = { preset = \"bell2024.hvc\" }\n";
  const std::string phase =
      "[phase.p]\nstimulus = { plugin = \"kick_and_poisson\" }\ntrials = 2\nduration = \"110 ms\"\n";
  const auto only = [&](const std::string& text) {
    const auto found = mistakes_of(written(text));
    std::string all;
    for (const std::string& line : found) all += line + "\n";
    return found.size() == 1 ? found.front() : "not one mistake but:\n" + all;
  };
  const auto says = [&](const std::string& text, const std::string& start) {
    const std::string found = only(text);
    BOOST_TEST(found.find(start) != std::string::npos, found);
  };
  says(head, "1:1: the pipeline has no phase");
  says(phase, "the pipeline has no population: choose a circuit preset (there are: bell2024.basis20");
  says(head + "speling = 1\n" + phase, "2:1: the pipeline has no key 'speling'");
  says(head + "[pathway.XX]\nfrom = \"E\"\nto = \"F\"\nweights = 1\n" + phase,
       "4:6: 'to' is \"F\". Did you mean 'E'? Expected one of: E, I");
  says(head + "[pathway.XX]\nfrom = \"E\"\nto = \"I\"\n" + phase,
       "2:10: [pathway.XX] needs the key 'weights'");
  says(head + "[pathway.EE]\nprobability = 1.5\n" + phase,
       "3:15: 'probability' is 1.5; expected a value from 0 to 1");
  says(head + "[pathway.EE]\nweights = { distribution = \"uniform\", low = 2, high = 1 }\n" + phase,
       "'high' is below 'low'");
  says(head + "[pathway.EE]\nrule = { preset = \"bell2024.basis20\", values = { \"c.z\" = 1 } }\n" + phase,
       "3:50: rule 'hebbforge.polynomial' of this pathway has no parameter 'c.z'");
  says(head + "[pathway.EE]\nrule = { preset = \"bell2024.basis20\", values = \"input\" }\n" + phase,
       "values = \"input\" needs an input file");
  says("circuit = { preset = \"bell2024.hvc\", dt = \"0.2 ms\" }\n[pathway.EE]\nrule = \"temporal_oja\"\n" +
           phase,
       "the learning rate of pathway 'EE' is per step of 1e-04 s, the circuit's dt is 2e-04 s");
  says(head + phase + "[perturbation.t]\nplugin = \"synaptic_turnover\"\npathway = \"EF\"\n",
       "8:11: there is no pathway 'EF'. Did you mean 'EE'?");
  says(head + phase + "[perturbation.t]\nplugin = \"synaptic_turnover\"\n", "needs the parameter 'pathway'");
  says(head + phase +
           "[loss.t]\nplugin = \"time_decoder\"\nfit = { trials = \"p[0]\" }\ntest = { trials = \"p[2]\" }\n",
       "9:19: 'p[2]' names no trials: the phase has trials 0 to 1");
  says(head + phase +
           "[loss.t]\nplugin = \"time_decoder\"\nwindow = [0.1, 0.05]\nfit = { trials = \"p[0]\" }\ntest = { "
           "trials = \"p[1]\" }\n",
       "6:7: plugin 'hebbforge.time_decoder' could not be made: 'window' needs two times");
  says(head + "input = \"nothing.h5\"\n" + phase, "2:9: cannot read");
  says(head + phase +
           "[loss.e]\nplugin = \"rule_effect\"\n[search]\noptimizer = \"cma_es\"\nbudget = { evaluations = 1 "
           "}\n[search.free]\n\"EE.c.*\" = true\n",
       "12:1: nothing that may be searched is named 'EE.c.*'");
  says(head + "[pathway.EE]\nweights = nan\n" + phase, "'weights' is nan; expected a number");
  says(head + "[phase.all]\nstimulus = \"kick_and_poisson\"\ntrials = 2\nduration = 0.11\n",
       "'all' is no name for a phase");
  says(head + phase + "[loss.r]\nplugin = \"mean_rate\"\ntrials = [\"\"]\n", "'' names no trials");
  says(
      std::string("a") +
          [] {
            std::string dots;
            for (int k = 0; k < 200; ++k) dots += ".a";
            return dots;
          }() +
          " = 1\n",
      "more than 100 dots");
  says(head + "[population.\"a b\"]\nsize = 1\nneuron = \"threshold_linear\"\n" + phase,
       "2:13: the name \"a b\" may only have letters");
}

BOOST_AUTO_TEST_CASE(free_parameters_follow_the_file_and_later_entries_refine) {
  const Pipeline p = small();
  std::vector<std::string> paths;
  for (const FreeParameter& f : p.search->free) paths.push_back(f.path);
  const std::vector<std::string> expected{"EE.c.x~*y",   "EE.c.x*y~",     "EE.c.w*y~*y",        "EE.tau.x~*y",
                                          "EE.tau.x*y~", "EE.tau.w*y~*y", "organise.fresh_rate"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
  BOOST_TEST(p.search->free[0].lower == -10);
  BOOST_TEST(p.search->free[2].upper == 0);
  BOOST_TEST(p.search->free[2].start == -0.001);
  BOOST_TEST(p.search->free[3].start == 0.005);
  BOOST_TEST(p.search->free[6].log_scale);
}

BOOST_AUTO_TEST_CASE(rules_share_time_constants_as_published_or_have_their_own) {
  const auto all_synapses = [](const std::string& map) {
    PipelineOptions options;
    options.overrides = {"search.time_constants=\"" + map + "\""};
    return load_pipeline(built_plugins(), pipelines / "../../../examples/paper/fig5_all_synapses.toml",
                         options);
  };
  constexpr std::size_t coefficients = 20, taus = 12;
  // A value of its own for each free parameter, and what each rule gets of it.
  const auto rows_of = [&](const Pipeline& p) {
    Eigen::VectorXd candidate(static_cast<Eigen::Index>(p.search->free.size()));
    double next = 0;
    for (Eigen::Index k = 0; k < candidate.size(); ++k) {
      const bool tau = p.search->free[static_cast<std::size_t>(k)].unit == "s";
      candidate[k] = tau ? 1e-3 * (1 + next++) : 0.01;
    }
    const Pipeline set = with_candidate(p, view_of(std::as_const(candidate)));
    std::vector<std::vector<double>> rows;
    for (const char* name : {"EE", "EI", "IE"}) {
      const auto path = std::ranges::find(set.pathways, name, &PathwaySpec::name);
      for (std::size_t k = 0; k < coefficients; ++k) BOOST_TEST(path->rule->values[k] == 0.01);
      auto& row = rows.emplace_back();
      for (std::size_t j = 0; j < taus; ++j)
        row.push_back(std::round(1e3 * path->rule->values[coefficients + j]) - 1);
    }
    return rows;
  };
  const Pipeline own = all_synapses("decoupled"), shared = all_synapses("published");
  BOOST_TEST(own.search->free.size() == 96);
  BOOST_TEST(shared.search->free.size() == 60 + 14);
  const auto own_rows = rows_of(own), shared_rows = rows_of(shared);
  // The search vector has EE's 12, then what is left of EI's and IE's: their last.
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t j = 0; j < taus; ++j) {
      BOOST_TEST(own_rows[k][j] == static_cast<double>(taus * k + j));
      BOOST_TEST(shared_rows[k][j] == static_cast<double>(k + j));
    }
  }
  BOOST_TEST(shared.search->free[72].path == "EI.tau.w*x~*x");
  BOOST_TEST(shared.search->free[73].path == "IE.tau.w*x~*x");
  const Pipeline again = load_pipeline(built_plugins(), written(shared.resolved));
  BOOST_TEST(again.resolved == shared.resolved);
  BOOST_TEST((rows_of(again) == shared_rows));
  BOOST_TEST(mistakes_of(pipelines / "small.toml", {"search.time_constants=\"published\""})
                 .at(0)
                 .find("fewer than two pathways have a rule; leave it out") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(free_parameters_have_to_fit) {
  const auto first = [](const std::string& entry) {
    return mistakes_of(pipelines / "small.toml", {"search.free." + entry}).at(0);
  };
  BOOST_TEST(
      first("\"EE.c.x~*y\"={start=20}").find("the start of 'EE.c.x~*y', 20.0, lies outside of its range") !=
      std::string::npos);
  BOOST_TEST(first("\"EE.c.x~*y\"={range=[-20,20]}").find("'range' exceeds what 'EE.c.x~*y' allows") !=
             std::string::npos);
  BOOST_TEST(first("\"EE.c.x~*y\"={range=[1,-1]}").find("the first value of 'range' is above the second") !=
             std::string::npos);
  BOOST_TEST(
      first("\"EE.c.x~*y\"={scale=\"log\"}").find("is on a log scale, so its range has to be above 0") !=
      std::string::npos);
  BOOST_TEST(first("\"E.threshold\"={start=0.1}").find("needs a 'step'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_resolved_pipeline_resolves_to_itself) {
  const Pipeline p = small();
  BOOST_TEST(p.resolved.find("preset") == std::string::npos);
  BOOST_TEST(p.resolved.find("[plugins.optimizer.\"hebbforge.cma_es\"]") != std::string::npos);
  const Pipeline again = load_pipeline(built_plugins(), written(p.resolved));
  BOOST_TEST(again.resolved == p.resolved);
}

BOOST_AUTO_TEST_CASE(overrides_and_seeds_replace_what_the_file_says) {
  BOOST_TEST(small({"loss.time.weight=500"}).losses[0].weight == 500);
  const Pipeline other = small({"search.optimizer={plugin=\"random_search\"}"});
  BOOST_TEST(other.search->optimizer.plugin->name() == "hebbforge.random_search");
  PipelineOptions options;
  options.seed = 99;
  options.overrides = {"seeds.networks=5"};
  const Pipeline seeded = load_pipeline(built_plugins(), pipelines / "small.toml", options);
  BOOST_TEST(seeded.seeds.inputs == 99);
  BOOST_TEST(seeded.seeds.networks == 5);
}

BOOST_AUTO_TEST_CASE(a_seed_given_on_the_command_line_replaces_those_of_a_resolved_file) {
  PipelineOptions options;
  options.seed = 99;
  const Pipeline p = load_pipeline(built_plugins(), written(small().resolved), options);
  BOOST_TEST(p.seeds.networks == 99);
  BOOST_TEST(p.seeds.optimizer == 99);
}

BOOST_AUTO_TEST_CASE(a_rule_file_that_was_cut_short_is_no_other_rule) {
  const auto rule = scratch("rule") / "cut.toml";
  std::ofstream(rule) << "[pathway.EE]\nplugin = \"temporal_oja\"\nvalues = { \"c.x~*y\" = 0.01 }\n";
  PipelineOptions options;
  options.rule = rule.string();
  try {
    load_pipeline(built_plugins(), pipelines / "small.toml", options);
    BOOST_FAIL("accepted");
  } catch (const ConfigError& error) {
    BOOST_TEST(std::string(error.what()).find("needs the key 'c.x*y~'") != std::string::npos, error.what());
  }
}

BOOST_AUTO_TEST_CASE(a_rule_file_brings_along_what_was_found_with_it) {
  const auto rule = scratch("rule") / "with_others.toml";
  PipelineOptions options;
  options.rule = rule.string();
  const auto fresh_rate = [&] {
    const Pipeline p = load_pipeline(built_plugins(), pipelines / "small.toml", options);
    return p.phases[0].stimulus.config.real("fresh_rate");
  };
  std::string oja = "[pathway.EE]\nplugin = \"temporal_oja\"\n[pathway.EE.values]\n";
  for (const char* term : {"x~*y", "x*y~", "w*y~*y"}) {
    oja += "\"c." + std::string(term) + "\" = 0.001\n";
    oja += "\"tau." + std::string(term) + "\" = 0.005\n";
  }
  oja += "[set]\n";
  std::ofstream(rule) << oja << "phase.organise.stimulus.fresh_rate = \"31 Hz\"\n";
  BOOST_TEST(fresh_rate() == 31);
  std::ofstream(rule) << oja << "\"phase.organise.stimulus.fresh_rate\" = 32\n";
  BOOST_TEST(fresh_rate() == 32);
  options.overrides = {"phase.organise.stimulus.fresh_rate=12"};
  BOOST_TEST(fresh_rate() == 12);
  const auto refused = [&](const std::string& line, const std::string& expected) {
    std::ofstream(rule) << oja << line << "\n";
    try {
      fresh_rate();
      BOOST_FAIL("accepted: " + line);
    } catch (const ConfigError& error) {
      BOOST_TEST(std::string(error.what()).find(expected) != std::string::npos, error.what());
    }
  };
  options.overrides.clear();
  refused("constraint.cap.maximum = 2",
          "found together with 'constraint.cap.maximum', which the pipeline does not");
  refused("perturbation.turnover.probabilty = 0.1", "Did you mean 'perturbation.turnover.probability'?");
  refused("perturbation.turnover.probability = 3", "'perturbation.turnover.probability' is 3");
  refused("perturbation.turnover.probability = \"often\"", "with_others.toml:11:");
}

BOOST_AUTO_TEST_CASE(presets_build_on_presets_but_not_in_circles) {
  const auto folder = scratch("presets");
  std::ofstream(folder / "inner.toml") << "plugin = \"temporal_oja\"\n";
  std::ofstream(folder / "outer.toml") << "preset = \"inner.toml\"\n";
  std::ofstream(folder / "circle.toml") << "preset = \"circle.toml\"\n";
  const auto file = folder / "p.toml";
  const std::string rest =
      "circuit = { preset = \"bell2024.hvc\" }\n[phase.p]\nstimulus = \"kick_and_poisson\"\ntrials = "
      "1\nduration = 0.11\n[pathway.EE]\nrule = { preset = ";
  std::ofstream(file) << rest << "\"outer.toml\" }\n";
  BOOST_TEST(load_pipeline(built_plugins(), file).pathways[0].rule->basis->terms().size() == 3);
  std::ofstream(file) << rest << "\"circle.toml\" }\n";
  BOOST_TEST(mistakes_of(file).size() == 1);
}

BOOST_AUTO_TEST_CASE(trials_are_named_as_python_slices_them) {
  const Pipeline p = small({"phase.second={stimulus={plugin=\"kick_and_poisson\"},trials=5,duration=0.11}"});
  const auto trials = [&](const char* text) { return trials_named(p.phases, text); };
  using List = std::vector<std::int64_t>;
  BOOST_TEST(trials("organise[-8:-4]") == (List{4, 5, 6, 7}), boost::test_tools::per_element());
  BOOST_TEST(trials("organise[::5]") == (List{0, 5, 10}), boost::test_tools::per_element());
  BOOST_TEST(trials("second[-1]") == (List{16}), boost::test_tools::per_element());
  BOOST_TEST(trials("second[1:100:2]") == (List{13, 15}), boost::test_tools::per_element());
  BOOST_TEST(trials("last") == (List{16}), boost::test_tools::per_element());
  BOOST_TEST(trials("all").size() == 17);
  BOOST_TEST(trials("organise[5:2]").empty());
  for (const char* wrong : {"third", "organise[", "organise[a]", "organise[1:2:0]", "organise[12]", ""})
    BOOST_CHECK_THROW(trials(wrong), Error);
}

BOOST_AUTO_TEST_CASE(a_life_that_is_cut_into_two_phases_with_the_same_stimulus_is_the_same_life) {
  // Without fresh input, whose numbers go by the phase, and with losses that name trials of the whole life.
  const std::string frozen = "{plugin=\"kick_and_poisson\",fresh_rate=0}";
  const std::vector<std::string> losses{"loss.time.fit.trials=\"all\"", "loss.time.test.trials=\"last\""};
  const auto loss = [&](std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), losses.begin(), losses.end());
    overrides.push_back("search.free={\"EE.c.*\"=true}");
    return run_life(small(overrides), {}).losses.at(0);
  };
  const std::string whole = "phase.organise={stimulus=" + frozen + ",trials=12}";
  const std::string first = "phase.organise={stimulus=" + frozen + ",trials=7}";
  const std::string second = "phase.second={stimulus=" + frozen + ",trials=5,duration=0.11";
  const std::string turnover = "perturbation.turnover.trials=\"all\"";
  BOOST_TEST(loss({whole, turnover}) == loss({first, second + "}", turnover}));
  BOOST_TEST(loss({whole, turnover}) != loss({first, second + ",frozen_input=\"second\"}", turnover}));
}

BOOST_AUTO_TEST_CASE(rules_of_the_pipeline_are_replaced_by_a_rule_file) {
  PipelineOptions options;
  options.rule = "bell2024.mean_still";
  const Pipeline p = load_pipeline(
      built_plugins(), std::filesystem::path(HEBBFORGE_SOURCE) / "examples/02_find_a_rule/pipeline.toml",
      options);
  BOOST_REQUIRE(p.pathways[0].rule.has_value());
  BOOST_TEST(p.pathways[0].rule->values[7] == 0.0179457);
  BOOST_TEST(p.pathways[0].rule->values[20 + 10] == 0.00166);
  options.rule = "no_plasticity";
  const Pipeline none = load_pipeline(built_plugins(), pipelines / "small.toml", options);
  BOOST_TEST(!none.pathways[0].rule.has_value());
}

BOOST_AUTO_TEST_CASE(a_rule_for_other_scales_is_refused) {
  const auto found = mistakes_of(pipelines / "small.toml", {"pathway.EE.rate_scale=0.05"});
  BOOST_REQUIRE_EQUAL(found.size(), 1);
  BOOST_TEST(found[0].find("the rule is for rate_scale = 0.02, the pipeline's pathway has 0.05") !=
                 std::string::npos,
             found[0]);
}
