// Stages that score rules under conditions: dropout, sweep, compare.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "host/stage_reader.hpp"
#include "report/formula.hpp"
#include "report/html.hpp"
#include "report/section.hpp"
#include "stages/dropout.hpp"

namespace hebbforge::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const char* const loss_label = "loss per network";

template <class Member>
std::vector<std::string> different(const std::vector<VariantGroup>& groups, Member member) {
  std::vector<std::string> names;
  for (const VariantGroup& g : groups) {
    if (std::ranges::find(names, g.*member) == names.end()) names.push_back(g.*member);
  }
  return names;
}

const VariantGroup* group_of(const std::vector<VariantGroup>& groups, const std::string& rule,
                             const std::string& condition) {
  const auto at = std::ranges::find_if(
      groups, [&](const VariantGroup& g) { return g.rule == rule && g.condition == condition; });
  return at == groups.end() ? nullptr : &*at;
}

std::vector<std::string> dropped_paths(const std::vector<VariantGroup>& groups) {
  std::vector<std::string> paths;
  for (const VariantGroup& g : groups) {
    if (const std::string path = dropped_path(g.condition); !path.empty()) paths.push_back(path);
  }
  return paths;
}

// What tells a group from the others.
struct Names {
  bool rules, conditions;
  CoefficientNames coefficients;
  explicit Names(const std::vector<VariantGroup>& groups)
      : rules(different(groups, &VariantGroup::rule).size() > 1),
        conditions(different(groups, &VariantGroup::condition).size() > 1),
        coefficients(dropped_paths(groups)) {}
  std::string of(const VariantGroup& g) const {
    const std::string path = dropped_path(g.condition);
    const std::string condition = path.empty() ? g.condition : "without " + coefficients.of(path);
    if (!conditions || condition.empty()) return g.rule;
    return rules ? g.rule + ", " + condition : condition;
  }
};

std::string share_cell(double share, const InstanceLosses& losses) {
  const std::size_t lives = losses.size() * losses.front().size();
  return std::to_string(std::lround(share * static_cast<double>(lives))) + " of " + std::to_string(lives);
}

std::string folded(const std::string& what, const std::string& html, std::size_t rows) {
  constexpr std::size_t most = 16;
  if (rows <= most) return html;
  return "<details><summary>" + what + ": " + std::to_string(rows) + " rows</summary>" + html +
         "</details>\n";
}

std::string group_table(const std::vector<VariantGroup>& groups) {
  const Names names(groups);
  const bool families =
      std::ranges::any_of(groups, [](const VariantGroup& g) { return g.losses.size() > 1; });
  std::vector<std::string> header{"", loss_label, "failed lives"};
  if (families) header.emplace_back("instances");
  std::vector<std::vector<std::string>> rows;
  for (const VariantGroup& g : groups) {
    const GroupSummary s = summary_of(g);
    rows.push_back({escaped(names.of(g)), median_cell(s.median, s.interval.low, s.interval.high),
                    share_cell(s.failed_share, g.losses)});
    if (families) rows.back().push_back(std::to_string(g.losses.size()));
  }
  return "<p class=\"note\">Median [95 % bootstrap interval" +
         std::string(families ? "; of a family of rules over its instances" : "") +
         "]; ∞: at least half of the lives failed.</p>\n" +
         folded("Losses", table(header, rows), rows.size());
}

// The longer side stands below each other.
std::string measure_table(const std::vector<VariantGroup>& groups, const std::vector<std::string>& measures) {
  if (measures.empty()) return "";
  const Names names(groups);
  const bool upright = measures.size() > groups.size();
  std::vector<std::string> header{upright ? "measure" : ""};
  std::vector<std::vector<std::string>> rows;
  if (upright) {
    for (const VariantGroup& g : groups) header.push_back(escaped(names.of(g)));
    for (std::size_t m = 0; m < measures.size(); ++m) {
      rows.push_back({escaped(measures[m])});
      for (const VariantGroup& g : groups) rows.back().push_back(number_text(g.measures[m]));
    }
  } else {
    for (const std::string& m : measures) header.push_back(escaped(m));
    for (const VariantGroup& g : groups) {
      rows.push_back({escaped(names.of(g))});
      for (const double value : g.measures) rows.back().push_back(number_text(value));
    }
  }
  return "<h3>Measures</h3>\n<p class=\"note\">Medians over healthy lives.</p>\n" +
         folded("Measures", table(header, rows), rows.size());
}

