#include "engine/fused_plan.hpp"

#include <algorithm>

namespace hebbforge::engine {
namespace {

std::size_t index_of(std::vector<SideFactor>& factors, SideFactor factor) {
  const auto found = std::find(factors.begin(), factors.end(), factor);
  if (found != factors.end()) return static_cast<std::size_t>(found - factors.begin());
  factors.push_back(factor);
  return factors.size() - 1;
}

SideFactor side_factor(Factor factor, int signal) {
  const bool uses_signal =
      factor == Factor::signal || factor == Factor::signal_squared || factor == Factor::signal_times_activity;
  return {factor, uses_signal ? signal : -1};
}

// Repeatedly takes the factor that the most uncovered terms share; ties go to the presynaptic side and the
// lower index, so the grouping depends on the terms alone.
std::vector<Form> cover(const FusedPlan& plan, int power) {
  std::vector<std::size_t> open;
  for (std::size_t k = 0; k < plan.terms.size(); ++k) {
    if (plan.terms[k].weight_power == power && !plan.terms[k].by_synapse()) open.push_back(k);
  }
  std::vector<Form> forms;
  while (!open.empty()) {
    std::vector<std::size_t> pre_count(plan.pre.size()), post_count(plan.post.size());
    for (const std::size_t k : open) {
      ++pre_count[plan.terms[k].pre];
      ++post_count[plan.terms[k].post];
    }
    const auto best_pre = std::max_element(pre_count.begin(), pre_count.end());
    const auto best_post = std::max_element(post_count.begin(), post_count.end());
    Form form;
    form.pre_anchor = *best_pre >= *best_post;
    form.anchor = static_cast<std::size_t>(form.pre_anchor ? best_pre - pre_count.begin()
                                                           : best_post - post_count.begin());
    std::vector<std::size_t> rest;
    for (const std::size_t k : open) {
      const PlannedTerm& term = plan.terms[k];
      if ((form.pre_anchor ? term.pre : term.post) == form.anchor) {
        form.parts.push_back({k, form.pre_anchor ? term.post : term.pre});
      } else {
        rest.push_back(k);
      }
    }
    forms.push_back(std::move(form));
    open = std::move(rest);
  }
  return forms;
}

}  // namespace

FusedPlan FusedPlan::make(const RuleBasis& rule, std::span<const double> values) {
  FusedPlan plan;
  const auto terms = rule.terms();
  const ConstVectorView all(values.data(), static_cast<Eigen::Index>(values.size()));
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const double c = rule.multiplier(k, all);
    if (c == 0) continue;
    plan.terms.push_back({k, c, index_of(plan.pre, side_factor(terms[k].pre, terms[k].pre_signal)),
                          index_of(plan.post, side_factor(terms[k].post, terms[k].post_signal)),
                          terms[k].weight_power, terms[k].synapse_signal, terms[k].global_signal});
  }
  for (const int power : {0, 1}) plan.forms[power] = cover(plan, power);
  return plan;
}

}  // namespace hebbforge::engine
