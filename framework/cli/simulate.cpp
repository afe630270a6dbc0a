#include <CLI/CLI.hpp>
#include <cstdio>
#include <hebbforge/host/run.hpp>
#include <memory>

#include "command.hpp"
#include "engine/instruction_set.hpp"
#include "load.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments : PipelineArguments {
  SimulateOptions options;
};

void simulate_and_print(Session& session, Arguments& arguments) {
  const std::vector<Pipeline> pipelines{load(session, arguments, false)};
  const Pipeline& pipeline = pipelines.front();
  if (only_serves(session, pipelines, arguments.reference_kernel())) return;
  catch_signals();
  engine::log_instruction_set();
  arguments.options.reference_kernel = arguments.reference_kernel();
  arguments.options.stop = &stop_requested();
  const SimulateSummary summary = simulate(pipeline, arguments.options);
  std::printf("network       loss");
  for (const std::string& name : summary.measure_names) std::printf("%12s", name.c_str());
  std::printf("  end\n");
  for (const LifeSummary& life : summary.lives) {
    std::printf("%7lld %10.4f", static_cast<long long>(life.network), life.loss);
    for (const double m : life.measures) std::printf("%12.6f", m);
    std::printf("  %s", life.end.c_str());
    if (life.end != "healthy")
      std::printf(" after %lld trials", static_cast<long long>(life.trials_survived));
    std::printf("\n");
  }
  if (summary.lives.size() > 1) {
    const LivesOverview all = overview_of(summary);
    std::printf(" median %10.4f", all.loss);
    for (const double m : all.measures) std::printf("%12.6f", m);
    std::printf("  of %zu healthy lives; %zu failed\n", all.healthy, all.failed);
  }
  if (!arguments.options.out.empty()) std::printf("written: %s\n", arguments.options.out.c_str());
}

}  // namespace

void add_simulate(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("simulate", "Run single lives of a pipeline and record them");
  arguments->add_to(*command);
  command
      ->add_option("--rule", arguments->rule,
                   "Rule file or preset in place of the pipeline's rules; no_plasticity: none")
      ->type_name("RULE");
  command
      ->add_option("--out", arguments->options.out,
                   "HDF5 file with rates, weights and effects; none: only the table")
      ->type_name("FILE");
  command->add_option("--networks", arguments->options.networks, "How many networks")
      ->check(CLI::Range(1, 1000000));
  command->add_option("--first", arguments->options.first, "Index of the first one")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{100000000}));
  add_network_set(*command, arguments->options.set);
  arguments->add_lives_to(*command);
  add_isa(*command);
  command->footer(
      "Examples:\n"
      "  hebbforge simulate examples/02_find_a_rule/pipeline.toml --rule runs/find/rule.toml --out life.h5\n"
      "  hebbforge simulate examples/02_find_a_rule/pipeline.toml --rule bell2024.mean_still --networks 20\n"
      "  hebbforge simulate examples/02_find_a_rule/pipeline.toml --rule no_plasticity --networks 20");
  command->callback([arguments, &session] { simulate_and_print(session, *arguments); });
}

}  // namespace hebbforge::cli
