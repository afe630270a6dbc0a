// `diff` and `table`: finished runs beside each other.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.hpp"
#include "host/whole_file.hpp"
#include "stages/run_record.hpp"

namespace hebbforge::cli {

void add_diff(CLI::App& app, Session& session) {
  struct Arguments {
    std::filesystem::path a, b;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("diff", "What differs between two runs: pipeline, plugins, results");
  command->add_option("a", arguments->a, "Run directory")->required()->type_name("RUN_A");
  command->add_option("b", arguments->b, "Run directory")->required()->type_name("RUN_B");
  command->footer(
      "Exit status 1: they differ.\n"
      "Example:\n"
      "  hebbforge diff runs/three/seed_8000 runs/three/seed_8001");
  command->callback([arguments, &session] {
    const std::string text = difference_text(read_run(arguments->a), read_run(arguments->b));
    std::printf("%s", text.empty() ? "the runs agree in pipeline, plugins and results\n" : text.c_str());
    if (!text.empty()) session.exit = failed;
  });
}

void add_table(CLI::App& app, Session&) {
  struct Arguments {
    std::vector<std::filesystem::path> runs;
    std::filesystem::path csv;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("table", "A row per run: what was overridden, losses, measures");
  command->add_option("runs", arguments->runs, "Run directories")->required()->type_name("RUN");
  command->add_option("--csv", arguments->csv, "Write the table to this file, numbers in full")
      ->type_name("FILE");
  command->footer("Example:\n  hebbforge table runs/three/seed_* --csv three.csv");
  command->callback([arguments] {
    std::vector<RunRecord> runs;
    for (const auto& directory : arguments->runs) runs.push_back(read_run(directory));
    const RunTable table = table_of(runs);
    std::printf("%s", aligned_text(table).c_str());
    if (arguments->csv.empty()) return;
    write_text_file(arguments->csv, csv_text(table));
    std::printf("written: %s\n", arguments->csv.c_str());
  });
}

}  // namespace hebbforge::cli