std::string figures_html(const std::string& drawn) {
  return drawn.empty() ? "" : "<div class=\"figures\">" + drawn + "</div>\n";
}

const char* const how_distributions =
    "points, their density, median and its 95 % bootstrap interval (cross). Where it says log the axis is "
    "logarithmic; failed lives stand apart.";

// All its lives; the cross as the tables have it.
Group lives_of(const std::string& title, const VariantGroup& group, const std::string& colour) {
  const GroupSummary summary = summary_of(group);
  return {title, pooled(group.losses), colour,
          Cross{summary.median, summary.interval.low, summary.interval.high}};
}

// --- dropout ---

std::string ranking_figure(const std::vector<RankedCoefficient>& ranking, const std::string& name,
                           FigureList& figures) {
  constexpr std::size_t most = 40;
  double largest = 0;
  for (const auto& r : ranking) largest = std::max(largest, std::isfinite(r.shift) ? r.shift : 0);
  if (largest == 0) largest = 1;
  std::vector<std::string> paths;
  for (const RankedCoefficient& r : ranking) paths.push_back(r.path);
  const CoefficientNames coefficients(paths);
  std::vector<Bar> all;
  bool fails = false, family = false;
  for (const RankedCoefficient& r : ranking) {
    if (all.size() == most) break;
    const bool finite = std::isfinite(r.shift);
    fails = fails || !finite;
    family = family || r.instances > 1;
    char failing[32] = "";
    if (r.failed_share > 0) std::snprintf(failing, sizeof failing, " (%.3g %% fail)", 100 * r.failed_share);
    all.push_back(
        {coefficients.of(r.path) + failing, finite ? r.shift : 1.08 * largest, 0, 0, colour(finite ? 0 : 1)});
  }
  std::string caption = "How much the median loss rises without each coefficient";
  caption += family ? "; median over the instances of the rule." : ".";
  caption += " In brackets: the share of lives that fail without it, where any does.";
  if (fails)
    caption += std::string(" Orange, to the end of the axis: without it at least half of the lives fail") +
               (family ? ", in at least half of the instances." : ".");
  if (ranking.size() > most)
    caption += " The first " + std::to_string(most) + " of " + std::to_string(ranking.size()) + ".";
  return figures.add(bars(name + "_ranking", caption, "rise of the median loss", all));
}

// All coefficients, or of many those that matter most.
std::string dropout_distributions(const std::vector<VariantGroup>& groups,
                                  const std::vector<RankedCoefficient>& ranking, const std::string& name,
                                  FigureList& figures) {
  constexpr std::size_t most = 8;
  const Names names(groups);
  std::vector<Group> all;
  std::size_t shown = 0;
  for (const std::string& rule : different(groups, &VariantGroup::rule)) {
    const VariantGroup* full = group_of(groups, rule, "full");
    if (!full) continue;
    all.push_back(lives_of(names.rules ? rule + ", full" : "full rule", *full, colour(0)));
    shown = 0;
    for (const RankedCoefficient& r : ranking) {
      if (shown == most) break;
      ++shown;
      const VariantGroup* g = group_of(groups, rule, r.path + std::string(dropped));
      if (g) all.push_back(lives_of(names.of(*g), *g, colour(1)));
    }
  }
  std::string caption = "Loss of every network, first with the full rule: ";
  caption += how_distributions;
  if (shown < ranking.size())
    caption += " Only the " + std::to_string(shown) + " coefficients that matter most of " +
               std::to_string(ranking.size()) + ".";
  return figures.add(distributions(name + "_losses", caption, loss_label, all));
}

// --- sweep ---

struct Axis {
  std::string path, unit;
  std::vector<Node> values;
  std::vector<std::string> names;  ///< as in the pipeline
  std::vector<double> places;      ///< where they are numbers in one `unit`; else empty
};

// "10 Hz" -> 10 and "Hz".
std::optional<std::pair<double, std::string>> number_and_unit(const Node& value) {
  if (value.is_number()) return std::pair{value.number(), std::string()};
  if (value.type != Node::Type::text) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(value.text().c_str(), &end);
  if (end == value.text().c_str()) return std::nullopt;
  while (*end == ' ') ++end;
  return std::pair{number, std::string(end)};
}

