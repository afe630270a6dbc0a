#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "command.hpp"
#include "engine/instruction_set.hpp"
#include "engine/load_store.hpp"
#include "engine/padded.hpp"
#include "host/whole_file.hpp"
#include "scratch.hpp"
#include "stages/processor_time.hpp"

namespace hebbforge::cli {
namespace {

constexpr double published_steps = 399 * 1099;  // of a life of Bell et al. (2024)

struct Arguments {
  std::filesystem::path csv;
  bool quick = false;
};

/// What is measured: the published circuit at another size.
struct Case {
  Eigen::Index excitatory = 25;
  bool all_plastic = false, turnover = false, reference = false;
  double probability = 1;  ///< of a synapse in EE
  Eigen::Index inhibitory() const { return excitatory * 8 / 25; }
};

struct Measured {
  double step = 0;      ///< s
  double sweep = 0;     ///< s, of a load and a store of every plastic weight
  double synapses = 0;  ///< plastic ones, on average; without those that a probability below 1 leaves out
};

// Weights shrink as the circuit grows and learning is slow: the activity stays that of the small circuit.
std::string pipeline_text(const Case& c) {
  const double share = 25.0 / static_cast<double>(c.excitatory), own_share = share / c.probability;
  const auto number = [](double x) { return std::to_string(x); };
  const std::string rule = "rule = { preset = \"bell2024.basis20\" }\nlearning_rate = 1e-9\n";
  std::string text = "circuit = { preset = \"bell2024.hvc\" }\n";
  text += "[population.E]\nsize = " + std::to_string(c.excitatory) + "\n";
  text += "[population.I]\nsize = " + std::to_string(c.inhibitory()) + "\n";
  text += "[pathway.EE]\nprobability = " + number(c.probability) +
          "\nweights = { distribution = \"uniform\", low = " + number(0.08 * own_share) +
          ", high = " + number(0.4 * own_share) + " }\n" + rule;
  text += "[pathway.EI]\nweights = { distribution = \"normal\", mean = " + number(0.5 * share) +
          ", sd = " + number(0.15 * share) + " }\n" + (c.all_plastic ? rule : "");
  text += "[pathway.IE]\nweights = { distribution = \"normal\", mean = " + number(-0.3 * share) +
          ", sd = " + number(0.09 * share) + " }\n" + (c.all_plastic ? rule : "");
  text += "[phase.life]\nstimulus = { plugin = \"kick_and_poisson\" }\ntrials = 1\nduration = \"110 ms\"\n";
  if (c.turnover) {
    text +=
        "[perturbation.turnover]\nplugin = \"synaptic_turnover\"\npathway = \"EE\"\nprobability = 7.2e-4\n";
  }
  return text;
}

Pipeline make_pipeline(Session& session, const Case& c) {
  const Scratch scratch;
  const std::filesystem::path file = scratch.path() / "bench.toml";
  write_text_file(file, pipeline_text(c));
  Pipeline pipeline = load_pipeline(session.registry, file);
  for (PathwaySpec& pathway : pipeline.pathways) {
    if (!pathway.rule) continue;
    const auto parameters = pathway.rule->basis->parameters();
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      // All 20 terms, and time constants of their own as in a learned rule.
      const bool is_coefficient = std::string_view(parameters[k].name).starts_with("c.");
      pathway.rule->values[k] =
          is_coefficient ? (k % 2 == 0 ? 1e-3 : -1e-3) : 4e-3 + 2e-4 * static_cast<double>(k);
    }
  }
  return pipeline;
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The shortest of some runs.
double best_of(int repeats, double (*clock)(), const auto& function) {
  double best = HUGE_VAL;
  for (int k = 0; k < repeats; ++k) {
    const double start = clock();
    function();
    best = std::min(best, clock() - start);
  }
  return best;
}

double plastic_synapses(const Pipeline& pipeline) {
  double count = 0;
  for (const PathwaySpec& p : pipeline.pathways) {
    if (!p.rule) continue;
    count +=
        p.probability * static_cast<double>(pipeline.populations[pipeline.population_index(p.from)].size *
                                            pipeline.populations[pipeline.population_index(p.to)].size);
  }
  return count;
}

// Twice the trials less once the trials: without what a life costs to set up.
double time_of_trials(Pipeline& pipeline, bool reference, std::int64_t trials, int repeats) {
  LifeOptions options;
  options.reference_kernel = reference;
  const auto time = [&](std::int64_t n) {
    pipeline.phases[0].trials = n;
    for (PerturbationSpec& p : pipeline.perturbations) p.trials = trials_named(pipeline.phases, "all");
    return best_of(repeats, processor_seconds, [&] {
      if (const LifeResult life = run_life(pipeline, options); life.end != LifeEnd::healthy)
        throw SimulationError(std::string("a life of the benchmark failed: ") + name_of(life.end));
    });
  };
  const double once = time(trials), twice = time(2 * trials);
  return std::max(twice - once, 0.0);
}

double time_of_sweep(const Pipeline& pipeline, int repeats) {
  double total = 0;
  for (const PathwaySpec& p : pipeline.pathways) {
    if (!p.rule) continue;
    engine::PaddedMatrix w(pipeline.populations[pipeline.population_index(p.to)].size,
                           pipeline.populations[pipeline.population_index(p.from)].size);
    const auto size = static_cast<std::size_t>(w.pitch() * w.cols());
    const auto sweeps = std::max<std::size_t>(1, 20'000'000 / size);
    total += best_of(repeats, processor_seconds,
                     [&] {
                       for (std::size_t k = 0; k < sweeps; ++k) engine::touch(w.data(), size, 1e-9);
                     }) /
             static_cast<double>(sweeps);
  }
  return total;
}

Measured measure(Session& session, const Case& c, bool quick) {
  Pipeline pipeline = make_pipeline(session, c);
  Measured m;
  m.synapses = plastic_synapses(pipeline);
  const double budget = (c.reference ? 0.3e7 : 6e7) * (quick ? 0.5 : 2);  // synapse-steps
  PhaseSpec& phase = pipeline.phases[0];
  const double steps = std::clamp(budget / m.synapses, 20.0, 1099.0);
  phase.steps = static_cast<std::int64_t>(steps) + 1;
  const double input_end = std::min(65e-3, steps * pipeline.dt);
  phase.stimulus.config.set("end", input_end);
  const auto trials = static_cast<std::int64_t>(std::max(1.0, budget / (m.synapses * steps)));
  const int repeats = quick ? 2 : 3;
  m.step = time_of_trials(pipeline, c.reference, trials, repeats) /
           static_cast<double>(trials * (phase.steps - 1));
  m.sweep = time_of_sweep(pipeline, repeats);
  return m;
}

double arithmetic() {
  double a = 1, b = 1, c = 1, d = 1;
  for (int k = 0; k < 100'000'000; ++k) {
    a = a * 0.999 + 0.1;
    b = b * 0.998 + 0.1;
    c = c * 0.997 + 0.1;
    d = d * 0.996 + 0.1;
  }
  return a + b + c + d;
}

double on_threads(unsigned count, const auto& function) {
  return best_of(2, wall_time, [&] {
    std::vector<std::jthread> threads;
    for (unsigned k = 0; k < count; ++k) threads.emplace_back(function);
  });
}

void print_threads(Session& session, bool quick) {
  Pipeline pipeline = make_pipeline(session, {});
  pipeline.phases[0].trials = quick ? 40 : 200;
  const auto life = [&] { run_life(pipeline, {}); };
  volatile double sink = 0;
  const auto loop = [&] { sink = arithmetic(); };
  const double engine_one = on_threads(1, life), engine_two = on_threads(2, life);
  const double loop_one = on_threads(1, loop), loop_two = on_threads(2, loop);
  std::printf("\none life per thread: 1 thread %.3f s, 2 threads %.3f s (%.2f times)\n", engine_one,
              engine_two, engine_two / engine_one);
  std::printf("arithmetic alone:    1 thread %.3f s, 2 threads %.3f s (%.2f times)\n", loop_one, loop_two,
              loop_two / loop_one);
}

// Every size, pathway, kernel, with and without turnover; then sparse pathways.
std::vector<Case> cases(bool quick) {
  std::vector<Eigen::Index> sizes{25, 100};
  if (!quick) sizes.insert(sizes.end(), {400, 1000});
  std::vector<Case> all;
  for (const Eigen::Index n : sizes) {
    for (const bool all_plastic : {false, true}) {
      for (const bool turnover : {false, true}) {
        for (const bool reference : {false, true}) all.push_back({n, all_plastic, turnover, reference});
      }
    }
  }
  for (const Eigen::Index n : sizes) {
    for (const double probability : {0.2, 0.1, 0.05}) {
      if (n > 25) all.push_back({.excitatory = n, .probability = probability});
    }
  }
  return all;
}

void bench_engine(Session& session, const Arguments& arguments) {
  session.find_plugins();
  std::ofstream csv;
  if (!arguments.csv.empty()) {
    csv.open(arguments.csv);
    csv << "instruction_set,engine,excitatory,inhibitory,plastic,probability,turnover,synapses,us_per_step,"
           "s_per_life,ns_per_synapse_step,us_load_store_sweep,sweeps_per_step\n";
    if (!csv) throw ConfigError("cannot write " + arguments.csv.string());
  }
  std::printf("instruction set %s\n\n", std::string(engine::instruction_set()).c_str());
  std::printf(
      "engine     n_E  n_I plastic prob turnover  us/step   s/life  ns/synapse  us/sweep  sweeps/step\n");
  for (const Case& c : cases(arguments.quick)) {
    const Measured m = measure(session, c, arguments.quick);
    const char* name = c.reference ? "reference" : "fused";
    const char* plastic = c.all_plastic ? "all" : "EE";
    const char* turnover = c.turnover ? "yes" : "no";
    std::printf("%-9s %4lld %4lld %-7s %4.2f %-8s %8.3f %8.3f %11.3f %9.3f %12.1f\n", name,
                static_cast<long long>(c.excitatory), static_cast<long long>(c.inhibitory()), plastic,
                c.probability, turnover, 1e6 * m.step, m.step * published_steps, 1e9 * m.step / m.synapses,
                1e6 * m.sweep, m.step / m.sweep);
    std::fflush(stdout);
    if (!csv.is_open()) continue;
    csv << engine::instruction_set() << ',' << name << ',' << c.excitatory << ',' << c.inhibitory() << ','
        << plastic << ',' << c.probability << ',' << turnover << ',' << m.synapses << ',' << 1e6 * m.step
        << ',' << m.step * published_steps << ',' << 1e9 * m.step / m.synapses << ',' << 1e6 * m.sweep << ','
        << m.step / m.sweep << '\n';
  }
  print_threads(session, arguments.quick);
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* bench = app.add_subcommand("bench", "Measure speed, here and now");
  bench->require_subcommand(1);
  CLI::App* command = bench->add_subcommand("engine", "Time per step of lives of several sizes");
  command->add_option("--csv", arguments->csv, "Write the table to this file too")->type_name("FILE");
  command->add_flag("--quick", arguments->quick, "Two sizes and short lives: half a minute");
  add_isa(*command);
  command->footer(
      "A life is the published one: 399 trials of 1099 steps. A sweep loads and stores every plastic weight\n"
      "once: no step of a dense matrix can take less. The time of a step holds inputs, neurons, the rule "
      "and\n"
      "its effects. prob is the connection probability of EE; ns/synapse counts synapses that exist.\n"
      "Example:\n"
      "  hebbforge bench engine --quick");
  command->callback([arguments, &session] { bench_engine(session, *arguments); });
  add_bench_optimizers(*bench, session);
}

}  // namespace hebbforge::cli
