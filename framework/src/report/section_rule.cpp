// The discovered rule: formula, coefficients, time constants; of several runs their spread.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "report/formula.hpp"
#include "report/html.hpp"
#include "report/section.hpp"
#include "stages/statistics.hpp"

namespace hebbforge::report {
namespace {

using Values = std::vector<std::pair<std::string, double>>;  // "c.x~*y", in the order of the rule

struct PathwayRule {
  std::string pathway;
  const Node* table = nullptr;
  Values values;
  const double* find(const std::string& name) const {
    const auto at = std::ranges::find(values, name, &Values::value_type::first);
    return at == values.end() ? nullptr : &at->second;
  }
};

std::vector<PathwayRule> rules_of(const RunData& run) {
  std::vector<PathwayRule> all;
  const Node* pathways = run.rule.find("pathway");
  if (!pathways) return all;
  for (const Node::Entry& entry : pathways->table) {
    PathwayRule rule{entry.key, &entry.value, {}};
    if (const Node* values = entry.value.find("values")) {
      for (const Node::Entry& value : values->table) {
        if (value.value.is_number()) rule.values.emplace_back(value.key, value.value.number());
      }
    }
    all.push_back(std::move(rule));
  }
  return all;
}

std::string text_of(const Node& table, const char* key) {
  const Node* found = table.find(key);
  return found && found->type == Node::Type::text ? found->text() : "";
}

double number_of(const Node& table, const char* key) {
  const Node* found = table.find(key);
  return found && found->is_number() ? found->number() : std::nan("");
}

std::string formula(const PathwayRule& rule) {
  const std::string latex = text_of(*rule.table, "latex"), plain = text_of(*rule.table, "formula");
  return "<p class=\"formula\">" + (latex.empty() ? "<code>" + escaped(plain) + "</code>" : mathml(latex)) +
         "</p>\n";
}

std::string symbols(const RunData& run, const PathwayRule& rule) {
  const double rate = number_of(*rule.table, "rate_scale"), trace = number_of(*rule.table, "trace_scale"),
               learning = number_of(*rule.table, "learning_rate"), dt = number_of(run.rule, "dt");
  return "<p class=\"note\">" + mathml("x_j") + ", " + mathml("y_i") +
         ": presynaptic and postsynaptic rate divided by " + number_text(rate) + "; " +
         mathml("\\tilde{x}_j") + ", " + mathml("\\tilde{y}_i") +
         ": the rate filtered with the term's time constant, divided by " + number_text(trace) + "; " +
         mathml("w_{ij}") +
         ": the weight of the synapse from cell j to cell i. All are dimensionless; in each step of " +
         number_text(1e3 * dt) + " ms a weight changes by " + number_text(learning) + " times the sum.</p>\n";
}

enum class Meaning { coefficient, time, other };

// By the name; parameters of equations have names of their own, and start values that tell what they are.
Meaning meaning_of(const Node& table, const std::string& name) {
  if (name.starts_with("c.")) return Meaning::coefficient;
  if (name.starts_with("tau.")) return Meaning::time;
  const std::string start = text_of(table, name.c_str());
  if (start.empty()) return Meaning::other;
  const auto unit = start.find_first_not_of("0123456789.eE+- ");
  if (unit == std::string::npos) return Meaning::coefficient;
  const std::string rest = start.substr(unit);
  return rest == "s" || rest == "ms" || rest == "us" ? Meaning::time : Meaning::other;
}

// A value, shown in its unit: time constants in ms.
std::string shown(Meaning meaning, double value) {
  return number_text(meaning == Meaning::time ? 1e3 * value : value);
}

// "x~*y" of "c.x~*y"; names of an equation as they are.
std::string term_of(const std::string& name) {
  const auto dot = name.find('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string values_of_one(const RunData& run, const PathwayRule& rule) {
  const auto effects = mean_effects(run);
  double sum = 0;
  for (const double e : effects) sum += e;
  const auto share = [&](const std::string& term) -> std::string {
    const auto& names = best_scores(run)->layout.effects;
    const auto at = std::ranges::find(names, rule.pathway + "." + term);
    if (at == names.end() || !(sum > 0)) return "–";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f",
                  100 * effects[static_cast<std::size_t>(at - names.begin())] / sum);
    return text;
  };
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : rule.values) {
    const Meaning meaning = meaning_of(*rule.table, name);
    if (name.starts_with("c.")) {
      const std::string term = name.substr(2);
      const double* tau = rule.find("tau." + term);
      rows.push_back({escaped(term_text(term)), number_text(value), tau ? number_text(1e3 * *tau) : "–",
                      effects.empty() ? "–" : share(term)});
    } else if (meaning != Meaning::time || !rule.find("c." + term_of(name))) {
      const bool time = meaning == Meaning::time;
      rows.push_back(
          {escaped(name), time ? "–" : number_text(value), time ? number_text(1e3 * value) : "–", "–"});
    }
  }
  return table({"term", "coefficient", "time constant / ms", "share of all effects / %"}, rows);
}

struct Spread {
  std::string name;
  Meaning meaning;
  std::vector<double> values;  ///< of the runs that have it
};

std::string spread_of_several(const std::string& pathway, Runs runs, FigureList& figures) {
  std::vector<Spread> all;
  std::vector<std::string> header{"parameter"};
  std::vector<std::map<std::string, double>> by_run;
  for (const RunData& run : runs) {
    for (const PathwayRule& rule : rules_of(run)) {
      if (rule.pathway != pathway) continue;
      header.push_back(escaped(run.name));
      by_run.emplace_back(rule.values.begin(), rule.values.end());
      for (const auto& [name, value] : rule.values) {
        auto at = std::ranges::find(all, name, &Spread::name);
        if (at == all.end()) at = all.insert(all.end(), Spread{name, meaning_of(*rule.table, name), {}});
        at->values.push_back(value);
      }
    }
  }
  if (by_run.size() < 2) return "";
  header.insert(header.begin() + 1, {"above 0", "median [95 % bootstrap interval over runs]"});
  std::vector<std::vector<std::string>> rows;
  std::vector<Group> coefficients, times;
  for (const Spread& s : all) {
    const bool time = s.meaning == Meaning::time, named = s.name.find('.') != std::string::npos;
    const Interval interval = median_interval(s.values);
    const double middle = median(s.values);
    const auto positive = std::ranges::count_if(s.values, [](double v) { return v > 0; });
    const std::string name = !named ? s.name : (time ? "τ of " : "") + term_text(term_of(s.name));
    std::vector<std::string> row{escaped(name) + (time ? " / ms" : ""),
                                 std::to_string(positive) + " of " + std::to_string(s.values.size()),
                                 shown(s.meaning, middle) + " [" + shown(s.meaning, interval.low) + ", " +
                                     shown(s.meaning, interval.high) + "]"};
    for (const auto& values : by_run) {
      const auto at = values.find(s.name);
      row.push_back(at == values.end() ? "–" : shown(s.meaning, at->second));
    }
    rows.push_back(std::move(row));
    if (s.meaning == Meaning::coefficient)
      coefficients.push_back({name, s.values, colour(middle < 0 ? 1 : 0)});
    if (time) {
      Group group{named ? term_text(term_of(s.name)) : s.name, s.values, colour(2)};
      for (double& tau : group.values) tau *= 1e3;
      times.push_back(std::move(group));
    }
  }
  std::string html;
  std::string name;
  for (const char c : pathway)
    name += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '_';
  const std::string what =
      ": each run a point, the median with its 95 % bootstrap interval; shapes from five runs on.";
  if (!coefficients.empty())
    html += figures.add(
        spreads("coefficient_spread_" + name,
                "Coefficients of " + pathway + " over " + std::to_string(by_run.size()) + " runs" + what,
                "coefficient", coefficients));
  if (!times.empty())
    html += figures.add(spreads("time_spread_" + name,
                                "Time constants of " + pathway + " over the same runs" + what,
                                "time constant / ms", times));
  return "<div class=\"figures\">" + html + "</div>" + table(header, rows);
}

}  // namespace

Section rule_section(Runs runs, FigureList& figures) {
  std::string html;
  std::vector<std::string> pathways;
  for (const RunData& run : runs) {
    for (const PathwayRule& rule : rules_of(run)) {
      if (std::ranges::find(pathways, rule.pathway) == pathways.end()) pathways.push_back(rule.pathway);
    }
  }
  for (const std::string& pathway : pathways) {
    std::string last;
    for (const RunData& run : runs) {
      for (const PathwayRule& rule : rules_of(run)) {
        if (rule.pathway != pathway) continue;
        html += "<h3>Pathway " + escaped(pathway) + (runs.size() > 1 ? ", " + escaped(run.name) : "") +
                "</h3>\n" + formula(rule);
        last = symbols(run, rule);
        if (runs.size() == 1) html += last + values_of_one(run, rule);
      }
    }
    if (runs.size() > 1) html += last + spread_of_several(pathway, runs, figures);
  }
  return {"rule", "The discovered rule", html};
}

}  // namespace hebbforge::report
