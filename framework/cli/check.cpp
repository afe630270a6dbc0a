#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.hpp"
#include "load.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments : PipelineArguments {
  bool resolved = false;
};

void check(Session& session, const Arguments& arguments) {
  const Pipeline pipeline = load(session, arguments, false);
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
  std::printf("\n");
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("check", "Check a pipeline: everything but simulate");
  arguments->add_to(*command);
  command->add_option("--rule", arguments->rule, "Rule file or preset in place of the pipeline's rules")
      ->type_name("RULE");
  command->add_flag("--resolved", arguments->resolved, "Print the pipeline with every default");
  command->footer(
      "Example:\n"
      "  hebbforge check examples/02_find_a_rule/pipeline.toml --resolved\n"
      "Every mistake is told as file:line:column, in one go; exit status 2.");
  command->callback([arguments, &session] { check(session, *arguments); });
}

}  // namespace hebbforge::cli
