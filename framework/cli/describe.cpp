#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <hebbforge/error.hpp>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "description.hpp"
#include "host/suggestion.hpp"

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
    if (plugin->hidden) continue;
    const std::string full(plugin->name()), last = full.substr(full.find('.') + 1);
    if (full == name || last == name) found.push_back(plugin);
    names.push_back(last);
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
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError("cannot read " + file.string());
  const std::string before((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string after =
      with_parameters_section(before, Description(*found.front()).parameters_section(), file.string());
  if (after != before) std::ofstream(file, std::ios::binary) << after;
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
