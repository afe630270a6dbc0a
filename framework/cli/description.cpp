#include "description.hpp"

#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/quantity.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/host/suggestion.hpp>
#include <nlohmann/json.hpp>

#include "host/document.hpp"

namespace hebbforge::cli {
namespace {

using Parameters = std::span<const abi::Parameter>;
using Json = nlohmann::ordered_json;

constexpr const char* type_names[] = {"real", "integer",       "boolean",          "text",
                                      "path", "list of reals", "list of integers", "list of texts"};

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

Parameters schema(const RegisteredPlugin& plugin) {
  return {plugin.descriptor->parameters.data, plugin.descriptor->parameters.size};
}

std::string listing(Parameters parameters) {
  std::string all;
  char line[512];
  for (const abi::Parameter& p : parameters) {
    const std::string range = range_text(p);
    std::snprintf(line, sizeof line, "  %-18s %s\n  %-18s default %s%s%s\n", p.name, p.summary, "",
                  default_text(p).c_str(), range.empty() ? "" : "; ", range.c_str());
    all += line;
  }
  return all;
}

// A bar would end the cell of a table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string code(const std::string& text) { return "`" + cell(text) + "`"; }

std::string table(const char* title, Parameters parameters) {
  std::string all = std::string("| ") + title + " | default | range | |\n|---|---|---|---|\n";
  for (const abi::Parameter& p : parameters) {
    const std::string value = p.required ? "required" : code(default_text(p));
    all +=
        "| " + code(p.name) + " | " + value + " | " + cell(range_text(p)) + " | " + cell(p.summary) + " |\n";
  }
  return all;
}

Json json_of(const Config::Value& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

// Infinite bounds are left out: JSON has no word for them.
Json json_of(Parameters parameters) {
  Json all = Json::array();
  for (const abi::Parameter& p : parameters) {
    Json one{{"name", p.name},
             {"type", type_names[static_cast<std::size_t>(p.type)]},
             {"unit", p.unit},
             {"summary", p.summary},
             {"required", p.required}};
    if (!p.required) one["default"] = json_of(default_value(p));
    if (!std::isinf(p.minimum)) one["minimum"] = p.minimum;
    if (!std::isinf(p.maximum)) one["maximum"] = p.maximum;
    if (p.choices.size > 0) one["choices"] = std::vector<std::string>(p.choices.begin(), p.choices.end());
    if (*p.refers_to != '\0') one["refers_to"] = p.refers_to;
    if (p.log_scale) one["log_scale"] = true;
    if (p.step > 0) one["step"] = p.step;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

// A rule's own parameters depend on its configuration; without required ones it can be made as it is.
Description::Description(const RegisteredPlugin& plugin) : plugin_(plugin) {
  if (plugin.kind() != abi::Kind::rule) return;
  for (const abi::Parameter& p : schema(plugin)) {
    if (p.required) return;
  }
  rule_ = plugin.create<RuleBasis>(default_config(*plugin.descriptor));
}

std::string Description::equation() const {
  if (!rule_ || rule_->terms().empty()) return {};
  std::string sum = R"(\dot w_{ij} =)";
  bool first = true;
  for (const Term& term : rule_->terms()) {
    sum += term.sign < 0 ? " - " : first ? " " : " + ";
    sum += "c_{" + std::to_string(term.coefficient) + "}";
    if (term.name != "1") sum += R"(\,)" + std::string(term.latex);
    first = false;
  }
  return sum;
}

std::string Description::text() const {
  const abi::Descriptor& d = *plugin_.descriptor;
  std::string all =
      std::string(d.name) + " " + d.version + ", " + std::string(name_of(d.kind)) + "\n  " + d.summary + "\n";
  if (*d.reference != '\0') all += "  " + std::string(d.reference) + "\n";
  all += "  " + plugin_.library->file().string() + ", built with " +
         std::string(plugin_.library->built_with()) + "\n";
  all += std::string("\nparameters") + (d.parameters.size == 0 ? ": none" : "") + "\n" +
         listing(schema(plugin_));
  if (!rule_) return all;
  if (!rule_->terms().empty()) all += "\nterms\n";
  for (const Term& term : rule_->terms()) all += "  " + std::string(term.name) + "\n";
  if (!equation().empty()) all += "\nequation (LaTeX)\n  " + equation() + "\n";
  return all + "\nvalues (in `values` of a pathway's rule; searched through [search.free])\n" +
         listing(rule_->parameters());
}

std::string Description::parameters_section() const {
  const Parameters parameters = schema(plugin_);
  std::string all = "## Parameters\n\n";
  all += parameters.empty() ? "None.\n" : table("parameter", parameters);
  if (!rule_ || rule_->parameters().empty()) return all;
  return all + "\nValues, given under `values` of the rule or moved by a search:\n\n" +
         table("value", rule_->parameters());
}

std::string Description::markdown() const {
  const abi::Descriptor& d = *plugin_.descriptor;
  std::string all = "# " + std::string(plugin_.last_name()) + "\n\n" + d.summary + " A plugin of kind " +
                    std::string(name_of(d.kind)) + ", `" + d.name + "`.\n\n";
  if (!equation().empty()) all += "## Equation\n\n$$" + equation() + "$$\n\n";
  return all + parameters_section() + "\n## Reference\n\n" +
         (*d.reference == '\0' ? "Original." : std::string(d.reference) + ".") + "\n";
}

nlohmann::ordered_json Description::json() const {
  const abi::Descriptor& d = *plugin_.descriptor;
  Json all{{"name", d.name},
           {"kind", name_of(d.kind)},
           {"version", d.version},
           {"summary", d.summary},
           {"reference", d.reference},
           {"file", plugin_.library->file().string()},
           {"built_with", plugin_.library->built_with()},
           {"parameters", json_of(schema(plugin_))}};
  if (!rule_) return all;
  all["equation"] = equation();
  all["terms"] = Json::array();
  for (const Term& term : rule_->terms())
    all["terms"].push_back({{"name", term.name}, {"latex", term.latex}});
  all["values"] = json_of(rule_->parameters());
  return all;
}

std::string with_parameters_section(const std::string& readme, const std::string& section,
                                    const std::string& file) {
  const std::string heading = "## Parameters\n";
  const std::size_t at = readme.starts_with(heading) ? 0 : readme.find("\n" + heading);
  if (at == readme.npos)
    throw ConfigError(file + ": there is no line '## Parameters', below which the parameters belong");
  const std::size_t begin = at == 0 ? 0 : at + 1;
  const std::size_t end = readme.find("\n## ", begin + heading.size());
  return readme.substr(0, begin) + section + (end == readme.npos ? "" : readme.substr(end));
}

}  // namespace hebbforge::cli
