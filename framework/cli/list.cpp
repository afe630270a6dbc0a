#include <CLI/CLI.hpp>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/suggestion.hpp>
#include <memory>

#include "command.hpp"
#include "host/presets.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments {
  std::string kind;
  bool all = false;
};

void list(Session& session, const Arguments& arguments) {
  std::optional<abi::Kind> wanted;
  if (!arguments.kind.empty()) wanted = kind_or_mistake(arguments.kind);
  session.find_plugins();
  std::string last;
  for (const RegisteredPlugin* plugin : session.registry.all()) {
    if ((wanted && plugin->kind() != *wanted) || (plugin->hidden() && !arguments.all)) continue;
    const std::string kind(name_of(plugin->kind()));
    if (kind != last) std::printf("%s%s\n", last.empty() ? "" : "\n", kind.c_str());
    last = kind;
    const std::string hidden =
        plugin->hidden_by ? "  (hidden by " + plugin->hidden_by->library->file().string() + ")" : "";
    std::printf("  %-32s %-8s %s%s\n", plugin->descriptor->name, plugin->descriptor->version,
                plugin->descriptor->summary, hidden.c_str());
    if (arguments.all) std::printf("  %-32s %s\n", "", plugin->library->file().c_str());
  }
  if (!wanted) {
    std::printf("\npreset\n");
    for (const std::string& name : preset_names()) std::printf("  %s\n", name.c_str());
  }
  for (const Registry::Conflict& conflict : session.registry.conflicts())
    std::printf("\nconflict: %s\n", conflict.reason.c_str());
  for (const Registry::Refused& refused : session.registry.refused()) {
    const std::string reason = refused.reason.substr(0, refused.reason.find('\n'));
    std::printf("\nnot used: %s\n  (hebbforge inspect %s)\n", reason.c_str(), refused.file.c_str());
  }
}

}  // namespace

abi::Kind kind_or_mistake(const std::string& name) {
  if (const auto kind = kind_named(name)) return *kind;
  std::vector<std::string> kinds;
  for (std::size_t k = 0; k < abi::kind_count; ++k) kinds.emplace_back(name_of(static_cast<abi::Kind>(k)));
  throw ConfigError("there is no kind of plugin '" + name + "'." + suggestion(name, kinds) +
                    " Kinds: " + joined(kinds));
}

void add_list(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("list", "List the plugins that are found");
  command->add_option("kind", arguments->kind,
                      "rule, optimizer, perturbation, loss, stimulus, neuron, constraint, executor");
  command->add_flag("--all", arguments->all, "Also those hidden by one of the same name, and every file");
  command->footer("Examples:\n  hebbforge list\n  hebbforge list rule --plugin-path ~/rules/build");
  command->callback([arguments, &session] { list(session, *arguments); });
}

}  // namespace hebbforge::cli
