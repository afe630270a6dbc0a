// `report`: the page of one run, or of several side by side.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <memory>
#include <thread>

#include "command.hpp"
#include "report/report.hpp"
#include "stages/running_mark.hpp"

namespace hebbforge::cli {
namespace {

constexpr int refresh = 10;  // s

struct Arguments {
  report::ReportOptions options;
  bool watch = false;
};

void tell(const report::ReportFiles& files) {
  std::printf("written: %s\n", files.page.c_str());
  if (files.figures > 0) std::printf("%zu figures in %s\n", files.figures, files.plots.c_str());
  if (!files.problem.empty()) std::fprintf(stderr, "%s\n", files.problem.c_str());
  std::fflush(stdout);
}

// Of the searches, and of what their stages have scored so far.
std::vector<std::filesystem::file_time_type> checkpoints_of(const report::ReportOptions& options) {
  std::vector<std::filesystem::file_time_type> times;
  std::error_code missing;
  for (const auto& run : options.runs) {
    times.push_back(std::filesystem::last_write_time(run / "checkpoint.h5", missing));
    for (const auto& entry : std::filesystem::directory_iterator(run, missing)) {
      const auto time = std::filesystem::last_write_time(entry.path() / "results.h5", missing);
      if (!missing) times.push_back(time);
    }
  }
  return times;
}

bool any_running(const report::ReportOptions& options) {
  for (const auto& run : options.runs) {
    if (running_process(run)) return true;
  }
  return false;
}

// Writes the page again whenever a checkpoint has changed, for the last time when no run goes on.
void watch(Session& session, report::ReportOptions& options) {
  catch_signals();
  std::vector<std::filesystem::file_time_type> shown;
  for (bool going_on = true; going_on;) {
    going_on = any_running(options);
    const auto now = checkpoints_of(options);
    if (now != shown || !going_on) {
      options.page.refresh = going_on ? refresh : 0;
      tell(report::write_report(session.registry, options));
      shown = now;
    }
    for (int k = 0; k < 10 && going_on; ++k) {
      if (stop_requested()) throw Interrupted();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

}  // namespace

void add_report(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("report", "Write a page that shows a run: rule, curves, activity, weights, losses");
  command->add_option("runs", arguments->options.runs, "Run directories")->required()->type_name("RUN");
  command
      ->add_option("--out", arguments->options.out,
                   "Page to write; by default RUN/report.html. Needed for several runs")
      ->type_name("FILE");
  command->add_flag("--png", arguments->options.page.png, "Each figure also as a PNG file");
  command->add_flag("--watch", arguments->watch,
                    "While a run goes on: write the page again at each checkpoint; browsers follow");
  command->footer(
      "Figures are drawn by gnuplot (Debian: gnuplot-nox); without it the page lacks them and says so.\n"
      "Examples:\n"
      "  hebbforge report runs/find\n"
      "  hebbforge report runs/three/seed_* --out three.html --png\n"
      "  hebbforge report runs/find --watch");
  command->callback([arguments, &session] {
    session.find_plugins();
    if (arguments->watch)
      watch(session, arguments->options);
    else
      tell(report::write_report(session.registry, arguments->options));
  });
}

}  // namespace hebbforge::cli
