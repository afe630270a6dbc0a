// The search: losses beside their references, coefficients on their way.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "report/formula.hpp"
#include "report/html.hpp"
#include "report/section.hpp"
#include "stages/statistics.hpp"

namespace hebbforge::report {
namespace {

constexpr std::size_t most_places = 400;  // of a line along the search: a pixel or two each

std::string median_cell(const SetSummary& s) {
  return s.networks == 0 ? "–" : report::median_cell(s.median, s.low, s.high);
}

std::vector<std::string> row_of(const std::string& name, const SetSummary& search, const SetSummary& select,
                                const SetSummary& report) {
  const SetSummary& best = report.networks > 0 ? report : select;
  std::vector<std::string> row{name, search.networks > 0 ? number_text(search.sum) : "–", median_cell(search),
                               median_cell(select), median_cell(report)};
  for (const double m : best.measures) row.push_back(number_text(m));
  row.push_back(std::to_string(best.failed) + " of " + std::to_string(best.networks));
  return row;
}

std::string loss_table(Runs runs) {
  std::vector<std::string> header{"rule", "search, sum", "search", "select", "report"};
  std::vector<std::vector<std::string>> rows;
  for (const RunData& run : runs) {
    if (!run.has_record) continue;
    if (rows.empty()) {
      for (const std::string& m : run.record.layout.measures) header.push_back(escaped(m));
      header.emplace_back("failed");
    }
    const std::string prefix = runs.size() > 1 ? escaped(run.name) + ": " : "";
    if (const Selection* picked = run.picked())
      rows.push_back(row_of(prefix + "picked rule", summary_of(run.record.scores_of(picked->evaluation)),
                            summary_of(picked->scores), summary_of(run.record.report)));
    for (const ReferenceScores& r : run.record.references)
      rows.push_back(
          row_of(prefix + escaped(r.name), summary_of(r.search), summary_of(r.select), summary_of(r.report)));
  }
  return rows.empty() ? "" : table(header, rows);
}

bool healthy(const RunData& run, std::size_t e) {
  const SearchRecord& r = run.record;
  const std::size_t fields = r.layout.size();
  for (std::size_t n = 0; n < r.networks; ++n) {
    if (r.lives[(e * r.networks + n) * fields] != static_cast<double>(LifeEnd::healthy)) return false;
  }
  return true;
}

struct Curves {
  Line candidates, best, picked;
  std::size_t failed = 0;
};

Curves curves_of(const RunData& run) {
  const SearchRecord& r = run.record;
  const auto networks = static_cast<double>(r.networks);
  Curves c;
  double best = std::numeric_limits<double>::quiet_NaN(), picked = best;
  std::size_t next = 0;
  for (std::size_t e = 0; e < r.evaluations(); ++e) {
    const auto at = static_cast<double>(e + 1);
    const double loss = r.loss[e] / networks;
    if (healthy(run, e)) {
      c.candidates.x.push_back(at);
      c.candidates.y.push_back(loss);
      if (!(loss >= best)) {
        best = loss;
        c.best.x.push_back(at);
        c.best.y.push_back(best);
      }
    } else {
      ++c.failed;
    }
    for (; next < r.selections.size() && static_cast<std::size_t>(r.selections[next].evaluation) <= e;
         ++next) {
      const Selection& s = r.selections[next];
      if (s.scores.failed(0) > 0 || s.value >= picked) continue;
      picked = s.value;
      c.picked.x.push_back(at);
      c.picked.y.push_back(median(s.scores.losses(0)));
    }
  }
  for (Line* line : {&c.best, &c.picked}) {  // until the end of the search
    if (line->x.empty()) continue;
    line->x.push_back(static_cast<double>(r.evaluations()));
    line->y.push_back(line->y.back());
    line->style = Line::Style::steps;
  }
  c.candidates.style = Line::Style::points;
  return c;
}

const char* const loss_axis = "loss per network";
constexpr std::size_t most_candidates = 10000;  // as points of a figure: a megabyte

std::string curve_of_one(const RunData& run, Runs runs, FigureList& figures) {
  Curves c = curves_of(run);
  c.candidates.title = "candidates, mean over the search networks";
  c.best.title = "best so far, mean over the search networks";
  c.best.colour = colour(0);
  c.picked.title = "picked rule, median over the select networks";
  c.picked.colour = colour(1);
  std::vector<Line> all{c.candidates, c.best, c.picked};
  std::size_t next = 2;
  for (const ReferenceScores& r : run.record.references) {
    const double value = median(r.select.losses(0));
    if (!std::isfinite(value)) continue;
    Line line;
    line.title = r.name + ", median over the select networks";
    line.x = {1, static_cast<double>(run.record.evaluations())};
    line.y = {value, value};
    line.style = Line::Style::dashed;
    line.colour = colour(next++);
    all.push_back(std::move(line));
  }
  // A few candidates may be many powers of ten away.
  Axes axes{"evaluation", loss_axis, true};
  std::vector<double> shown = c.candidates.y;
  std::ranges::sort(shown);
  if (!shown.empty())
    shown.resize(1 + static_cast<std::size_t>(0.95 * static_cast<double>(shown.size() - 1)));
  for (std::size_t k = 1; k < all.size(); ++k) shown.insert(shown.end(), all[k].y.begin(), all[k].y.end());
  std::erase_if(shown, [](double v) { return !(v > 0) || !std::isfinite(v); });
  std::size_t beyond = 0;
  if (!shown.empty()) {
    axes.y_range = {*std::ranges::min_element(shown) / 1.15, *std::ranges::max_element(shown) * 1.15};
    std::erase_if(c.candidates.y, [&](double v) { return v <= axes.y_range.second; });
    beyond = c.candidates.y.size();
  }
  const std::size_t together = 1 + all[0].x.size() / most_candidates;
  for (std::vector<double>* values : {&all[0].x, &all[0].y}) {
    for (std::size_t k = 0; k * together < values->size(); ++k) (*values)[k] = (*values)[k * together];
    values->resize((values->size() + together - 1) / together);
  }
  std::string caption = "Loss during the search.";
  if (together > 1) caption += " One of " + std::to_string(together) + " candidates is drawn.";
  if (beyond > 0)
    caption += " " + std::to_string(beyond) + (beyond == 1 ? " candidate is" : " candidates are") +
               " above the axis.";
  if (c.failed > 0)
    caption += " " + std::to_string(c.failed) + " of " + std::to_string(run.record.evaluations()) +
               " candidates are not shown: a life of theirs failed or was left out.";
  return figures.add(lines(figure_name("loss", run, runs), caption, axes, all));
}

std::string curves_of_several(Runs runs, FigureList& figures) {
  std::vector<Line> all;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    if (!runs[k].has_record) continue;
    Curves c = curves_of(runs[k]);
    c.best.title = runs[k].name + ": best so far, search";
    c.best.colour = c.picked.colour = colour(k);
    c.picked.title = runs[k].name + ": picked rule, select";
    c.picked.width = 4;
    all.push_back(c.best);
    all.push_back(c.picked);
  }
  if (all.empty()) return "";
  return figures.add(lines("loss",
                           "Loss during the searches: thin, the best candidate's mean over the search "
                           "networks; thick, the picked rule's median over the select networks.",
                           {"evaluation", loss_axis, true}, all));
}

// Evaluations that are the best of their generation, or of several neighbouring ones.
std::vector<std::size_t> best_of_generations(const SearchRecord& r) {
  const std::size_t together = 1 + static_cast<std::size_t>(r.generations()) / most_places;
  std::vector<std::size_t> best;
  std::uint64_t group = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t e = 0; e < r.evaluations(); ++e) {
    if (r.generation[e] / together != group) {
      group = r.generation[e] / together;
      best.push_back(e);
    } else if (r.loss[e] < r.loss[best.back()]) {
      best.back() = e;
    }
  }
  return best;
}

