#include "host/rule_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>

#include <hebbforge/host/suggestion.hpp>
#include "host/presets.hpp"
#include "host/resolved.hpp"
#include "host/settable.hpp"

namespace hebbforge {
namespace {

Node rule_document(const std::string& name, const Place& place) {
  const auto file = rule_file_named(name, place);
  return file ? parse_toml_file(*file) : load_preset(name, place);
}

// A number with few digits, for people to read.
std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

template <class Write>
std::string formula(const RuleSpec& rule, const std::string& left, const Write& write) {
  std::string text = left;
  bool any = false;
  const ConstVectorView values(rule.values.data(), static_cast<Eigen::Index>(rule.values.size()));
  const auto terms = rule.basis->terms();
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const Term& term = terms[k];
    const double c = rule.basis->multiplier(k, values);
    if (c == 0) continue;
    text += c < 0 ? (any ? " - " : " -") : (any ? " + " : " ");
    text += write(std::abs(c), term);
    any = true;
  }
  return any ? text : text + " 0";
}

std::string others_text(const Pipeline& pipeline) {
  std::string text;
  for (const Settable& s : settables(pipeline)) {
    if (std::ranges::find(pipeline.found, s.target) == pipeline.found.end()) continue;
    const std::string unit = s.parameter->unit;
    text += toml_path(s.key) + " = " + toml_real(s.value) + (unit == "1" ? "" : "  # " + unit) + "\n";
  }
  return text.empty() ? text : "\n[set]  # found with the rule: values of the pipeline\n" + text;
}

// The table [set]: what was found with the rules in other parts of the model.
void read_others(const Node& table, const Pipeline& pipeline, LoadedRules& loaded, Mistakes& mistakes) {
  auto all = settables(pipeline);
  std::erase_if(all, [](const Settable& s) { return s.target.part == ParameterTarget::Part::rule; });
  for (const auto& [path, entry] : leaves_of(table)) {
    const auto at = std::ranges::find(all, path, &Settable::key);
    if (at == all.end()) {
      std::vector<std::string> keys;
      for (const Settable& s : all) keys.push_back(s.key);
      mistakes.add(entry->key_place, "the rule was found together with '" + path +
                                         "', which the pipeline does not have." + suggestion(path, keys) +
                                         " Add its table to the pipeline, or remove this line");
      continue;
    }
    const abi::Parameter& p = *at->parameter;
    const auto value = checked_real(entry->value, "'" + path + "'", {p.unit, p.minimum, p.maximum}, mistakes);
    if (value) loaded.others.emplace_back(at->target, *value);
  }
}

}  // namespace

double InputValues::next(const abi::Parameter& parameter) {
  const bool is_tau = std::string_view(parameter.name).starts_with("tau.");
  const char* dataset = is_tau ? "time_constants" : "coefficients";
  if (!input_) throw Error("values = \"input\" needs an input file: set the top key `input`");
  const Eigen::MatrixXd& all = input_->matrix(dataset);
  Eigen::Index& next = is_tau ? time_constants_ : coefficients_;
  if (next >= all.size()) {
    throw Error("the input's dataset '" + std::string(dataset) + "' has " + std::to_string(all.size()) +
                " entries, too few for the parameters of the pipeline's rules");
  }
  return all(next++, 0);
}

std::optional<RuleSpec> read_rule(PluginReader& plugins, TableReader& reader, InputValues& input,
                                  bool complete) {
  Mistakes& mistakes = plugins.mistakes();
  const Node* values = reader.take("values");
  RuleSpec rule;
  const auto before = mistakes.count();
  rule.choice = plugins.choice(abi::Kind::rule, reader);
  if (!rule.choice.plugin || mistakes.count() != before) return std::nullopt;
  rule.basis = rule.choice.plugin->create<RuleBasis>(rule.choice.config);
  const auto parameters = rule.basis->parameters();
  if (values && values->type == Node::Type::text) {
    if (values->text() != "input") {
      mistakes.add(values->place,
                   "'values' is " + describe(*values) + "; expected a table of parameters, or \"input\"");
      return std::nullopt;
    }
    rule.from_input = true;
    try {
      for (const abi::Parameter& p : parameters) rule.values.push_back(input.next(p));
    } catch (const Error& error) {
      mistakes.add(values->place, error.what());
      return std::nullopt;
    }
    return rule;
  }
  TableReader value_reader(values, "'values' of the rule", values ? values->place : reader.place(), mistakes);
  const Config config = value_reader.config(parameters);
  for (const abi::Parameter& p : parameters) {
    if (complete) value_reader.require(p.name);
  }
  value_reader.finish("rule '" + std::string(rule.choice.plugin->name()) + "' of this pathway");
  for (const abi::Parameter& p : parameters) rule.values.push_back(config.real(p.name));
  return rule;
}

std::optional<std::filesystem::path> rule_file_named(const std::string& name, const Place& place) {
  auto file = path_of(name, place);
  if (std::filesystem::is_regular_file(file / "rule.toml")) file /= "rule.toml";
  if (!std::filesystem::is_regular_file(file)) return std::nullopt;
  return file;
}

