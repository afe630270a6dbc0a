// One cell's course: measures that a loss takes of it in several tables, as in [loss.before], [loss.later].
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "report/section.hpp"
#include "stages/statistics.hpp"

namespace hebbforge::report {
namespace {

constexpr std::array quantities{"amplitude", "duration", "excitation", "inhibition"};

// Where the measures of one table stand, in the order of `quantities`.
struct When {
  std::string table;
  std::array<std::size_t, quantities.size()> at{};
};

// Tables that measure all of them, in the order of the pipeline.
std::vector<When> tables_in(const std::vector<std::string>& measures) {
  std::vector<When> all;
  for (const std::string& measure : measures) {
    const auto end = measure.rfind(std::string(".cell_") + quantities.front());
    if (end == measure.npos) continue;
    When when{measure.substr(0, end), {}};
    bool complete = true;
    for (std::size_t q = 0; q < quantities.size(); ++q) {
      const auto found = std::ranges::find(measures, when.table + ".cell_" + quantities[q]);
      complete = complete && found != measures.end();
      when.at[q] = static_cast<std::size_t>(found - measures.begin());
    }
    if (complete) all.push_back(std::move(when));
  }
  return all;
}

// Rules that differ in instances alone are one family.
struct Course {
  std::string name;
  std::vector<std::pair<const Scores*, std::size_t>> lives;  ///< healthy ones in which the cell answers first
};

std::vector<Course> courses_of(const std::vector<Variant>& variants, const When& first) {
  const auto differ = [&](auto member) {
    return std::ranges::any_of(variants,
                               [&](const Variant& v) { return v.*member != variants.front().*member; });
  };
  const bool rules = differ(&Variant::rule) || !differ(&Variant::condition);
  std::vector<Course> all;
  for (const Variant& v : variants) {
    const std::string name = !rules                ? v.condition
                             : v.condition.empty() ? v.rule
                                                   : v.rule + ", " + v.condition;
    auto course = std::ranges::find(all, name, &Course::name);
    if (course == all.end()) course = all.insert(all.end(), Course{name, {}});
    for (std::size_t n = 0; n < v.scores.networks; ++n) {
      if (v.scores.end(0, n) == LifeEnd::healthy && v.scores.measure(0, n, first.at[0]) > 0)
        course->lives.emplace_back(&v.scores, n);
    }
  }
  std::erase_if(all, [](const Course& course) { return course.lives.empty(); });
  return all;
}

// Of each life relative to `first`; lives where that is 0 are left out.
std::vector<double> relative(const Course& course, std::size_t now, std::size_t first) {
  std::vector<double> values;
  for (const auto& [scores, network] : course.lives) {
    const double before = scores->measure(0, network, first);
    if (before > 0) values.push_back(scores->measure(0, network, now) / before);
  }
  return values;
}

std::string course_figure(const Course& course, const std::vector<When>& tables, const std::string& name,
                          FigureList& figures) {
  Axes axes{"table of the loss", "relative to " + tables.front().table};
  std::vector<Line> all;
  for (std::size_t q = 0; q < quantities.size(); ++q) {
    Line line;
    line.title = quantities[q];
    line.colour = colour(q);
    line.style = Line::Style::marked;
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const auto values = relative(course, tables[t].at[q], tables.front().at[q]);
      if (values.empty()) continue;
      line.x.push_back(static_cast<double>(t));
      line.y.push_back(median(values));
      line.low.push_back(quantile(values, 0.25));
      line.high.push_back(quantile(values, 0.75));
    }
    if (!line.x.empty()) all.push_back(std::move(line));
  }
  for (std::size_t t = 0; t < tables.size(); ++t)
    axes.x_ticks.emplace_back(static_cast<double>(t), tables[t].table);
  axes.x_range = {-0.25, static_cast<double>(tables.size()) - 0.75};
  return figures.add(
      lines(name,
            course.name +
                ": the cell's response (peak and duration), its incoming excitation and recurrent "
                "inhibition, relative to the same life " +
                tables.front().table + ". Medians and quartiles over " + std::to_string(course.lives.size()) +
                " lives.",
            axes, all));
}

std::string plane_figure(const std::vector<Course>& courses, const std::vector<When>& tables,
                         const std::string& name, FigureList& figures) {
  std::vector<Line> paths;
  std::vector<double> x;
  std::string order;
  for (const When& when : tables) order += (order.empty() ? "" : ", ") + when.table;
  for (const Course& course : courses) {
    Line path;
    path.title = course.name;
    path.colour = colour(paths.size());
    for (const When& when : tables) {
      path.y.push_back(median(relative(course, when.at[0], tables.front().at[0])));
      path.x.push_back(median(relative(course, when.at[1], tables.front().at[1])));
    }
    std::ranges::copy_if(path.x, std::back_inserter(x), [](double v) { return std::isfinite(v); });
    paths.push_back(std::move(path));
  }
  // Paths end in circles, which have to stand beside the axis.
  const auto [low, high] =
      x.empty() ? std::pair{1., 1.} : std::pair{std::ranges::min(x), std::ranges::max(x)};
  const double margin = std::max(0.06 * (high - low), 0.01);
  return figures.add(trajectories(name,
                                  "The cell's response in the plane of duration and amplitude, medians over "
                                  "lives: from the open circle (" +
                                      tables.front().table + ") to the filled one (" + tables.back().table +
                                      "). The corners: " + order + ".",
                                  {.x = "duration, relative to " + tables.front().table,
                                   .y = "amplitude, relative to " + tables.front().table,
                                   .x_range = {low - margin, high + margin}},
                                  paths));
}

}  // namespace

std::string cell_figures(const StageData& stage, const std::string& name, FigureList& figures) {
  constexpr std::size_t most = 12;  // courses: a page has to stay one that is read
  const auto tables = tables_in(stage.variants.front().scores.layout.measures);
  if (tables.size() < 2) return "";
  const auto courses = courses_of(stage.variants, tables.front());
  if (courses.empty()) return "";
  std::string html = plane_figure(courses, tables, name + "_plane", figures);
  for (std::size_t k = 0; k < std::min(most, courses.size()); ++k)
    html += course_figure(courses[k], tables, name + "_course_" + std::to_string(k + 1), figures);
  return html;
}

}  // namespace hebbforge::report
