#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.hpp"
#include "engine/rule_outline.hpp"
#include "load.hpp"
#include "stages/estimate.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments : PipelineArguments {
  bool resolved = false, estimate = false;
};

void print(const CostEstimate& cost) {
  std::printf(
      "%lld lives (of which up to %lld to select%s) of %.3g s of processor time each, median of three: %.3g "
      "core-hours\n",
      static_cast<long long>(cost.lives), static_cast<long long>(cost.most_select_lives),
      cost.stage_lives > 0 ? (", about " + std::to_string(cost.stage_lives) + " in stages").c_str() : "",
      cost.seconds_per_life, cost.core_hours);
  std::printf("wall time about %.3g min with %lld lives at a time; memory %.0f MB; disk %.0f MB\n",
              cost.wall_seconds / 60, static_cast<long long>(cost.jobs), cost.memory_bytes / 1e6,
              cost.disk_bytes / 1e6);
}

void check(Session& session, const Arguments& arguments) {
  const Pipeline pipeline = load(session, arguments, arguments.estimate);
  if (arguments.resolved) {
    std::printf("%s", pipeline.resolved.c_str());
    return;
  }
  std::size_t learning = 0;
  for (const PathwaySpec& p : pipeline.pathways) learning += p.rule.has_value();
  std::printf("%s: good. %zu populations, %zu pathways of which %zu learn, %lld trials, %zu losses",
              arguments.file.c_str(), pipeline.populations.size(), pipeline.pathways.size(), learning,
              static_cast<long long>(pipeline.trials()), pipeline.losses.size());
  if (pipeline.search) std::printf(", %zu free parameters", pipeline.search->free.size());
  if (!pipeline.stages.empty()) std::printf(", %zu stages", pipeline.stages.size());
  std::printf("\n");
  for (const PathwaySpec& p : pipeline.pathways) {
    if (p.rule) std::printf("%s", engine::rule_outline(pipeline, p).c_str());
  }
  if (arguments.estimate) print(estimate_cost(pipeline));
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("check", "Check a pipeline: everything but simulate");
  arguments->add_to(*command);
  command->add_option("--rule", arguments->rule, "Rule file or preset in place of the pipeline's rules")
      ->type_name("RULE");
  command->add_option("--jobs", arguments->jobs, "For --estimate: lives at a time")
      ->check(CLI::Range(1, 1000000));
  command->add_flag("--estimate", arguments->estimate, "Time three lives and say what the run will cost");
  command->add_flag("--resolved", arguments->resolved, "Print the pipeline with every default");
  command->footer(
      "Examples:\n"
      "  hebbforge check examples/02_find_a_rule/pipeline.toml --resolved\n"
      "  hebbforge check examples/02_find_a_rule/pipeline.toml --estimate --jobs 30\n"
      "Every mistake is told as file:line:column, in one go; exit status 2.");
  command->callback([arguments, &session] { check(session, *arguments); });
}

}  // namespace hebbforge::cli
