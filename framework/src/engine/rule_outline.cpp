#include "engine/rule_outline.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <hebbforge/host/quantity.hpp>

#include "engine/fused_plan.hpp"

namespace hebbforge::engine {
namespace {

std::string counted(std::size_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

// With every parameter at 1 no term is left out.
std::string fused_text(const RuleBasis& rule) {
  const FusedPlan plan = FusedPlan::make(rule, std::vector<double>(rule.parameters().size(), 1.0));
  const auto single = std::ranges::count_if(plan.terms, &PlannedTerm::by_synapse);
  std::string text = "separable: fused, rank " + std::to_string(plan.forms[0].size()) + " without w, " +
                     std::to_string(plan.forms[1].size()) + " with w";
  if (single > 0)
    text += ", and " + counted(static_cast<std::size_t>(single), "term") + " synapse by synapse";
  return text;
}

std::string signal_text(const Pipeline& pipeline, const PathwaySpec& pathway, const Signal& signal) {
  constexpr std::array sources{"the rate", "the squared rate", "pre times post", "a dataset of the input"};
  const RuleSpec& rule = *pathway.rule;
  std::string text = std::string(signal.name) + ": ";
  if (signal.tau >= 0) {
    const abi::Parameter& tau = rule.basis->parameters()[static_cast<std::size_t>(signal.tau)];
    text += std::string("trace of ") + sources[static_cast<std::size_t>(signal.source)] + ", " + tau.name +
            " = " + quantity_text(rule.values[static_cast<std::size_t>(signal.tau)], tau.unit);
    if (signal.kept_for_life) text += ", kept for the life";
  } else {
    text += sources[static_cast<std::size_t>(signal.source)];
  }
  const Eigen::Index pre = pipeline.populations[pipeline.population_index(pathway.from)].size,
                     post = pipeline.populations[pipeline.population_index(pathway.to)].size;
  const Eigen::Index numbers = signal.side == Side::pre       ? pre
                               : signal.side == Side::post    ? post
                               : signal.side == Side::synapse ? pre * post
                                                              : 1;
  constexpr std::array owners{"presynaptic cell", "postsynaptic cell", "synapse", "pathway"};
  return text + "; one number per " + owners[static_cast<std::size_t>(signal.side)] + ", " +
         std::to_string(numbers) + " to update in a step";
}

}  // namespace

std::string rule_outline(const Pipeline& pipeline, const PathwaySpec& pathway) {
  const RuleSpec& rule = *pathway.rule;
  const RuleBasis& basis = *rule.basis;
  const auto terms = basis.terms();
  std::string text =
      pathway.name + ": " + std::string(rule.choice.plugin->name()) + ", " + counted(terms.size(), "term") +
      "; " +
      (basis.separable() ? fused_text(basis)
                         : "not separable: every synapse is computed for itself, many times slower") +
      "\n";
  const ConstVectorView values(rule.values.data(), static_cast<Eigen::Index>(rule.values.size()));
  std::size_t width = 0;
  for (const Term& term : terms) width = std::max(width, term.name.size());
  for (std::size_t k = 0; k < terms.size(); ++k) {
    char number[32];
    std::snprintf(number, sizeof number, "%+.4g", basis.multiplier(k, values));
    text += "  " + std::string(terms[k].name) + std::string(width + 2 - terms[k].name.size(), ' ') + number;
    const std::string_view coefficient(
        basis.parameters()[static_cast<std::size_t>(terms[k].coefficient)].name);
    if (coefficient != "c." + std::string(terms[k].name)) text += "  (" + std::string(coefficient) + ")";
    if (!basis.obstacle(k).empty()) text += "  not separable: " + std::string(basis.obstacle(k));
    text += "\n";
  }
  for (const Signal& signal : basis.signals()) text += "  " + signal_text(pipeline, pathway, signal) + "\n";
  return text;
}

}  // namespace hebbforge::engine
