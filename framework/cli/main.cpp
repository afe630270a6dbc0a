// The program `hebbforge`: one subcommand per file of this folder.
#include <malloc.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/version.hpp>
#include <new>
#include <sstream>

#include "command.hpp"
#include "engine/instruction_set.hpp"
#include "host/printable.hpp"
#include "launcher.hpp"

namespace hebbforge::cli {

std::atomic<bool>& stop_requested() {
  static std::atomic<bool> stop{false};
  return stop;
}

namespace {
volatile std::sig_atomic_t caught_signal = 0;

extern "C" void on_signal(int signal) {
  if (stop_requested().exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  caught_signal = signal;
  constexpr char text[] = "\ninterrupted: ending after the running trials (again to end at once)\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, sizeof text - 1);
}

// Every life allocates its drives and recordings, some megabytes, and frees them: given back to the system each
// time, they cost a twentieth of a life in page faults.
void keep_freed_memory() {
  constexpr int megabyte = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 32 * megabyte);
  mallopt(M_TRIM_THRESHOLD, 256 * megabyte);
}

// What a shell and a batch system would say of a process that the signal had ended.
int exit_of_signal() { return caught_signal == 0 ? static_cast<int>(interrupted) : 128 + caught_signal; }

int told(int exit, const std::string& text) {
  let_first_rank_speak();
  std::fprintf(stderr, "%s\n", printable(text).c_str());
  return exit;
}
}  // namespace

void catch_signals() {
  stop_requested();  // made before a handler can run
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // The terminal was closed; nohup means that this is no reason to end.
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
  // Nobody reads what is printed any more: the files are what counts.
  std::signal(SIGPIPE, SIG_IGN);
}

void Session::find_plugins() {
  if (registry.steps().empty()) registry.search_default_steps(plugin_path);
}

void PipelineArguments::add_to(CLI::App& command) {
  command.add_option("pipeline", file, "Pipeline file (TOML)")->required()->type_name("FILE");
  command.add_option("--set", overrides, "Override a key: --set loss.time.weight=500; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--seed", seed, "Replace the pipeline's seed")->type_name("N");
}

void PipelineArguments::add_lives_to(CLI::App& command) {
  command.add_option("--jobs", jobs, "Lives at a time; by default one per processor")
      ->check(CLI::Range(1, 1000000));
  command.add_option("--engine", engine, "Kernel: fused, or the plain reference")
      ->check(CLI::IsMember({"fused", "reference"}));
}

void add_network_set(CLI::App& command, std::string& set) {
  command.add_option("--network-set", set, "Which networks: search, select or report")
      ->check(CLI::IsMember({"search", "select", "report"}));
}

void add_isa(CLI::App& command) {
  command
      .add_option_function<std::string>(
          "--isa", [](const std::string& name) { engine::use_instruction_set(name); },
          "Pin the instruction set of the kernels; by default the machine's best")
      ->type_name("NAME");
}

}  // namespace hebbforge::cli

int main(int argc, char** argv) {
  using namespace hebbforge;
  cli::keep_freed_memory();
  cli::Session session;
  CLI::App app{"Discovers synaptic plasticity rules by meta-learning."};
  app.set_version_flag("--version", "hebbforge " HEBBFORGE_VERSION);
  app.add_option("--plugin-path", session.plugin_path,
                 "Directory with plugins, looked at first; may be repeated")
      ->type_name("DIR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Examples:\n"
      "  hebbforge run examples/01_first_run/pipeline.toml --out runs/first\n"
      "  hebbforge list optimizer\n"
      "  hebbforge describe cma_es\n"
      "Plugins are looked for in --plugin-path, $HEBBFORGE_PLUGIN_PATH (':'-separated), and the "
      "installation.\n"
      "Exit status: 0 done, 1 failed, 2 wrong input, 128 + signal interrupted, a run after a "
      "checkpoint: 130 by Ctrl-C, 143 by SIGTERM, 129 by a closed terminal.");
  cli::add_run(app, session);
  cli::add_simulate(app, session);
  cli::add_evaluate(app, session);
  cli::add_merge(app, session);
  cli::add_export(app, session);
  cli::add_check(app, session);
  cli::add_list(app, session);
  cli::add_describe(app, session);
  cli::add_inspect(app, session);
  cli::add_new(app);
  cli::add_schema(app, session);
  cli::add_bench(app, session);
  cli::add_regress(app, session);
  cli::add_report(app, session);
  cli::add_status(app, session);
  cli::add_diff(app, session);
  cli::add_table(app, session);
  // A file that grows beyond a limit is a mistake that can be told, no reason to be killed.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    app.parse(argc, argv);
    return session.exit == cli::interrupted ? cli::exit_of_signal() : static_cast<int>(session.exit);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    cli::let_first_rank_speak();
    std::ostringstream out, mistake;
    app.exit(error, out, mistake);
    std::fprintf(stderr, "%s", printable(mistake.str()).c_str());
    return cli::wrong_input;
  } catch (const ConfigError& error) {
    return cli::told(cli::wrong_input, error.what());
  } catch (const PluginError& error) {
    const std::string who = error.plugin().empty() ? error.library() : error.plugin();
    return cli::told(cli::failed, who + (who.empty() ? "" : ": ") + error.what());
  } catch (const Interrupted& stop) {
    return cli::told(cli::exit_of_signal(), stop.what());
  } catch (const std::bad_alloc&) {
    return cli::told(cli::failed,
                     "out of memory: use fewer cells, trials, networks or candidates, or --jobs 1");
  } catch (const std::exception& error) {
    return cli::told(cli::failed, error.what());
  }
}
