#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/host/plugin_library.hpp>
#include <memory>

#include <hebbforge/host/quantity.hpp>
#include "allocation_count.hpp"
#include "command.hpp"
#include "host/child.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments {
  std::filesystem::path file;
  bool contracts = false;
  std::string limit = "30 s";
  double memory = 4096;  // MiB
};

using Send = std::function<void(std::string)>;

// What the child says is the line to print; in front of it, what the parent counts and remembers.
constexpr char passed = '+', broken = '-', begins = '?', shown = ' ', plugin_of_file = 'p';

void check_file(const std::filesystem::path& file, const Send& send) {
  bool good = true;
  for (const PluginCheck& check : PluginLibrary::inspect(file)) {
    char name[64];
    std::snprintf(name, sizeof name, "%-20s ", check.name.c_str());
    if (check.passed) {
      send(passed + (name + std::string("pass")));
      continue;
    }
    good = false;
    send(broken + (name + std::string("FAIL\n  ")) + check.detail + "\n  remedy: " + check.remedy);
  }
  if (!good) return;
  const auto library = PluginLibrary::open(file);
  send(shown + ("\nbuilt with " + std::string(library->built_with())));
  for (const abi::Descriptor* d : library->descriptors()) {
    send(plugin_of_file + std::string(name_of(d->kind)) + " " + d->name + " " + d->version + ": " +
         d->summary);
  }
}

void check_plugin(const std::filesystem::path& file, std::size_t index, const Send& send) {
  Registry registry;
  registry.add_file(file);
  ContractOptions options;
  options.allocations = allocation_count();
  options.begins = [&](const std::string& name) { send(begins + name); };
  options.ends = [&](const ContractResult& result) {
    send(result.passed ? passed + ("pass  " + result.name)
                       : broken + ("FAIL  " + result.name + "\n        " + result.detail));
  };
  for (const RegisteredPlugin* plugin : registry.all()) {
    if (plugin->descriptor == plugin->library->descriptors()[index]) check_contracts(*plugin, options);
  }
}

// Prints what a child says, and how it failed. False if anything did.
class Table {
 public:
  Table(std::string indent, std::string doing) : indent_(std::move(indent)), doing_(std::move(doing)) {}
  bool fill(const ChildLimits& limits, const std::function<void(const Send&)>& work) {
    const std::string failure = run_in_child(limits, work, [&](const std::string& m) { take(m); });
    if (failure.empty()) return good_;
    std::printf("%sFAIL  %s\n%s      the plugin %s\n", indent_.c_str(), doing_.c_str(), indent_.c_str(),
                failure.c_str());
    return false;
  }
  const std::vector<std::string>& plugins() const noexcept { return plugins_; }

 private:
  void take(const std::string& message) {
    if (message.empty()) return;
    const std::string text = message.substr(1);
    good_ = good_ && message[0] != broken;
    if (message[0] == begins) {
      doing_ = text;
      return;
    }
    if (message[0] == plugin_of_file) plugins_.push_back(text);
    if (message[0] == passed || message[0] == broken) doing_ = "between two checks";
    std::printf("%s%s\n", indent_.c_str(), text.c_str());
    std::fflush(stdout);
  }
  std::string indent_, doing_;
  bool good_ = true;
  std::vector<std::string> plugins_;
};

void inspect(Session& session, const Arguments& arguments) {
  const auto limit = parse_quantity(arguments.limit, "s");
  if (!limit || !(*limit > 0))
    throw ConfigError("--limit " + arguments.limit + ": expected a time above 0, as in --limit \"30 s\"");
  const ChildLimits limits{*limit, static_cast<std::uint64_t>(arguments.memory * 1024 * 1024)};
  Table loading("", "loading the file");
  bool good = loading.fill(limits, [&](const Send& send) { check_file(arguments.file, send); });
  if (arguments.contracts) {
    for (std::size_t k = 0; k < loading.plugins().size(); ++k) {
      const std::string& plugin = loading.plugins()[k];
      std::printf("\ncontracts of %s\n", plugin.substr(0, plugin.find(':')).c_str());
      Table table("  ", "loading the file");
      good = table.fill(limits, [&](const Send& send) { check_plugin(arguments.file, k, send); }) && good;
    }
  }
  session.exit = good ? done : failed;
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("inspect", "Check a plugin library file, in a process of its own");
  command->add_option("file", arguments->file, "The library")->required()->type_name("FILE.so");
  command->add_flag("--contracts", arguments->contracts,
                    "Also check every promise that a plugin of its kind makes");
  command->add_option("--limit", arguments->limit, "Longest time for one check; by default \"30 s\"")
      ->type_name("TIME");
  command->add_option("--memory", arguments->memory, "Address space for the checks; by default 4096 MiB")
      ->type_name("MiB")
      ->check(CLI::Range(64.0, 1e9));
  command->footer(
      "Examples:\n"
      "  hebbforge inspect build/lib/hebbforge/plugins/my_rule.so\n"
      "  hebbforge inspect build/lib/hebbforge/plugins/my_rule.so --contracts\n"
      "A plugin that crashes, hangs or eats memory is a line of the table. Exit status 1 if a check fails.");
  command->callback([arguments, &session] { inspect(session, *arguments); });
}

}  // namespace hebbforge::cli
