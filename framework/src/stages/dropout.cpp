#include "stages/dropout.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "host/document.hpp"
#include "host/settable.hpp"
#include "host/whole_file.hpp"

namespace hebbforge {
std::vector<Coefficient> coefficients_of(const Pipeline& pipeline) {
  std::vector<Coefficient> all;
  for (std::size_t p = 0; p < pipeline.pathways.size(); ++p) {
    if (!pipeline.pathways[p].rule) continue;
    const RuleBasis& basis = *pipeline.pathways[p].rule->basis;
    const auto parameters = basis.parameters();
    const auto signals = basis.signals();
    // Signals of terms count within their own side.
    const auto time_constant = [&](Side side, int signal) {
      for (const Signal& s : signals) {
        if (s.side == side && signal-- == 0) return s.tau;
      }
      return -1;
    };
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      if (!is_coefficient(basis, k)) continue;
      Coefficient c{pipeline.pathways[p].name + "." + parameters[k].name, p, k};
      for (const Term& term : basis.terms()) {
        if (term.coefficient != static_cast<int>(k)) continue;
        for (const auto& [side, signal] : {std::pair{Side::pre, term.pre_signal},
                                           {Side::post, term.post_signal},
                                           {Side::synapse, term.synapse_signal}}) {
          const int tau = signal < 0 ? -1 : time_constant(side, signal);
          if (tau >= 0) c.time_constants.push_back(static_cast<std::size_t>(tau));
        }
      }
      all.push_back(std::move(c));
    }
  }
  return all;
}

std::string dropped_path(const std::string& condition) {
  return condition.ends_with(dropped) ? condition.substr(0, condition.size() - dropped.size()) : "";
}

std::vector<Variant> dropout_variants(const StageContext& context) {
  std::vector<Variant> all;
  for (const Variant& full : variants_of(context)) {
    all.push_back({full.rule, full.instance, "full", full.pipeline});
    for (const Coefficient& c : coefficients_of(full.pipeline)) {
      if (full.pipeline.pathways[c.pathway].rule->values[c.index] == 0) continue;
      Variant without{full.rule, full.instance, c.path + std::string(dropped), full.pipeline};
      set_value(without.pipeline, {ParameterTarget::Part::rule, c.pathway, c.index, ""}, 0);
      all.push_back(std::move(without));
    }
  }
  return all;
}

std::vector<RankedCoefficient> ranking_of(const std::vector<Variant>& variants, double keep_below) {
  struct Shifts {
    std::string path;
    std::vector<double> values;
    double failed = 0;
  };
  std::vector<Shifts> shifts;  // in the order of the rule
  double full = 0;
  std::size_t instances = 0;
  for (const Variant& v : variants) {
    const auto losses = v.scores.losses(0);
    if (v.condition == "full") {  // of the variants up to the next full rule
      full = median(losses);
      instances += full < keep_below;
      continue;
    }
    const std::string path = dropped_path(v.condition);
    if (!(full < keep_below) || path.empty()) continue;
    auto at = std::ranges::find(shifts, path, &Shifts::path);
    if (at == shifts.end()) at = shifts.insert(shifts.end(), {path, {}});
    at->values.push_back(std::max(0.0, median(losses) - full));
    at->failed += failed_share({losses});
  }
  std::vector<RankedCoefficient> ranking;
  for (Shifts& s : shifts) {
    s.values.resize(instances, 0.0);  // where the coefficient is 0 anyway, nothing is lost without it
    ranking.push_back({s.path, median(s.values), s.failed / static_cast<double>(instances), instances});
  }
  std::ranges::stable_sort(ranking, [](const RankedCoefficient& a, const RankedCoefficient& b) {
    return a.shift != b.shift ? a.shift > b.shift : a.failed_share > b.failed_share;
  });
  return ranking;
}

std::string write_ranking(const StageContext& context, const std::vector<RankedCoefficient>& ranking) {
  std::string csv = "rank,coefficient,median_shift,instances,failed_share\n", text;
  for (std::size_t k = 0; k < ranking.size(); ++k) {
    const RankedCoefficient& r = ranking[k];
    csv += std::to_string(k + 1) + "," + r.path + "," + toml_real(r.shift) + "," +
           std::to_string(r.instances) + "," + toml_real(r.failed_share) + "\n";
    char line[160], shift[32] = "fails without it";
    if (!std::isinf(r.shift)) std::snprintf(shift, sizeof shift, "%.4g", r.shift);
    std::snprintf(line, sizeof line, "%3zu  %-16s %-16s  %.3g %%\n", k + 1, r.path.c_str(), shift,
                  100 * r.failed_share);
    text += line;
  }
  write_text_file(context.folder / "ranking.csv", csv);
  return "how much the median loss rises without a coefficient, and the share of lives that fail\n" + text;
}

}  // namespace hebbforge
