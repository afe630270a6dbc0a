#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <memory>

#include "command.hpp"
#include "host/presets.hpp"
#include "host/quantity.hpp"
#include "host/suggestion.hpp"
#include "host/table_reader.hpp"

namespace hebbforge::cli {
namespace {

std::string default_text(const abi::Parameter& p) {
  if (p.required) return "required";
  if (p.type == abi::ParameterType::real) return quantity_text(p.default_value, p.unit);
  return toml_value(default_value(p));
}

std::string range_text(const abi::Parameter& p) {
  if (p.choices.size > 0) return joined({p.choices.begin(), p.choices.end()});
  const auto bound = [&](double v) {
    return std::isinf(v) ? std::string(v < 0 ? "-inf" : "inf") : quantity_text(v, p.unit);
  };
  if (std::isinf(p.minimum) && std::isinf(p.maximum)) return "";
  return bound(p.minimum) + " to " + bound(p.maximum);
}

void print_parameters(std::span<const abi::Parameter> parameters) {
  for (const abi::Parameter& p : parameters) {
    std::printf("  %-18s %s\n", p.name, p.summary);
    const std::string range = range_text(p);
    std::printf("  %-18s default %s%s%s\n", "", default_text(p).c_str(), range.empty() ? "" : "; ",
                range.c_str());
  }
}

// A rule's own parameters depend on its configuration; without required ones it can be made as it is.
void print_rule(const RegisteredPlugin& plugin) {
  Config config;
  for (const abi::Parameter& p : plugin.descriptor->parameters) {
    if (p.required) return;
    config.set(p.name, default_value(p));
  }
  const auto rule = plugin.create<RuleBasis>(config);
  std::printf("\nterms\n");
  for (const Term& term : rule->terms()) std::printf("  %s\n", std::string(term.name).c_str());
  std::printf("\nvalues (in `values` of a pathway's rule; searched through [search.free])\n");
  print_parameters(rule->parameters());
}

void describe_plugin(const RegisteredPlugin& plugin) {
  const abi::Descriptor& d = *plugin.descriptor;
  std::printf("%s %s, %s\n  %s\n", d.name, d.version, std::string(name_of(d.kind)).c_str(), d.summary);
  if (*d.reference != '\0') std::printf("  %s\n", d.reference);
  std::printf("  %s, built with %s\n", plugin.library->file().c_str(),
              std::string(plugin.library->built_with()).c_str());
  std::printf("\nparameters%s\n", d.parameters.size == 0 ? ": none" : "");
  print_parameters({d.parameters.data, d.parameters.size});
  if (d.kind == abi::Kind::rule) print_rule(plugin);
}

void describe_named(Session& session, const std::string& name) {
  session.find_plugins();
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
  for (const RegisteredPlugin* plugin : found) {
    if (plugin != found.front()) std::printf("\n");
    describe_plugin(*plugin);
  }
}

}  // namespace

void add_describe(CLI::App& app, Session& session) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("describe", "Show what a plugin is and which parameters it takes");
  command->add_option("name", *name, "Full name, or its last part")->required();
  command->footer("Example:\n  hebbforge describe time_decoder");
  command->callback([name, &session] { describe_named(session, *name); });
}

}  // namespace hebbforge::cli
