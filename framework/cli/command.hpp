// What the commands share.
#pragma once

#include <atomic>
#include <filesystem>
#include <hebbforge/host/registry.hpp>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace hebbforge::cli {

/// Exit codes of every command.
enum Exit { done = 0, failed = 1, wrong_input = 2, interrupted = 130 };

/// Options of every command, and the plugins that were found.
struct Session {
  Registry registry;  // first: libraries outlive everything made from them
  std::vector<std::filesystem::path> plugin_path;
  int exit = done;
  /// Loads the plugins of the search path. \throws PluginError
  void find_plugins();
};

/// Set by Ctrl-C, SIGTERM and a closed terminal (SIGHUP). A second one ends the program at once.
std::atomic<bool>& stop_requested();
void catch_signals();

/// Each adds its subcommand; the callback sets session.exit.
void add_run(CLI::App& app, Session& session);
void add_simulate(CLI::App& app, Session& session);
void add_evaluate(CLI::App& app, Session& session);
void add_merge(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_list(CLI::App& app, Session& session);
void add_describe(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_diff(CLI::App& app, Session& session);
void add_regress(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_status(CLI::App& app, Session& session);
void add_table(CLI::App& app, Session& session);
void add_bench_optimizers(CLI::App& bench, Session& session);
void add_new(CLI::App& app);
void add_schema(CLI::App& app, Session& session);

/// \throws ConfigError with the kinds there are, for a name that is none of them
abi::Kind kind_or_mistake(const std::string& name);

/// Adds --isa, which pins the kernels' instruction set as soon as it is read; an unknown one is wrong input.
void add_isa(CLI::App& command);

/// How commands take a pipeline.
struct PipelineArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;
  std::string seed, rule;
  int jobs = 0;
  bool smoke = false;
  std::string engine = "fused";
  bool reference_kernel() const { return engine == "reference"; }
  /// Adds the file, --set, --seed.
  void add_to(CLI::App& command);
  /// For commands that run lives: --jobs, --engine.
  void add_lives_to(CLI::App& command);
};

/// Adds --network-set.
void add_network_set(CLI::App& command, std::string& set);

}  // namespace hebbforge::cli