// "perturbation.turnover.probability" -> "turnover.probability": short enough for a figure.
std::string axis_label(const std::string& path) {
  constexpr std::size_t most = 24;
  const std::string text = path.substr(path.find('.') + 1);
  return text.size() <= most ? text : text.substr(text.rfind('.') + 1);
}

std::string varied(const std::vector<Axis>& axes) {
  std::string text;
  for (const Axis& axis : axes)
    text += (text.empty() ? "" : " and ") + ("<code>" + escaped(axis.path) + "</code>");
  return "<p class=\"note\">Varied: " + text + ".</p>\n";
}

std::vector<Axis> axes_of(const StageData& stage) {
  std::vector<Axis> axes;
  const Node* vary = stage.table.find("vary");
  if (!vary) return axes;
  for (const Node::Entry& entry : vary->table) {
    Axis axis{entry.key, "", entry.value.array, {}, {}};
    std::optional<std::string> unit;
    bool numbers = true;
    for (const Node& value : axis.values) {
      axis.names.push_back(value.type == Node::Type::text ? value.text()
                           : value.is_number()            ? number_text(value.number())
                                                          : toml_inline(value));
      const auto known = number_and_unit(value);
      numbers = numbers && known && (!unit || *unit == known->second);
      if (!numbers) continue;
      unit = known->second;
      axis.places.push_back(known->first);
    }
    if (!numbers)
      axis.places.clear();
    else
      axis.unit = *unit;
    axes.push_back(std::move(axis));
  }
  return axes;
}

std::string sweep_lines(const Axis& axis, const std::vector<VariantGroup>& groups, const std::string& name,
                        FigureList& figures) {
  std::vector<Line> all;
  Axes axes{axis_label(axis.path) + (axis.unit.empty() ? "" : " / " + axis.unit), "loss per network, median"};
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const std::string& rule : different(groups, &VariantGroup::rule)) {
    Line line;
    line.title = rule;
    line.colour = colour(all.size());
    line.style = Line::Style::marked;
    for (std::size_t k = 0; k < axis.values.size(); ++k) {
      const VariantGroup* g = group_of(groups, rule, name_of_swept(axis.path, axis.values[k]));
      if (!g) continue;
      const GroupSummary s = summary_of(*g);
      line.x.push_back(axis.places.empty() ? static_cast<double>(k + 1) : axis.places[k]);
      line.y.push_back(s.median);
      line.low.push_back(s.interval.low);
      line.high.push_back(s.interval.high);
      if (!std::isfinite(s.median)) continue;
      low = std::min(low, s.interval.low);
      high = std::max(high, std::isfinite(s.interval.high) ? s.interval.high : s.median);
    }
    all.push_back(std::move(line));
  }
  axes.log_y = low > 0 && high > 20 * low;
  const auto count = static_cast<double>(axis.values.size());
  if (axis.places.empty()) {
    axes.x_range = {0.5, count + 0.5};
    for (std::size_t k = 0; k < axis.names.size(); ++k)
      axes.x_ticks.emplace_back(static_cast<double>(k + 1), axis.names[k]);
  }
  return figures.add(
      lines(name + "_losses",
            "Loss per network: median and its 95 % bootstrap interval, a line for each rule. A "
            "gap: at least half of the lives failed.",
            axes, all));
}

std::string sweep_maps(const std::vector<Axis>& axes, const std::vector<VariantGroup>& groups,
                       const std::string& name, FigureList& figures) {
  std::vector<Panel> panels;
  const Axis &slow = axes[0], &fast = axes[1];
  bool gaps = false;
  for (const std::string& rule : different(groups, &VariantGroup::rule)) {
    Eigen::MatrixXd medians(slow.values.size(), fast.values.size());
    for (Eigen::Index i = 0; i < medians.rows(); ++i) {
      for (Eigen::Index j = 0; j < medians.cols(); ++j) {
        const std::string condition = name_of_swept(slow.path, slow.values[static_cast<std::size_t>(i)]) +
                                      ", " +
                                      name_of_swept(fast.path, fast.values[static_cast<std::size_t>(j)]);
        const VariantGroup* g = group_of(groups, rule, condition);
        medians(i, j) = g ? summary_of(*g).median : nan;
        gaps = gaps || !std::isfinite(medians(i, j));
      }
    }
    panels.push_back({rule, std::move(medians)});
  }
  HeatMap style;
  style.x = axis_label(fast.path);
  style.y = axis_label(slow.path);
  style.unit = "loss per network, median";
  style.x_names = fast.names;
  style.y_names = slow.names;
  style.columns = panels.size() > 1 ? 2 : 1;
  style.panel_height = 196;
  return figures.add(
      heat_maps(name + "_losses",
                std::string("Median loss per network, a map for each rule, on one colour scale.") +
                    (gaps ? " Empty: at least half of the lives failed, or not run yet." : ""),
                style, panels));
}

