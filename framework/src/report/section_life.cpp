// One life of the picked rule: activity and weights.
#include <algorithm>
#include <limits>

#include "report/html.hpp"
#include "report/section.hpp"

namespace hebbforge::report {
namespace {

std::string about(const RunData& run, const RecordedLife& life) {
  std::string text = "<p class=\"note\">The picked rule in " + escaped(life.network) + "; the life ended " +
                     (life.end == "healthy" ? "healthy" : "because " + escaped(life.end)) + ".";
  if (!run.why_no_life.empty()) text += " Only what results.h5 keeps is shown: " + escaped(run.why_no_life);
  return text + "</p>\n";
}

const RecordedLife* life_of(const RunData& run) {
  return run.life && !run.life->rates.empty() ? &*run.life : nullptr;
}

std::vector<Eigen::Index> order_of_all(const RecordedLife& life) {
  std::vector<Eigen::Index> order;
  for (std::size_t b = 0; b < life.blocks.size(); ++b) {
    const CellBlock& block = life.blocks[b];
    if (b == life.shown) {
      const auto sorted = firing_order(life.rates.back(), block);
      order.insert(order.end(), sorted.begin(), sorted.end());
    } else {
      for (Eigen::Index k = 0; k < block.size; ++k) order.push_back(block.first + k);
    }
  }
  return order;
}

// A run whose life is missing says why, but only where there is a rule to look at.
std::string missing(const RunData& run) {
  if (!run.picked() || run.why_no_life.empty()) return "";
  return "<p class=\"note\">Nothing to show: " + escaped(run.why_no_life) + "</p>\n";
}

}  // namespace

std::string activity_figure(const std::string& name, const std::string& about, const RecordedLife& life,
                            FigureList& figures) {
  const CellBlock& block = life.blocks[life.shown];
  const auto order = firing_order(life.rates.back(), block);
  std::vector<Panel> panels;
  double end = 0;
  for (std::size_t k = 0; k < life.trials.size(); ++k) {
    panels.push_back({"trial " + std::to_string(life.trials[k] + 1), life.rates[k](order, Eigen::all)});
    end = std::max(end, 1e3 * life.dt * static_cast<double>(life.rates[k].cols()));
  }
  HeatMap style;
  style.x = "time in the trial / ms";
  style.y = block.name + " cell";
  style.unit = "rate (dimensionless)";
  style.x_range = {0, end};
  if (panels.size() == 1) style.panel_height = 196;
  return figures.add(heat_maps(name,
                               about + "Rates of the " + block.name +
                                   " cells, sorted by when they fire in the " +
                                   (panels.size() > 1 ? "last of these trials" : "last trial") +
                                   " (centre of mass; silent cells at the bottom).",
                               style, panels));
}

std::string weight_figure(const std::string& name, const std::string& about, const RecordedLife& life,
                          FigureList& figures) {
  const auto order = order_of_all(life);
  HeatMap style;
  style.columns = 2;
  style.panel_height = 196;
  style.diverging = true;
  style.x = "presynaptic cell";
  style.y = "postsynaptic cell";
  style.unit = "weight (dimensionless)";
  std::string blocks;
  for (const CellBlock& b : life.blocks) {
    if (b.first > 0) {
      style.row_lines.push_back(static_cast<double>(b.first));
      style.column_lines.push_back(static_cast<double>(b.first));
    }
    blocks += (blocks.empty() ? "" : ", ") + std::to_string(b.size) + " " + b.name;
  }
  return figures.add(heat_maps(
      name,
      about +
          "Weights before the first and after the last trial, on one colour scale. Cells from the left "
          "and from the top: " +
          blocks + "; the " + life.blocks[life.shown].name + " cells sorted as in the activity.",
      style, {{"before", life.before(order, order)}, {"after", life.after(order, order)}}));
}

std::string firing_figure(const std::string& name, const RecordedLife& life, FigureList& figures) {
  if (life.firing_times.cols() < 2) return "";
  const CellBlock& block = life.blocks[life.shown];
  std::vector<Eigen::Index> order = firing_order(life.rates.back(), block);
  for (Eigen::Index& cell : order) cell -= block.first;
  HeatMap style;
  style.x = "trial";
  style.y = block.name + " cell";
  style.unit = "mean firing time / ms";
  style.x_range = {0.5, static_cast<double>(life.trials.back()) + 1.5};
  style.panel_height = 240;
  return figures.add(heat_maps(
      name,
      "When each " + block.name +
          " cell fires (centre of mass of its rate), against the trial; cells sorted as in the last trial. "
          "Empty: silent in that trial.",
      style, {{"order of firing", 1e3 * life.firing_times(order, Eigen::all)}}));
}

std::string lag_figure(const std::string& name, const std::string& about, const RecordedLife& life,
                       FigureList& figures) {
  constexpr Eigen::Index fewest = 5;  // pairs of cells in a mean
  const CellBlock& block = life.blocks[life.shown];
  std::vector<Eigen::Index> order = firing_order(life.rates.back(), block);
  while (!order.empty() && life.rates.back().row(order.back()).sum() <= 0) order.pop_back();  // silent
  const auto cells = static_cast<Eigen::Index>(order.size()), most = cells - fewest;
  const Eigen::MatrixXd after = life.after(order, order), before = life.before(order, order);
  if (most < 2 || (after.isZero(0) && before.isZero(0))) return "";
  Line first, last;
  first.title = "before";
  first.style = Line::Style::dashed;
  last.title = "after";
  last.style = Line::Style::marked;
  last.colour = colour(0);
  for (Eigen::Index lag = -most; lag <= most; ++lag) {
    for (const auto& [line, weights] : {std::pair{&first, &before}, std::pair{&last, &after}}) {
      line->x.push_back(static_cast<double>(lag));
      line->y.push_back(lag == 0 ? std::numeric_limits<double>::quiet_NaN() : weights->diagonal(-lag).mean());
    }
  }
  return figures.add(lines(name,
                           about + "Mean weight between " + block.name +
                               " cells against how many places later the postsynaptic one fires in the last "
                               "trial. Silent cells and lags of fewer than 5 pairs are left out.",
                           {"lag in the firing order (postsynaptic − presynaptic)", "weight (dimensionless)"},
                           {first, last}));
}

Section activity_section(Runs runs, FigureList& figures) {
  std::string html;
  for (const RunData& run : runs) {
    const RecordedLife* life = life_of(run);
    std::string one;
    if (life) {
      one = about(run, *life) + activity_figure(figure_name("activity", run, runs), "", *life, figures) +
            firing_figure(figure_name("firing_order", run, runs), *life, figures);
    } else {
      one = missing(run);
    }
    if (one.empty()) continue;
    html += "<div>" + (runs.size() > 1 ? "<h3>" + escaped(run.name) + "</h3>" : "") + one + "</div>\n";
  }
  return {"activity", "Activity", html.empty() ? "" : "<div class=\"figures\">" + html + "</div>\n"};
}

Section weight_section(Runs runs, FigureList& figures) {
  std::string html;
  for (const RunData& run : runs) {
    const RecordedLife* life = life_of(run);
    if (!life || life->before.size() == 0) continue;
    html += "<div>" + (runs.size() > 1 ? "<h3>" + escaped(run.name) + "</h3>" : "") +
            weight_figure(figure_name("weights", run, runs), "", *life, figures) + "</div>\n<div>" +
            lag_figure(figure_name("weights_by_lag", run, runs), "", *life, figures) + "</div>\n";
  }
  return {"weights", "Weights", html.empty() ? "" : "<div class=\"figures\">" + html + "</div>\n"};
}

}  // namespace hebbforge::report
