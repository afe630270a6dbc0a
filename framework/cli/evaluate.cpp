#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.hpp"
#include "load.hpp"
#include "stages/candidates.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments : PipelineArguments {
  EvaluateOptions options;
  std::string shard = "1/1";
};

void evaluate(Session& session, Arguments& arguments) {
  const std::vector<Pipeline> pipelines{load(session, arguments, true)};
  const Pipeline& pipeline = pipelines.front();
  if (only_serves(session, pipelines, arguments.reference_kernel())) return;
  catch_signals();
  arguments.options.shard = shard_named(arguments.shard);
  arguments.options.reference_kernel = arguments.reference_kernel();
  arguments.options.stop = &stop_requested();
  const EvaluateSummary s = evaluate_candidates(pipeline, arguments.options);
  std::printf("%zu candidates in %zu networks each, %zu failed", s.candidates, s.networks, s.failed);
  if (s.candidates > 0) std::printf("; best: row %zu with loss %.6g", s.best, s.best_loss);
  std::printf("\nwritten: %s\n", arguments.options.out.c_str());
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "evaluate", "Score candidates from a CSV file: for optimizers and grids of your own");
  arguments->add_to(*command);
  command
      ->add_option(
          "--candidates", arguments->options.candidates,
          "CSV: a header with paths of free parameters, a row per candidate; others keep their start")
      ->required()
      ->type_name("FILE.csv");
  command->add_option("--out", arguments->options.out, "HDF5 file with losses and measures of every network")
      ->required()
      ->type_name("FILE.h5");
  command->add_option("--shard", arguments->shard, "Only a part of the rows: 3/100 is the third of 100")
      ->type_name("K/N");
  add_network_set(*command, arguments->options.set);
  arguments->add_lives_to(*command);
  command->footer(
      "Examples:\n"
      "  hebbforge evaluate pipeline.toml --candidates grid.csv --out grid.h5\n"
      "  hebbforge evaluate pipeline.toml --candidates grid.csv --out part_3.h5 --shard 3/100");
  command->callback([arguments, &session] { evaluate(session, *arguments); });
}

void add_merge(CLI::App& app, Session&) {
  struct MergeArguments {
    std::filesystem::path out;
    std::vector<std::filesystem::path> shards;
  };
  auto arguments = std::make_shared<MergeArguments>();
  CLI::App* command = app.add_subcommand("merge", "Join the shards of an evaluation into one file");
  command->add_option("shards", arguments->shards, "Files that `evaluate --shard` wrote, in any order")
      ->required()
      ->type_name("FILE.h5");
  command->add_option("--out", arguments->out, "The file that one call would have written")
      ->required()
      ->type_name("FILE.h5");
  command->footer("Example:\n  hebbforge merge part_*.h5 --out grid.h5");
  command->callback([arguments] {
    const std::size_t rows = merge_shards(arguments->shards, arguments->out);
    std::printf("%zu candidates\nwritten: %s\n", rows, arguments->out.c_str());
  });
}

}  // namespace hebbforge::cli