// --- compare ---

std::string compared(const std::vector<VariantGroup>& groups, const std::string& name, FigureList& figures) {
  const Names names(groups);
  const auto rules = different(groups, &VariantGroup::rule);
  const auto conditions = different(groups, &VariantGroup::condition);
  std::vector<Group> all;
  for (const VariantGroup& g : groups) {
    const auto& of = names.rules ? rules : conditions;
    const auto at = std::ranges::find(of, names.rules ? g.rule : g.condition);
    all.push_back(lives_of(names.of(g), g, colour(static_cast<std::size_t>(at - of.begin()))));
  }
  return figures.add(distributions(
      name + "_losses", std::string("Loss of every network: ") + how_distributions, loss_label, all));
}

std::string comparison_table(const std::vector<VariantGroup>& groups, bool published) {
  const auto comparisons = comparisons_of(groups);
  if (comparisons.empty()) return "";
  std::vector<std::string> header{"difference of losses", "median", "networks", "failed lives"};
  if (published) header.insert(header.end(), {"Kruskal–Wallis H", "p", "p, corrected", "Cohen’s d"});
  std::vector<std::vector<std::string>> rows;
  for (const Comparison& c : comparisons) {
    const auto& d = c.difference;
    rows.push_back({escaped(c.of->name()) + "<br>minus " + escaped(c.with->name()),
                    median_cell(d.median, d.interval.low, d.interval.high), std::to_string(d.networks),
                    share_cell(failed_share(c.of->losses), c.of->losses) + " and " +
                        share_cell(failed_share(c.with->losses), c.with->losses)});
    if (published)
      for (const double v :
           {c.test.h, c.test.p, std::min(1., c.test.p * static_cast<double>(comparisons.size())), c.test.d})
        rows.back().push_back(number_text(v));
  }
  std::string note =
      "<h3>Paired differences</h3>\n<p class=\"note\">In the same networks, of those healthy in both: median "
      "[95 % "
      "bootstrap interval].";
  if (published)
    note +=
        " The published statistics take the networks of both as independent samples; p, corrected: times " +
        std::to_string(comparisons.size()) + " comparisons.";
  return note + "</p>\n" + folded("Differences", table(header, rows), rows.size());
}

}  // namespace

std::string variants_html(const StageData& stage, const std::string& name, FigureList& figures) {
  if (stage.variants.empty()) return "";
  const auto groups = groups_of(stage.variants);
  std::string html;
  if (stage.kind == "dropout") {
    const auto ranking = ranking_of(stage.variants, HUGE_VAL);
    std::string drawn;
    if (!ranking.empty()) drawn += ranking_figure(ranking, name, figures);
    html = figures_html(drawn + dropout_distributions(groups, ranking, name, figures));
  } else if (stage.kind == "sweep") {
    const auto axes = axes_of(stage);
    html = varied(axes) + figures_html(axes.size() == 1   ? sweep_lines(axes[0], groups, name, figures)
                                       : axes.size() == 2 ? sweep_maps(axes, groups, name, figures)
                                                          : "");
  } else {
    html = figures_html(compared(groups, name, figures) + cell_figures(stage, name, figures));
  }
  html += group_table(groups);
  if (stage.kind == "compare") {
    const Node* published = stage.table.find("published_statistics");
    html += comparison_table(
        groups, published && published->type == Node::Type::boolean && std::get<bool>(published->scalar));
  }
  return html + measure_table(groups, stage.variants.front().scores.layout.measures);
}

}  // namespace hebbforge::report