/// Parameters whose terms have the largest effects under the picked rule, the largest first.
std::vector<std::string> significant_terms(const RunData& run) {
  constexpr std::size_t most = 6;
  const auto effects = mean_effects(run);
  const double sum = std::accumulate(effects.begin(), effects.end(), 0.);
  std::vector<std::size_t> order(effects.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t k) { return effects[k]; });
  std::vector<std::string> names;
  for (const std::size_t k : order) {
    if (names.size() < most && effects[k] > 0.02 * sum) names.push_back(best_scores(run)->layout.effects[k]);
  }
  return names;
}

// "EE.c.x~*y" -> "EE.x~*y"; "" if the path has no such part.
std::string term_of(const std::string& path, const std::string& part) {
  const auto at = path.find("." + part + ".");
  return at == path.npos ? "" : path.substr(0, at) + path.substr(at + part.size() + 1);
}

std::string evolution(const RunData& run, Runs runs, FigureList& figures, const std::string& part,
                      double unit, const std::string& figure, const std::string& caption,
                      const std::string& axis) {
  const auto best = best_of_generations(run.record);
  const auto significant = significant_terms(run);
  std::vector<std::string> pathways;
  for (const std::string& path : run.record.parameter_names) {
    const std::string pathway = path.substr(0, path.find('.'));
    if (!term_of(path, part).empty() && std::ranges::find(pathways, pathway) == pathways.end())
      pathways.push_back(pathway);
  }
  std::vector<Line> all;
  std::vector<Line> labelled;
  for (std::size_t p = 0; p < run.record.parameter_names.size(); ++p) {
    const std::string term = term_of(run.record.parameter_names[p], part);
    if (term.empty()) continue;
    Line line;
    for (const std::size_t e : best) {
      line.x.push_back(static_cast<double>(e + 1));
      line.y.push_back(unit * run.parameter(e, p));
    }
    const auto at = std::ranges::find(significant, term);
    if (at == significant.end()) {
      line.width = 1;
      all.push_back(std::move(line));
      continue;
    }
    line.colour = colour(static_cast<std::size_t>(at - significant.begin()));
    line.label = term_text(pathways.size() > 1 ? term : term.substr(term.find('.') + 1));
    labelled.push_back(std::move(line));
  }
  if (all.empty() && labelled.empty()) return "";
  all.insert(all.end(), labelled.begin(), labelled.end());  // above the grey ones
  return figures.add(lines(figure_name(figure, run, runs), caption, {"evaluation", axis}, all));
}

}  // namespace

