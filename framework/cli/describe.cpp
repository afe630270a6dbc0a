#include <CLI/CLI.hpp>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/suggestion.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "description.hpp"
#include "host/whole_file.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments {
  std::string name;
  bool markdown = false, json = false;
  std::filesystem::path readme;
};

std::vector<const RegisteredPlugin*> plugins_named(const Session& session, const std::string& name) {
  std::vector<const RegisteredPlugin*> found;
  std::vector<std::string> names;
  for (const RegisteredPlugin* plugin : session.registry.all()) {
    if (plugin->hidden()) continue;
    if (plugin->name() == name || plugin->last_name() == name) found.push_back(plugin);
    names.emplace_back(plugin->last_name());
  }
  if (found.empty())
    throw ConfigError("no plugin named '" + name + "'." + suggestion(name, names) +
                      " Available: " + joined(names));
  return found;
}

void update_readme(const std::vector<const RegisteredPlugin*>& found, const std::filesystem::path& file) {
  if (found.size() > 1)
    throw ConfigError("--readme: there are " + std::to_string(found.size()) + " plugins named '" +
                      std::string(found.front()->name()) + "'; give the full name of one");
  const std::string before = read_text_file(file);
  const std::string after =
      with_parameters_section(before, Description(*found.front()).parameters_section(), file.string());
  if (after != before) write_text_file(file, after);
  std::printf("%s: %s\n", file.c_str(), after == before ? "as it should be" : "parameters rewritten");
}

void describe(Session& session, const Arguments& arguments) {
  session.find_plugins();
  const auto found = plugins_named(session, arguments.name);
  if (!arguments.readme.empty()) {
    update_readme(found, arguments.readme);
  } else if (arguments.json) {
    auto all = nlohmann::ordered_json::array();
    for (const RegisteredPlugin* plugin : found) all.push_back(Description(*plugin).json());
    std::printf("%s\n", all.dump(2).c_str());
  } else {
    for (const RegisteredPlugin* plugin : found) {
      const Description description(*plugin);
      std::printf("%s%s", plugin == found.front() ? "" : "\n",
                  (arguments.markdown ? description.markdown() : description.text()).c_str());
    }
  }
}

}  // namespace

void add_describe(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("describe", "Show what a plugin is and which parameters it takes");
  command->add_option("name", arguments->name, "Full name, or its last part")->required();
  auto* markdown = command->add_flag("--markdown", arguments->markdown, "In the form of a README");
  auto* json =
      command->add_flag("--json", arguments->json, "As JSON: a list, one entry per plugin of that name");
  auto* readme =
      command->add_option("--readme", arguments->readme, "Rewrite the section '## Parameters' of this file");
  readme->type_name("FILE")->excludes(markdown)->excludes(json);
  json->excludes(markdown);
  command->footer(
      "Examples:\n"
      "  hebbforge describe time_decoder\n"
      "  hebbforge describe temporal_oja --json\n"
      "  hebbforge describe temporal_oja --readme rules/temporal_oja/README.md");
  command->callback([arguments, &session] { describe(session, *arguments); });
}

}  // namespace hebbforge::cli
