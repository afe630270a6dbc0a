#include "stages/seed_table.hpp"

#include <algorithm>
#include <cstdio>

#include <hebbforge/host/quantity.hpp>
#include "host/document.hpp"
#include "stages/statistics.hpp"

namespace hebbforge {
namespace {

std::string left(const std::string& text, std::size_t width) {
  return text.size() >= width ? text + " " : text + std::string(width - text.size(), ' ');
}

std::string interval_text(const std::vector<double>& values, const std::string& unit) {
  const Interval i = median_interval(values);
  return quantity_text(median(values), unit) + " [" + quantity_text(i.low, unit) + ", " +
         quantity_text(i.high, unit) + "]";
}

// Everything is compared over the seeds that found a rule.
std::vector<const SeedResult*> with_rule(const std::vector<SeedResult>& results) {
  std::vector<const SeedResult*> found;
  for (const SeedResult& r : results) {
    if (r.summary.picked_evaluation >= 0) found.push_back(&r);
  }
  return found;
}

}  // namespace

std::string seed_table_text(const std::vector<SeedResult>& results) {
  std::string text = "loss per network, medians over the networks of a set\n" + left("seed", 8) +
                     left("rule", 24) + left("search", 12) + left("select", 12) + left("report", 12) +
                     "failed in report\n";
  for (const SeedResult& r : results) {
    for (const RuleSummary& rule : r.summary.rules) {
      char line[160];
      std::snprintf(line, sizeof line, "%-12.4g%-12.4g%-12.4g%zu/%zu\n", rule.search.median,
                    rule.select.median, rule.report.median, rule.report.failed, rule.report.networks);
      text += left(std::to_string(r.seed), 8) + left(rule.name, 24) + line;
    }
  }
  const auto found = with_rule(results);
  text += "\npicked rules of " + std::to_string(found.size()) + " of " + std::to_string(results.size()) +
          " seeds\n";
  if (found.empty()) return text;
  text += left("parameter", 20) + left("above 0", 10) + "median [95 % bootstrap interval over seeds]\n";
  const auto& names = found.front()->summary.parameter_names;
  for (std::size_t k = 0; k < names.size(); ++k) {
    std::vector<double> values;
    for (const SeedResult* r : found) values.push_back(r->summary.parameters[k]);
    const auto positive = std::ranges::count_if(values, [](double v) { return v > 0; });
    text += left(names[k], 20) + left(std::to_string(positive) + " of " + std::to_string(values.size()), 10) +
            interval_text(values, found.front()->summary.parameter_units[k]) + "\n";
  }
  return text;
}

std::string seed_table_csv(const std::vector<SeedResult>& results) {
  const auto found = with_rule(results);
  std::string text =
      "seed,rule,evaluations,search_sum,search_median,select_median,report_median,report_failed";
  if (!found.empty()) {
    for (const std::string& name : found.front()->summary.parameter_names) text += "," + name;
  }
  text += "\n";
  for (const SeedResult& r : results) {
    for (std::size_t k = 0; k < r.summary.rules.size(); ++k) {
      const RuleSummary& rule = r.summary.rules[k];
      text += std::to_string(r.seed) + "," + rule.name + "," + std::to_string(r.summary.evaluations) + "," +
              toml_real(rule.search.sum) + "," + toml_real(rule.search.median) + "," +
              toml_real(rule.select.median) + "," + toml_real(rule.report.median) + "," +
              std::to_string(rule.report.failed);
      const bool picked = k == 0 && r.summary.picked_evaluation >= 0;
      if (!found.empty()) {
        for (std::size_t i = 0; i < found.front()->summary.parameter_names.size(); ++i) {
          text += "," + (picked ? toml_real(r.summary.parameters[i]) : "");
        }
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace hebbforge
