// `status`: where a run stands, from a second terminal.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.hpp"
#include "stages/run_status.hpp"

namespace hebbforge::cli {

void add_status(CLI::App& app, Session&) {
  auto runs = std::make_shared<std::vector<std::filesystem::path>>();
  CLI::App* command = app.add_subcommand("status", "Where a run stands; it may be running");
  command->add_option("runs", *runs, "Run directories")->required()->type_name("RUN");
  command->footer(
      "Exit status 0 whether it runs, has finished or was stopped; 2 if it is no run directory.\n"
      "Example:\n"
      "  hebbforge status runs/find");
  command->callback([runs] {
    for (const auto& run : *runs) {
      const std::string text = status_text(read_status(run));
      std::printf("%s%s%s", runs->size() > 1 ? run.c_str() : "", runs->size() > 1 ? ": " : "", text.c_str());
    }
  });
}

}  // namespace hebbforge::cli
