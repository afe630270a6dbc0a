#include <sys/ioctl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <memory>
#include <optional>
#include <string>

#include "command.hpp"
#include "host/log_file.hpp"
#include "host/printable.hpp"
#include "host/whole_file.hpp"
#include "load.hpp"
#include "report/report.hpp"
#include "stages/seed_table.hpp"

namespace hebbforge::cli {
namespace {

std::string clock_text(double seconds) {
  char text[32];
  const auto s = static_cast<long>(seconds + 0.5);
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  return text;
}

// Asked for anew each time: windows are resized.
std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// One line that is rewritten on a terminal, never wider than it; elsewhere the log's lines are enough.
class ProgressLine final : public RunObserver {
 public:
  explicit ProgressLine(bool on_terminal) : on_terminal_(on_terminal) {}
  void progress(const SearchProgress& p) override {
    if (!on_terminal_) return;
    const std::string left = p.seconds_left < 0 ? "" : ", " + clock_text(p.seconds_left) + " left";
    char text[240];
    std::snprintf(text, sizeof text,
                  "generation %llu, %lld evaluations: best search loss %.5g, picked on select %.4g; %s%s",
                  static_cast<unsigned long long>(p.generation), static_cast<long long>(p.evaluations),
                  p.best_loss, p.picked_value, clock_text(p.seconds).c_str(), left.c_str());
    // The last column stays free: a cursor beyond it would begin another line.
    std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(terminal_columns() - 1), text);
    open_ = true;
  }
  void message(const std::string& text) override {
    if (on_terminal_) std::fprintf(stderr, "%s%s\n", open_ ? "\r\033[K" : "", printable(text).c_str());
    open_ = false;
  }
  void finish() {
    if (open_) std::fputc('\n', stderr);
    open_ = false;
  }

 private:
  bool on_terminal_, open_ = false;
};

// What the run is for is done: a page that cannot be written is told, and no failure.
void write_page(Registry& registry, const std::vector<std::filesystem::path>& runs,
                const std::filesystem::path& out) {
  report::ReportOptions options;
  options.runs = runs;
  options.out = out;
  try {
    const report::ReportFiles files = report::write_report(registry, options);
    std::printf("  %s\n", files.page.c_str());
    if (!files.problem.empty()) std::fprintf(stderr, "%s\n", printable(files.problem).c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "no report was written: %s\n", printable(error.what()).c_str());
  }
  std::fflush(stdout);
}

struct Arguments : PipelineArguments {
  std::filesystem::path out;
  std::vector<std::string> seeds;
  bool resume = false;
};

void print(const StageSummary& stage) {
  if (stage.interrupted) return;
  std::printf("stage %s\n%s\n", stage.name.c_str(), printable(stage.text).c_str());
  for (const auto& file : stage.files) std::printf("  %s\n", file.c_str());
  std::printf("\n");
}

void run(Session& session, Arguments& arguments) {
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  log_quietly(on_terminal);
  ProgressLine line(on_terminal);
  RunOptions options;
  options.resume = arguments.resume;
  options.reference_kernel = arguments.reference_kernel();
  options.stop = &stop_requested();
  options.observer = &line;
  const std::filesystem::path directory =
      arguments.out.empty() ? std::filesystem::path("runs") / default_name(arguments.file) : arguments.out;
  // All seeds are looked at before the first search begins.
  const bool several = !arguments.seeds.empty();
  std::vector<Pipeline> pipelines;
  for (const std::string& seed : several ? arguments.seeds : std::vector<std::string>{arguments.seed}) {
    if (std::ranges::count(arguments.seeds, seed) > 1)
      throw ConfigError("--seeds: " + seed + " stands twice");
    arguments.seed = seed;
    pipelines.push_back(load(session, arguments, true));
    const auto place = directory / ("seed_" + seed);
    if (several && !arguments.resume && std::filesystem::exists(place)) {
      throw ConfigError("the run directory '" + place.string() +
                        "' exists; choose another with --out, or go on with --resume");
    }
  }
  if (only_serves(session, pipelines, options.reference_kernel)) return;
  catch_signals();
  std::vector<SeedResult> results;
  std::vector<std::filesystem::path> directories;
  for (const Pipeline& pipeline : pipelines) {
    const std::string seed = std::to_string(pipeline.seeds.seed);
    options.directory = arguments.seeds.empty() ? directory : directory / ("seed_" + seed);
    if (several) std::printf("seed %s: ", seed.c_str());
    bool stopped = false;
    std::optional<RunSummary> found;
    if (pipeline.search) {
      found = run_search(pipeline, options);
      line.finish();
      std::printf("%s\n", printable(summary_text(*found)).c_str());
      std::fflush(stdout);
      stopped = found->interrupted;
    }
    if (!stopped && !pipeline.stages.empty()) {
      const auto stages = run_stages(pipeline, found ? &*found : nullptr, options);
      line.finish();
      for (const StageSummary& stage : stages) print(stage);
      stopped = stages.back().interrupted;
    }
    if (stopped) {
      std::printf("go on with the same command and --resume\n");
      session.exit = interrupted;
      return;
    }
    if (found) results.push_back({pipeline.seeds.seed, std::move(*found)});
    directories.push_back(options.directory);
    write_page(session.registry, {directories.back()}, {});
  }
  if (results.size() < 2) return;
  write_page(session.registry, directories, directory / "report.html");
  write_text_file(directory / "seeds.csv", seed_table_csv(results));
  std::printf("%s  %s\n", seed_table_text(results).c_str(), (directory / "seeds.csv").c_str());
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("run", "Run the stages of a pipeline into a run directory");
  arguments->add_to(*command);
  command
      ->add_option("--out", arguments->out, "Run directory; by default runs/NAME, NAME being the pipeline's")
      ->type_name("DIR");
  command
      ->add_option("--seeds", arguments->seeds,
                   "Several searches, one a seed, into DIR/seed_N; then one table over them")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes("--seed")
      ->type_name("N,N,...");
  arguments->add_lives_to(*command);
  command->add_flag("--resume", arguments->resume,
                    "Go on from the run directory's checkpoint, to the same bytes");
  command->add_flag("--smoke", arguments->smoke,
                    "Two networks a set, one generation a search: every stage in seconds");
  add_isa(*command);
  command->footer(
      "Examples:\n"
      "  hebbforge run examples/02_find_a_rule/pipeline.toml --out runs/find --seed 8001\n"
      "  hebbforge run examples/02_find_a_rule/pipeline.toml --out runs/find --resume\n"
      "  hebbforge run examples/02_find_a_rule/pipeline.toml --out runs/three --seeds 8000,8001,8002\n"
      "  hebbforge run pipeline.toml --set search.budget.evaluations=600 --set "
      "'search.optimizer=\"random_search\"'\n"
      "Ctrl-C saves a checkpoint and exits with 130; SIGTERM, as batch systems send it, with 143; a closed\n"
      "terminal with 129. Ctrl-C twice ends at once; the last checkpoint stays.");
  command->callback([arguments, &session] { run(session, *arguments); });
}

}  // namespace hebbforge::cli
