// The program `hebbforge`: one subcommand per file of this folder.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/version.hpp>
#include <new>

#include "command.hpp"
#include "engine/instruction_set.hpp"
#include "launcher.hpp"

namespace hebbforge::cli {

std::atomic<bool>& stop_requested() {
  static std::atomic<bool> stop{false};
  return stop;
}

namespace {
extern "C" void on_signal(int signal) {
  if (stop_requested().exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  constexpr char text[] = "\ninterrupted: ending after the running trials (again to end at once)\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, sizeof text - 1);
}
}  // namespace

void catch_signals() {
  stop_requested();  // made before a handler can run
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
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
      "Exit status: 0 done, 1 failed, 2 wrong input, 130 interrupted (a run after a checkpoint).");
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
  try {
    app.parse(argc, argv);
    return session.exit;
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    cli::let_first_rank_speak();
    app.exit(error);
    return cli::wrong_input;
  } catch (const ConfigError& error) {
    cli::let_first_rank_speak();
    std::fprintf(stderr, "%s\n", error.what());
    return cli::wrong_input;
  } catch (const PluginError& error) {
    cli::let_first_rank_speak();
    const std::string who = error.plugin().empty() ? error.library() : error.plugin();
    std::fprintf(stderr, "%s%s%s\n", who.c_str(), who.empty() ? "" : ": ", error.what());
    return cli::failed;
  } catch (const Interrupted& stop) {
    std::fprintf(stderr, "%s\n", stop.what());
    return cli::interrupted;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "out of memory: use fewer networks or --jobs 1\n");
    return cli::failed;
  } catch (const std::exception& error) {
    cli::let_first_rank_speak();
    std::fprintf(stderr, "%s\n", error.what());
    return cli::failed;
  }
}