Section loss_section(Runs runs, FigureList& figures) {
  std::string html = loss_table(runs);
  if (!html.empty()) {
    html =
        "<p class=\"note\">Loss per network: median [95 % bootstrap interval]; smaller is better. The "
        "optimizer saw the search networks, "
        "the select networks picked the rule, the report networks were looked at once, at the end: those are "
        "the numbers to quote. Measures "
        "and failures: over the report networks, or, where there are none yet, the select networks.</p>\n" +
        html;
  }
  std::string drawn;
  if (runs.size() > 1) drawn += curves_of_several(runs, figures);
  for (const RunData& run : runs) {
    if (!run.has_record) continue;
    if (runs.size() > 1) drawn += "<div><h3>" + escaped(run.name) + "</h3>";
    drawn += curve_of_one(run, runs, figures);
    if (runs.size() > 1) drawn += "</div>";
  }
  if (!drawn.empty()) html += "<div class=\"figures\">" + drawn + "</div>\n";
  return {"losses", "Losses", html};
}

Section coefficient_section(Runs runs, FigureList& figures) {
  std::string html;
  for (const RunData& run : runs) {
    if (!run.has_record) continue;
    std::string drawn = evolution(run, runs, figures, "c", 1, "coefficients",
                                  "Coefficients of each generation's best candidate. Coloured and labelled: "
                                  "the terms with the largest effects under the picked rule.",
                                  "coefficient");
    drawn += evolution(run, runs, figures, "tau", 1e3, "time_constants",
                       "Time constants of the same candidates and terms.", "time constant / ms");
    if (drawn.empty()) continue;
    if (runs.size() > 1) html += "<h3>" + escaped(run.name) + "</h3>\n";
    html += "<div class=\"figures\">" + drawn + "</div>\n";
  }
  return {"coefficients", "Coefficients during the search", html};
}

}  // namespace hebbforge::report
