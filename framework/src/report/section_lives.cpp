// Many lives: effects of the terms, losses over networks, failures.
#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "report/formula.hpp"
#include "report/html.hpp"
#include "report/section.hpp"
#include "stages/statistics.hpp"

namespace hebbforge::report {
namespace {

// Sign of a term's coefficient in the picked rule: -1, 1; 0: unknown.
int sign_of(const RunData& run, const std::string& effect) {
  const auto dot = effect.find('.');
  if (dot == effect.npos) return 0;
  const Node* pathways = run.rule.find("pathway");
  const Node* rule = pathways ? pathways->find(effect.substr(0, dot)) : nullptr;
  const Node* values = rule ? rule->find("values") : nullptr;
  const Node* value = values ? values->find("c." + effect.substr(dot + 1)) : nullptr;
  if (!value || !value->is_number() || value->number() == 0) return 0;
  return value->number() < 0 ? -1 : 1;
}

const char* set_of(const RunData& run) { return run.record.report.networks > 0 ? "report" : "select"; }

}  // namespace

Section effect_section(Runs runs, FigureList& figures) {
  std::string html;
  for (const RunData& run : runs) {
    const auto means = mean_effects(run);
    if (means.empty() || std::ranges::max(means) <= 0) continue;
    const Scores& scores = *best_scores(run);
    std::vector<std::size_t> order(means.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t k) { return means[k]; });
    const auto& names = scores.layout.effects;
    const std::string first = names.front().substr(0, names.front().find('.') + 1);
    const bool one_pathway =
        std::ranges::all_of(names, [&](const std::string& n) { return n.starts_with(first); });
    std::vector<Bar> all;
    for (const std::size_t k : order) {
      if (all.size() == 40) break;  // of more terms the small ones have no visible bar
      std::vector<double> values;
      for (std::size_t n = 0; n < scores.networks; ++n) {
        if (scores.end(0, n) == LifeEnd::healthy) values.push_back(scores.effect(0, n, k));
      }
      const std::string& name = names[k];
      const int sign = sign_of(run, name);
      all.push_back({(sign < 0   ? "− "
                      : sign > 0 ? "+ "
                                 : "") +
                         term_text(one_pathway ? name.substr(first.size()) : name),
                     means[k], quantile(values, 0.25), quantile(values, 0.75),
                     sign < 0 ? colour(1) : colour(0)});
    }
    html +=
        "<div>" + (runs.size() > 1 ? "<h3>" + escaped(run.name) + "</h3>" : "") +
        figures.add(bars(
            figure_name("effects", run, runs),
            std::string("Effect of each term under the picked rule: mean over the healthy ") + set_of(run) +
                " networks, quartiles as lines; + and blue: positive coefficient, − and orange: negative.",
            "effect: sum of |c φ| over steps and synapses", all)) +
        "</div>\n";
  }
  return {"effects", "Effect of each term",
          html.empty() ? "" : "<div class=\"figures\">" + html + "</div>\n"};
}

Section report_losses_section(Runs runs, FigureList& figures) {
  std::vector<Group> groups;
  std::string sets;
  for (const RunData& run : runs) {
    const Scores* picked = run.has_record ? best_scores(run) : nullptr;
    const std::string prefix = runs.size() > 1 ? run.name + ": " : "";
    if (picked) groups.push_back({prefix + "picked rule", picked->losses(0), colour(0)});
    if (!run.has_record) continue;
    for (std::size_t k = 0; k < run.record.references.size(); ++k) {
      const ReferenceScores& r = run.record.references[k];
      const Scores& scores = r.report.networks > 0 ? r.report : r.select;
      if (scores.networks > 0) groups.push_back({prefix + r.name, scores.losses(0), colour(k + 1)});
    }
    if (sets.find(set_of(run)) == sets.npos) sets += (sets.empty() ? "" : " or ") + std::string(set_of(run));
  }
  if (groups.empty()) return {"networks", "Losses over networks", ""};
  return {"networks", "Losses over networks",
          "<div class=\"figures\">" +
              figures.add(distributions(
                  "networks",
                  "Loss of every network of the " + sets +
                      " set: points, their density, median and its 95 % bootstrap interval (cross). Where it "
                      "says log the axis is logarithmic; failed lives stand apart.",
                  "loss per network", groups)) +
              "</div>\n"};
}

