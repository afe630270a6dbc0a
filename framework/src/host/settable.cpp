#include "host/settable.hpp"

#include <algorithm>
#include <set>

namespace hebbforge {

std::vector<Settable> settables(const Pipeline& pipeline) {
  using Part = ParameterTarget::Part;
  std::vector<Settable> all;
  for (std::size_t k = 0; k < pipeline.pathways.size(); ++k) {
    if (!pipeline.pathways[k].rule) continue;
    const RuleSpec& rule = *pipeline.pathways[k].rule;
    const auto parameters = rule.basis->parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      all.push_back({pipeline.pathways[k].name + "." + parameters[i].name,
                     "pathway." + pipeline.pathways[k].name + ".rule.values." + parameters[i].name,
                     {Part::rule, k, i, ""},
                     &parameters[i],
                     rule.values[i]});
    }
  }
  // \param table, inner  where its parameters stand: [constraint.cap], or [population.E] and there `neuron`
  const auto add = [&](Part part, std::size_t owner, const std::string& name, const PluginChoice& choice,
                       const std::string& table, const std::string& inner = "") {
    if (!choice.plugin) return;
    for (const abi::Parameter& p : choice.plugin->descriptor->parameters) {
      if (p.type != abi::ParameterType::real) continue;
      const ParameterTarget target{part, owner, 0, p.name};
      all.push_back({name + "." + p.name, table + "." + name + "." + inner + p.name, target, &p,
                     choice.config.real(p.name)});
    }
  };
  for (std::size_t k = 0; k < pipeline.populations.size(); ++k)
    add(Part::neuron, k, pipeline.populations[k].name, pipeline.populations[k].neuron, "population",
        "neuron.");
  for (std::size_t k = 0; k < pipeline.phases.size(); ++k)
    add(Part::stimulus, k, pipeline.phases[k].name, pipeline.phases[k].stimulus, "phase", "stimulus.");
  for (std::size_t k = 0; k < pipeline.constraints.size(); ++k)
    add(Part::constraint, k, pipeline.constraints[k].name, pipeline.constraints[k].choice, "constraint");
  for (std::size_t k = 0; k < pipeline.perturbations.size(); ++k)
    add(Part::perturbation, k, pipeline.perturbations[k].name, pipeline.perturbations[k].choice,
        "perturbation");
  for (std::size_t k = 0; k < pipeline.losses.size(); ++k)
    add(Part::loss, k, pipeline.losses[k].name, pipeline.losses[k].choice, "loss");
  return all;
}

namespace {

// The plugin whose parameter it is; null: a rule's own parameters are no part of its plugin's.
template <class PipelineOrConst>
auto* choice_of(PipelineOrConst& pipeline, const ParameterTarget& t) {
  using Choice = decltype(&pipeline.losses[t.owner].choice);
  using Part = ParameterTarget::Part;
  switch (t.part) {
    case Part::rule:
      return Choice{};
    case Part::neuron:
      return &pipeline.populations[t.owner].neuron;
    case Part::stimulus:
      return &pipeline.phases[t.owner].stimulus;
    case Part::constraint:
      return &pipeline.constraints[t.owner].choice;
    case Part::perturbation:
      return &pipeline.perturbations[t.owner].choice;
    case Part::loss:
      return &pipeline.losses[t.owner].choice;
  }
  return Choice{};
}

void collect_leaves(const Node::Entry& entry, const std::string& before,
                    std::vector<std::pair<std::string, const Node::Entry*>>& leaves) {
  const std::string path = before + entry.key;
  if (entry.value.type != Node::Type::table) leaves.emplace_back(path, &entry);
  for (const Node::Entry& inner : entry.value.table) collect_leaves(inner, path + ".", leaves);
}

}  // namespace

void set_value(Pipeline& pipeline, const ParameterTarget& t, double value) {
  if (PluginChoice* choice = choice_of(pipeline, t)) {
    choice->config.set(t.parameter, value);
    return;
  }
  pipeline.pathways[t.owner].rule->values[t.index] = value;
  // Rules take their values from an input file one after the other: when one no longer does, none may.
  for (PathwaySpec& pathway : pipeline.pathways) {
    if (pathway.rule) pathway.rule->from_input = false;
  }
}

double value_of(const Pipeline& pipeline, const ParameterTarget& t) {
  const PluginChoice* choice = choice_of(pipeline, t);
  return choice ? choice->config.real(t.parameter) : pipeline.pathways[t.owner].rule->values[t.index];
}

std::vector<std::pair<std::string, const Node::Entry*>> leaves_of(const Node& table) {
  std::vector<std::pair<std::string, const Node::Entry*>> leaves;
  for (const Node::Entry& entry : table.table) collect_leaves(entry, "", leaves);
  return leaves;
}

Pipeline with_overrides(Pipeline changed, const Pipeline& read, const std::vector<std::string>& overrides) {
  std::set<std::string> keys;
  for (const std::string& text : overrides) {
    const Node node = parse_override(text);
    for (const auto& leaf : leaves_of(node)) keys.insert(leaf.first);
  }
  const auto there = settables(changed);
  for (const Settable& s : settables(read)) {
    const auto same = std::ranges::find(there, s.key, &Settable::key);
    if (keys.contains(s.key) && same != there.end()) set_value(changed, same->target, s.value);
  }
  return changed;
}

}  // namespace hebbforge
