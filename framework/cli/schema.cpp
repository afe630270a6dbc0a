#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace hebbforge::cli {
namespace {

using Json = nlohmann::ordered_json;
using T = abi::ParameterType;

Json element(const abi::Parameter& p) {
  switch (p.type) {
    case T::real:
    case T::real_list: {
      Json number{{"type", {"number", "string"}}};  // a text has a unit
      if (!std::isinf(p.minimum)) number["minimum"] = p.minimum;
      if (!std::isinf(p.maximum)) number["maximum"] = p.maximum;
      return number;
    }
    case T::integer:
    case T::integer_list: {
      Json number{{"type", "integer"}};
      if (!std::isinf(p.minimum)) number["minimum"] = static_cast<std::int64_t>(p.minimum);
      if (!std::isinf(p.maximum)) number["maximum"] = static_cast<std::int64_t>(p.maximum);
      return number;
    }
    case T::boolean:
      return {{"type", "boolean"}};
    default:
      if (p.choices.size > 0) return {{"enum", std::vector<std::string>(p.choices.begin(), p.choices.end())}};
      return {{"type", "string"}};
  }
}

Json schema_of(const abi::Parameter& p) {
  const bool list = p.type == T::real_list || p.type == T::integer_list || p.type == T::text_list;
  Json schema = list ? Json{{"type", "array"}, {"items", element(p)}} : element(p);
  const std::string unit = p.unit == std::string_view("1") ? "" : " [" + std::string(p.unit) + "]";
  schema["description"] = p.summary + unit;
  if (!p.required) schema["default"] = std::visit([](const auto& v) { return Json(v); }, default_value(p));
  return schema;
}

// "fit.trials" is the key "trials" of a table "fit".
void add_parameter(Json& properties, std::string_view name, const abi::Parameter& p) {
  const std::size_t dot = name.find('.');
  if (dot == name.npos) {
    properties[std::string(name)] = schema_of(p);
    return;
  }
  Json& table = properties[std::string(name.substr(0, dot))];
  table["type"] = "object";
  table["additionalProperties"] = false;
  add_parameter(table["properties"], name.substr(dot + 1), p);
}

// The values of a rule that can be made as it is; their names contain dots.
Json values_of(const RegisteredPlugin& plugin, const Json& any) {
  for (const abi::Parameter& p : plugin.descriptor->parameters) {
    if (p.required) return any;
  }
  const auto rule = plugin.create<RuleBasis>(default_config(*plugin.descriptor));
  Json properties = Json::object();
  for (const abi::Parameter& p : rule->parameters()) properties[p.name] = schema_of(p);
  return {{"anyOf",
           {{{"const", "input"}},
            {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}}}};
}

// A table of one kind of plugin: whichever plugin it names decides which other keys it may have.
Json kind_schema(abi::Kind kind, const Json& host, const std::vector<const RegisteredPlugin*>& plugins) {
  const bool has_preset = host.contains("preset");
  std::vector<std::string> names;
  Json cases = Json::array();
  for (const RegisteredPlugin* plugin : plugins) {
    if (plugin->kind() != kind || plugin->hidden()) continue;
    const std::string full(plugin->name()), last(plugin->last_name());
    names.insert(names.end(), {last, full});
    Json properties = host, required = Json::array();
    properties["plugin"] = true;
    properties["library"] = true;
    Json others = false;
    for (const abi::Parameter& p : plugin->descriptor->parameters) {
      if (p.name == any_other_key) {
        others = {{"type", {"number", "string"}}, {"description", p.summary}};
        continue;
      }
      add_parameter(properties, p.name, p);
      const std::string_view name(p.name);
      if (p.required) required.push_back(std::string(name.substr(0, name.find('.'))));
    }
    if (kind == abi::Kind::rule) properties["values"] = values_of(*plugin, host["values"]);
    Json then{{"description", plugin->descriptor->summary},
              {"properties", properties},
              {"additionalProperties", others}};
    if (!required.empty()) {
      if (has_preset)
        then["anyOf"] = {{{"required", {"preset"}}}, {{"required", required}}};
      else
        then["required"] = required;
    }
    cases.push_back(
        {{"if", {{"properties", {{"plugin", {{"enum", {last, full}}}}}}, {"required", {"plugin"}}}},
         {"then", then}});
  }
  Json properties = host;
  properties["plugin"] = {{"type", "string"}, {"examples", names}};
  properties["library"] = {{"$ref", "#/definitions/library"}};
  Json table{{"type", "object"}, {"properties", properties}};
  if (!cases.empty()) table["allOf"] = cases;
  const bool is_named_table =
      kind == abi::Kind::loss || kind == abi::Kind::perturbation || kind == abi::Kind::constraint;
  if (is_named_table) return table;
  return {{"anyOf", {{{"type", "string"}, {"examples", names}}, table}}};
}

void print_schema(Session& session) {
  session.find_plugins();
  const std::filesystem::path file = installation_prefix() / "share" / "hebbforge" / "pipeline.schema.json";
  std::ifstream in(file);
  if (!in)
    throw SimulationError("cannot read " + file.string() + ": this installation of Hebbforge is incomplete");
  Json schema = Json::parse(in);
  const auto plugins = session.registry.all();
  for (std::size_t k = 0; k < abi::kind_count; ++k) {
    const auto kind = static_cast<abi::Kind>(k);
    Json& definition = schema["definitions"][std::string(name_of(kind))];
    const Json host = definition["properties"];
    definition = kind_schema(kind, host, plugins);
  }
  std::printf("%s\n", schema.dump(2).c_str());
}

}  // namespace

void add_schema(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("schema", "Print a JSON Schema of pipelines, with the plugins that are found");
  command->footer(
      "Example:\n"
      "  hebbforge schema > pipeline.schema.json\n"
      "An editor with a TOML language server completes and checks pipelines whose first line is\n"
      "  #:schema ./pipeline.schema.json");
  command->callback([&session] { print_schema(session); });
}

}  // namespace hebbforge::cli