LoadedRules load_rules(PluginReader& plugins, const Pipeline& pipeline, const std::string& name,
                       const Place& place) {
  LoadedRules loaded{std::vector<std::optional<RuleSpec>>(pipeline.pathways.size())};
  if (name == "no_plasticity") return loaded;
  Mistakes& mistakes = plugins.mistakes();
  try {
    const Node root = rule_document(name, place);
    TableReader top(&root, "the rule file", root.place, mistakes);
    top.take("origin");
    const double dt = top.real("dt", pipeline.dt, {"s", 0, HUGE_VAL, true});
    if (std::abs(dt - pipeline.dt) > 1e-9 * dt) {
      mistakes.add(root.find("dt")->place, "the rule is for dt = " + toml_real(dt) + " s, the pipeline has " +
                                               toml_real(pipeline.dt) + " s: its learning rate is per step");
    }
    const Node* pathways = top.table("pathway");
    const Node* others = top.table("set");
    top.finish();
    if (others) read_others(*others, pipeline, loaded, mistakes);
    if (!pathways) {
      mistakes.add(root.place, "a rule file needs a table [pathway.NAME] for each pathway that learns");
      return loaded;
    }
    InputValues input(pipeline.input.get());
    for (const Node::Entry& entry : pathways->table) {
      std::vector<std::string> names;
      for (const PathwaySpec& p : pipeline.pathways) names.push_back(p.name);
      const auto at = std::ranges::find(names, entry.key);
      if (at == names.end()) {
        mistakes.add(entry.key_place, "the pipeline has no pathway '" + entry.key + "'." +
                                          suggestion(entry.key, names) + " Its pathways: " + joined(names));
        continue;
      }
      const auto index = static_cast<std::size_t>(at - names.begin());
      const PathwaySpec& pathway = pipeline.pathways[index];
      const Node table = with_preset(entry.value);
      TableReader reader(&table, "[pathway." + entry.key + "]", entry.key_place, mistakes);
      reader.take("formula");
      reader.take("latex");
      const auto same = [&](const char* key, double here) {
        const auto there = reader.optional_real(key, {"1", 0, HUGE_VAL, true});
        if (!there || std::abs(*there - here) <= 1e-12 * here) return;
        mistakes.add(table.find(key)->place, "the rule is for " + std::string(key) + " = " +
                                                 toml_real(*there) + ", the pipeline's pathway has " +
                                                 toml_real(here) + "; set it in [pathway." + entry.key + "]");
      };
      same("rate_scale", pathway.rate_scale);
      same("trace_scale", pathway.trace_scale);
      same("learning_rate", pathway.learning_rate);
      loaded.pathways[index] = read_rule(plugins, reader, input, true);
    }
  } catch (const ConfigError& error) {
    if (error.line() > 0)
      mistakes.add(error);
    else
      mistakes.add(place, error.what());
  }
  return loaded;
}

Pipeline with_rules(Pipeline pipeline, const LoadedRules& loaded) {
  for (std::size_t k = 0; k < pipeline.pathways.size(); ++k) pipeline.pathways[k].rule = loaded.pathways[k];
  pipeline.found.clear();
  for (const auto& [target, value] : loaded.others) {
    set_value(pipeline, target, value);
    pipeline.found.push_back(target);
  }
  return pipeline;
}

std::string formula_text(const RuleSpec& rule) {
  if (rule.basis->terms().empty())
    return "dw/dt as plugin '" + std::string(rule.choice.plugin->name()) + "' computes it";
  return formula(rule, "dw/dt =", [](double c, const Term& term) {
    return short_number(c) + (term.name == "1" ? "" : " " + std::string(term.name));
  });
}

std::string formula_latex(const RuleSpec& rule) {
  return formula(rule, R"(\dot w_{ij} =)", [](double c, const Term& term) {
    return short_number(c) + (term.name == "1" ? "" : R"(\,)" + std::string(term.latex));
  });
}

std::string rule_file_text(const Pipeline& pipeline, const RuleOrigin& origin) {
  std::string text = "# A plasticity rule. Use it with --rule, as a reference, or in `start_from`.\n";
  text += "dt = " + toml_real(pipeline.dt) + "  # s; learning_rate is per step of this length\n";
  if (!origin.empty()) text += "\n[origin]\n";
  for (const auto& [key, value] : origin) text += key + " = " + value + "\n";
  text += others_text(pipeline);
  for (const PathwaySpec& pathway : pipeline.pathways) {
    if (!pathway.rule) continue;
    const RuleSpec& rule = *pathway.rule;
    const std::string table = "pathway." + toml_key(pathway.name);
    text += "\n[" + table + "]  # " + pathway.from + " -> " + pathway.to + ", W(post, pre)\n";
    text += "formula = " + toml_text(formula_text(rule)) + "\n";
    if (!rule.basis->terms().empty()) text += "latex = " + toml_text(formula_latex(rule)) + "\n";
    text += "plugin = " + toml_text(rule.choice.plugin->name()) + "\n";
    text += parameters_text(rule.choice);
    text += "rate_scale = " + toml_real(pathway.rate_scale) + "  # x, y: rate / rate_scale\n";
    text += "trace_scale = " + toml_real(pathway.trace_scale) + "  # x~, y~: filtered rate / trace_scale\n";
    text += "learning_rate = " + toml_real(pathway.learning_rate) + "\n";
    text += "\n[" + table + ".values]\n";
    const auto parameters = rule.basis->parameters();
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      const bool has_unit = std::string_view(parameters[k].unit) != "1";
      text += toml_key(parameters[k].name) + " = " + toml_real(rule.values[k]) +
              (has_unit ? "  # " + std::string(parameters[k].unit) : "") + "\n";
    }
  }
  return text;
}

}  // namespace hebbforge
