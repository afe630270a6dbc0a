#include <unistd.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <hebbforge/host/run.hpp>
#include <memory>
#include <string>

#include "command.hpp"
#include "host/log_file.hpp"
#include "load.hpp"

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

/// One line that is rewritten on a terminal; elsewhere the log's lines are enough.
class ProgressLine final : public RunObserver {
 public:
  explicit ProgressLine(bool on_terminal) : on_terminal_(on_terminal) {}
  void progress(const SearchProgress& p) override {
    if (!on_terminal_) return;
    std::string left = p.seconds_left < 0 ? "" : ", " + clock_text(p.seconds_left) + " left";
    std::fprintf(
        stderr,
        "\r\033[Kgeneration %llu, %lld evaluations: best search loss %.5g, picked on select %.4g; %s%s",
        static_cast<unsigned long long>(p.generation), static_cast<long long>(p.evaluations), p.best_loss,
        p.picked_value, clock_text(p.seconds).c_str(), left.c_str());
    open_ = true;
  }
  void message(const std::string& text) override {
    if (on_terminal_) std::fprintf(stderr, "%s%s\n", open_ ? "\r\033[K" : "", text.c_str());
    open_ = false;
  }
  void finish() {
    if (open_) std::fputc('\n', stderr);
    open_ = false;
  }

 private:
  bool on_terminal_, open_ = false;
};

struct Arguments : PipelineArguments {
  std::filesystem::path out;
  bool resume = false, smoke = false;
  std::string engine = "fused";
};

void run(Session& session, Arguments& arguments) {
  if (arguments.smoke) {
    // Every stage in seconds; later --set win.
    const std::vector<std::string> small{"networks={search=2,select=2,report=2}",
                                         "search.budget={generations=1}"};
    arguments.overrides.insert(arguments.overrides.begin(), small.begin(), small.end());
  }
  const Pipeline pipeline = load(session, arguments, true);
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  log_quietly(on_terminal);
  ProgressLine line(on_terminal);
  catch_signals();
  RunOptions options;
  options.directory =
      arguments.out.empty() ? std::filesystem::path("runs") / default_name(arguments.file) : arguments.out;
  options.resume = arguments.resume;
  options.reference_kernel = arguments.engine == "reference";
  options.stop = &stop_requested();
  options.observer = &line;
  const RunSummary summary = run_search(pipeline, options);
  line.finish();
  std::printf("%s", summary_text(summary).c_str());
  if (!summary.interrupted) return;
  std::printf("go on with: hebbforge run %s --out %s --resume\n", arguments.file.c_str(),
              options.directory.c_str());
  session.exit = interrupted;
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("run", "Run the stages of a pipeline into a run directory");
  arguments->add_to(*command);
  command
      ->add_option("--out", arguments->out, "Run directory; by default runs/NAME, NAME being the pipeline's")
      ->type_name("DIR");
  command->add_option("--jobs", arguments->jobs, "Lives at a time; by default one per processor")
      ->check(CLI::PositiveNumber);
  command->add_flag("--resume", arguments->resume,
                    "Go on from the run directory's checkpoint, to the same bytes");
  command->add_flag("--smoke", arguments->smoke,
                    "Two networks a set and one generation: every stage in seconds");
  command->add_option("--engine", arguments->engine, "Kernel: fused, or the plain reference")
      ->check(CLI::IsMember({"fused", "reference"}));
  add_isa(*command);
  command->footer(
      "Examples:\n"
      "  hebbforge run examples/02_find_a_rule/pipeline.toml --out runs/find --seed 8001\n"
      "  hebbforge run examples/02_find_a_rule/pipeline.toml --out runs/find --resume\n"
      "  hebbforge run pipeline.toml --set search.budget.evaluations=600 --set "
      "'search.optimizer=\"random_search\"'\n"
      "Ctrl-C saves a checkpoint and exits with 130.");
  command->callback([arguments, &session] { run(session, *arguments); });
}

}  // namespace hebbforge::cli