Section failure_section(Runs runs, FigureList& figures) {
  std::vector<LifeEnd> reasons{LifeEnd::not_finite, LifeEnd::runaway, LifeEnd::dead, LifeEnd::bad_loss};
  std::vector<std::pair<std::string, std::map<LifeEnd, std::size_t>>> groups;
  std::map<LifeEnd, double> in_search;
  const auto add = [&](const std::string& name, const Scores& scores) {
    if (scores.networks == 0) return;
    auto& counts = groups.emplace_back(name, std::map<LifeEnd, std::size_t>()).second;
    for (std::size_t c = 0; c < scores.candidates(); ++c) {
      for (std::size_t n = 0; n < scores.networks; ++n) ++counts[scores.end(c, n)];
    }
  };
  for (const RunData& run : runs) {
    if (!run.has_record) continue;
    const std::string prefix = runs.size() > 1 ? escaped(run.name) + ": " : "";
    const SearchRecord& r = run.record;
    const auto fields = static_cast<Eigen::Index>(r.layout.size());
    const Scores search{r.layout, r.networks,
                        Eigen::Map<const Eigen::MatrixXd>(
                            r.lives.data(), fields, static_cast<Eigen::Index>(r.lives.size()) / fields)};
    for (std::size_t c = 0; c < search.candidates(); ++c) {
      for (std::size_t n = 0; n < search.networks; ++n) ++in_search[search.end(c, n)];
    }
    add(prefix + "search, all candidates", search);
    if (const Selection* picked = run.picked()) add(prefix + "select, picked rule", picked->scores);
    add(prefix + "report, picked rule", r.report);
    for (const ReferenceScores& reference : r.references) {
      add(prefix + "select, " + escaped(reference.name), reference.select);
      add(prefix + "report, " + escaped(reference.name), reference.report);
    }
  }
  if (groups.empty()) return {"failures", "Failed lives", ""};
  // Of plugins that broke lives there is nothing to say where none did.
  for (const LifeEnd r : {LifeEnd::plugin_failed, LifeEnd::crashed, LifeEnd::exited, LifeEnd::timed_out,
                          LifeEnd::out_of_memory}) {
    if (std::ranges::any_of(groups, [&](const auto& group) { return group.second.contains(r); }))
      reasons.push_back(r);
  }
  std::vector<std::string> header{"lives"};
  for (const LifeEnd r : reasons) header.emplace_back(escaped(name_of(r)));
  header.insert(header.end(), {"failed", "all that ran"});
  std::vector<std::vector<std::string>> rows;
  for (auto& [name, counts] : groups) {
    std::vector<std::string> row{name};
    std::size_t failed = 0;
    for (const LifeEnd r : reasons) {
      row.push_back(std::to_string(counts[r]));
      failed += counts[r];
    }
    row.push_back(std::to_string(failed));
    row.push_back(std::to_string(failed + counts[LifeEnd::healthy]));
    rows.push_back(std::move(row));
  }
  std::vector<Bar> all;
  for (const LifeEnd r : reasons) {
    if (in_search[r] > 0) all.push_back({name_of(r), in_search[r], 0, 0, colour(1)});
  }
  std::string html = table(header, rows);
  if (!all.empty())
    html += "<div class=\"figures\">" +
            figures.add(bars("failures", "Failed lives of the search by reason.", "lives", all)) + "</div>\n";
  return {"failures", "Failed lives", html};
}

}  // namespace hebbforge::report
