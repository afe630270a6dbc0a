#include "report/figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <numbers>
#include <numeric>

#include "report/html.hpp"
#include "stages/statistics.hpp"

namespace hebbforge::report {
namespace {

using Range = std::pair<double, double>;
constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr int font = 15;                  // px
constexpr double letter = 0.56 * font;    // mean width, px
constexpr std::size_t most_points = 400;  // of a row of a distribution: more cannot be told apart

__attribute__((format(printf, 1, 2))) std::string print(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string datum(double value) { return std::isfinite(value) ? print("%.7g", value) : "NaN"; }

// Characters, not bytes; combining ones take no room.
std::size_t length_of(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const auto c = static_cast<unsigned char>(text[k]);
    if ((c & 0xC0) != 0x80 && c != 0xCC) ++n;
  }
  return n;
}

std::string shortened(const std::string& text, std::size_t most) {
  if (length_of(text) <= most) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size() && length_of(out) + 1 < most;) {
    out += text[at++];
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) out += text[at++];
  }
  return out + "…";
}

template <class Texts>
double widest(const Texts& texts) {
  std::size_t most = 0;
  for (const auto& text : texts) most = std::max(most, length_of(text));
  return letter * static_cast<double>(most);
}

bool empty(const Range& r) { return !(r.first < r.second); }

// Covers all values; with a margin, and never empty.
Range range_of(const std::vector<double>& values, bool log) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values) {
    if (!std::isfinite(v) || (log && v <= 0)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  if (low > high) return log ? Range{1, 10} : Range{0, 1};
  if (log) return high / low < 1.2 ? Range{low / 1.5, high * 1.5} : Range{low / 1.12, high * 1.12};
  const double margin = high > low ? 0.04 * (high - low) : std::max(0.5 * std::abs(low), 1e-9);
  return {low - margin, high + margin};
}

// 1, 2, 5, 10, …; only powers of ten over many decades.
std::string log_ticks(const Range& range) {
  const bool many = range.second / range.first > 2e3;
  const double decades = std::log10(range.second / range.first);
  const int step = std::max(1, static_cast<int>(decades / 6));
  std::string ticks;
  for (int e = static_cast<int>(std::floor(std::log10(range.first))); e <= std::log10(range.second); ++e) {
    if (many && e % step != 0) continue;
    for (const double m : {1., 2., 5.}) {
      const double at = m * std::pow(10, e);
      if ((many && m > 1) || at < range.first || at > range.second) continue;
      ticks += (ticks.empty() ? "" : ", ") + gnuplot_text(number_text(at)) + " " + datum(at);
    }
  }
  return ticks;
}

double nice_above(double value) {
  if (!(value > 0)) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double m : {1., 1.5, 2., 3., 4., 5., 6., 8.}) {
    if (m * power >= value) return m * power;
  }
  return 10 * power;
}

struct Margins {  // px
  double left = 92, right = 16, top = 14, bottom = 60;
};

std::string margins_text(const Margins& m, const Figure& figure) {
  const double w = figure.width, h = figure.height;
  return print(
      "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset tmargin at screen %.5f\nset bmargin at "
      "screen %.5f\n",
      m.left / w, 1 - m.right / w, 1 - m.top / h, m.bottom / h);
}

std::string range_text(const char* axis, const Range& range) {
  return print("set %srange [%.9g:%.9g]\n", axis, range.first, range.second);
}

// Labels stand at the figure's edges, whatever room the numbers take.
std::string x_label(const std::string& text, const Figure& figure, const Margins& m) {
  return "set label " + gnuplot_text(text) +
         print(" at screen %.5f, screen %.5f center\n", (m.left + figure.width - m.right) / 2 / figure.width,
               14.0 / figure.height);
}

std::string y_label(const std::string& text, const Figure& figure, const Margins& m) {
  return "set label " + gnuplot_text(text) +
         print(" at screen %.5f, screen %.5f center rotate by 90\n", 13.0 / figure.width,
               (m.bottom + figure.height - m.top) / 2 / figure.height);
}

// Texts of ticks are formats to gnuplot.
std::string tick_text(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? std::string("%%") : std::string(1, c);
  return gnuplot_text(doubled);
}

// Names at places of the x axis stand upright where there is no room beside each other.
std::string x_names(const std::vector<std::pair<double, std::string>>& ticks, bool upright) {
  std::string text;
  for (const auto& [at, name] : ticks)
    text += (text.empty() ? "" : ", ") + tick_text(shortened(name, 20)) + " " + datum(at);
  return std::string("set xtics ") + (upright ? "rotate by 90 right " : "norotate ") + "(" + text + ")\n";
}

// px below the plot for such names and the axis label.
double room_for_upright(const std::vector<std::pair<double, std::string>>& ticks) {
  std::vector<std::string> names;
  for (const auto& [at, name] : ticks) names.push_back(shortened(name, 20));
  return widest(names) + 40;
}

bool too_wide(const std::vector<std::pair<double, std::string>>& ticks, double px_per_unit) {
  for (std::size_t k = 1; k < ticks.size(); ++k) {
    const double room = std::abs(ticks[k].first - ticks[k - 1].first) * px_per_unit;
    const std::vector<std::string> both{shortened(ticks[k - 1].second, 20), shortened(ticks[k].second, 20)};
    if (widest(both) + letter > room) return true;
  }
  return false;
}

// The legend stands above the plot, a row per entry.
void make_room_for_legend(std::size_t entries, Figure& figure, Margins& margins) {
  if (entries == 0) {
    figure.script += "unset key\n";
    return;
  }
  const int row = font + 5;
  figure.height += static_cast<int>(entries) * row;
  margins.top += static_cast<double>(entries) * row + 6;
  figure.height += 6;
  figure.script += print(
      "set key at screen %.5f, screen %.5f left top Left reverse vertical maxrows %zu samplen 1.6 spacing "
      "%.3f\n",
      margins.left / figure.width, 1 - 4.0 / figure.height, entries, row / (1.5 * font));
}

std::string plot_of(const std::vector<std::string>& parts) {
  if (parts.empty()) return "plot NaN notitle\n";
  std::string text = "plot ";
  for (std::size_t k = 0; k < parts.size(); ++k) text += (k > 0 ? ", \\\n  " : "") + parts[k];
  return text + "\n";
}

std::string from(const Figure& figure, std::size_t block, const char* columns) {
  return gnuplot_text(figure.data_name(0)) + print(" index %zu using %s ", block, columns);
}

std::string title_of(const std::string& title) {
  return title.empty() ? "notitle" : "title " + gnuplot_text(shortened(title, 58));
}

// Places for labels beside the plot, as shares of its height, at least `apart` from each other.
std::vector<double> spread(std::vector<double> wanted, double apart) {
  std::vector<std::size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t k) { return wanted[k]; });
  double least = 0;
  for (const std::size_t k : order) {
    wanted[k] = std::max(wanted[k], least);
    least = wanted[k] + apart;
  }
  double most = 1;
  for (auto k = order.rbegin(); k != order.rend(); ++k) {
    wanted[*k] = std::min(wanted[*k], most);
    most = wanted[*k] - apart;
  }
  return wanted;
}

void place_labels(const std::vector<Line>& all, const Range& y, bool log, const Margins& margins,
                  Figure& figure) {
  std::vector<const Line*> labelled;
  std::vector<double> wanted;
  for (const Line& line : all) {
    if (line.label.empty() || line.y.empty() || !std::isfinite(line.y.back())) continue;
    if (log && line.y.back() <= 0) continue;
    labelled.push_back(&line);
    const double v = line.y.back();
    wanted.push_back(std::clamp(
        log ? std::log(v / y.first) / std::log(y.second / y.first) : (v - y.first) / (y.second - y.first), 0.,
        1.));
  }
  const double height = figure.height - margins.top - margins.bottom;
  wanted = spread(wanted, 1.1 * font / height);
  for (std::size_t k = 0; k < labelled.size(); ++k)
    figure.script += "set label " + gnuplot_text(shortened(labelled[k]->label, 24)) +
                     print(" at screen %.5f, graph %.5f left textcolor rgb '%s'\n",
                           1 - (margins.right - 7) / figure.width, wanted[k], labelled[k]->colour.c_str());
}

void write_block(std::string& data, const Line& line, bool log) {
  if (!data.empty()) data += "\n\n";
  const auto shown = [&](double v) { return datum(log && v <= 0 ? std::nan("") : v); };
  for (std::size_t k = 0; k < line.x.size(); ++k) {
    data += datum(line.x[k]) + " " + shown(line.y[k]);
    if (!line.low.empty()) data += " " + shown(line.low[k]) + " " + shown(line.high[k]);
    data += "\n";
  }
  if (line.x.empty()) data += "NaN NaN NaN NaN\n";  // keeps the index of the blocks that follow
}

Eigen::MatrixXd binned(const Eigen::MatrixXd& m, Eigen::Index rows, Eigen::Index columns) {
  rows = std::min(rows, m.rows());
  columns = std::min(columns, m.cols());
  if (rows == m.rows() && columns == m.cols()) return m;
  Eigen::MatrixXd out(rows, columns);
  for (Eigen::Index j = 0; j < columns; ++j) {
    for (Eigen::Index i = 0; i < rows; ++i) {
      const Eigen::Index r0 = i * m.rows() / rows, r1 = (i + 1) * m.rows() / rows;
      const Eigen::Index c0 = j * m.cols() / columns, c1 = (j + 1) * m.cols() / columns;
      out(i, j) = m.block(r0, c0, r1 - r0, c1 - c0).mean();
    }
  }
  return out;
}

// Gaussian kernel estimate at n places, as many bandwidths beyond the values as `tails`, but not beyond 0;
// the bandwidth as of Silverman (1986).
std::vector<std::pair<double, double>> density(std::vector<double> values, double tails, std::size_t n) {
  const auto count = static_cast<double>(values.size());
  if (values.size() < 5) return {};
  std::ranges::sort(values);
  const double mean = std::accumulate(values.begin(), values.end(), 0.) / count;
  double variance = 0;
  for (const double v : values) variance += (v - mean) * (v - mean) / (count - 1);
  const double quartiles = values[values.size() * 3 / 4] - values[values.size() / 4];
  double spread_of = std::sqrt(variance);
  if (quartiles > 0) spread_of = std::min(spread_of, quartiles / 1.34);
  if (!(spread_of > 0)) return {};
  const double width = 0.9 * spread_of * std::pow(count, -0.2);
  const double low = std::max(std::min(0., values.front()), values.front() - tails * width),
               high = values.back() + tails * width;
  std::vector<std::pair<double, double>> curve;
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const double at = low + (high - low) * static_cast<double>(k) / static_cast<double>(n - 1);
    double sum = 0;
    for (const double v : values) sum += std::exp(-0.5 * (at - v) * (at - v) / (width * width));
    curve.emplace_back(at, sum);
    largest = std::max(largest, sum);
  }
  for (auto& [at, share] : curve) share /= largest;
  return curve;
}

Cross cross_of(const std::vector<double>& values) {
  const Interval interval = median_interval(values);
  return {median(values), interval.low, interval.high};
}

// A violin, points, the median and its interval per group, the first at y = 0, the next at -1, ….
// place(value): on the x axis; tails: of violins beyond their values, in bandwidths.
template <class Place>
void plot_groups(Figure& figure, const std::vector<Group>& groups, const Place& place, double tails) {
  std::string& data = figure.data.emplace_back();
  std::vector<std::string> parts;
  std::size_t block = 0;
  const auto add = [&](const std::string& rows, const char* columns, const std::string& how) {
    if (rows.empty()) return;
    data += (data.empty() ? "" : "\n\n") + rows;
    parts.push_back(from(figure, block++, columns) + how + " notitle");
  };
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::vector<double>& values = groups[g].values;
    const double middle = -static_cast<double>(g);
    std::vector<double> healthy;
    for (const double v : values) {
      if (std::isfinite(v)) healthy.push_back(place(v));
    }
    std::string violin, points, interval, point;
    const auto curve = density(healthy, tails, 60);
    for (const auto& [at, share] : curve) violin += datum(at) + " " + datum(middle + 0.42 * share) + "\n";
    for (auto k = curve.rbegin(); k != curve.rend(); ++k)
      violin += datum(k->first) + " " + datum(middle - 0.42 * k->second) + "\n";
    const std::size_t every = 1 + values.size() / most_points;
    for (std::size_t k = 0; k < values.size(); k += every) {
      // The golden ratio spreads points evenly without chance.
      const double offset = 0.5 * (std::fmod(static_cast<double>(k) * std::numbers::phi, 1) - 0.5);
      points += datum(place(values[k])) + " " + datum(middle + offset) + "\n";
    }
    if (!values.empty()) {
      const Cross cross = groups[g].cross ? *groups[g].cross : cross_of(values);
      if (values.size() >= 2)
        interval = datum(place(cross.low)) + " " + datum(middle) + "\n" + datum(place(cross.high)) + " " +
                   datum(middle) + "\n";
      point = datum(place(cross.median)) + " " + datum(middle - 0.2) + " 0 0.4\n";
    }
    const std::string c = " lc rgb '" + groups[g].colour + "'";
    add(violin, "1:2", "with filledcurves closed fill transparent solid 0.25 noborder" + c);
    add(points, "1:2", std::string("with points pt 7 ps ") + (values.size() > 30 ? "0.3" : "0.5") + c);
    add(interval, "1:2", "with lines lw 3 lc rgb 'black'");
    add(point, "1:2:3:4", "with vectors nohead lw 3 lc rgb 'black'");
  }
  figure.script += plot_of(parts);
}

// Of an axis whose numbers have few digits: the power of ten that stands in its label.
int exponent_of(double largest) {
  if (!(largest >= 1e4 || (largest > 0 && largest < 1e-2))) return 0;
  return 3 * static_cast<int>(std::floor(std::log10(largest) / 3));
}

std::string with_exponent(const std::string& label, int exponent) {
  return exponent == 0 ? label : label + " / " + number_text(std::pow(10, exponent));
}

}  // namespace

std::string gnuplot_text(std::string_view text) {
  // In single quotes gnuplot expands nothing, and only a quote ends them: an apostrophe is written as one.
  std::string out = "'";
  for (const char c : cleaned(text)) {
    if (c == '\'')
      out += "’";
    else
      out += c == '\n' || c == '\t' ? ' ' : c;
  }
  return out + "'";
}

std::string colour(std::size_t index) {
  constexpr std::array all{"#0072b2", "#d55e00", "#009e73", "#aa4499", "#b38600", "#2a9fd6"};
  return all[index % all.size()];
}

Figure lines(std::string name, std::string caption, const Axes& axes, const std::vector<Line>& all) {
  Figure figure{std::move(name), std::move(caption)};
  Margins margins;
  std::vector<double> x, y;
  std::vector<std::string> labels;
  std::size_t entries = 0;
  for (const Line& line : all) {
    x.insert(x.end(), line.x.begin(), line.x.end());
    for (const auto* values : {&line.y, &line.low, &line.high})
      y.insert(y.end(), values->begin(), values->end());
    if (!line.label.empty()) labels.push_back(shortened(line.label, 24));
    if (!line.title.empty()) ++entries;
  }
  margins.right = 4 * letter;  // for half of a number under the end of the axis
  if (!labels.empty()) margins.right = std::max(margins.right, widest(labels) + 16);
  make_room_for_legend(entries, figure, margins);
  const Range y_range = empty(axes.y_range) ? range_of(y, axes.log_y) : axes.y_range;
  Range x_range = axes.x_range;
  if (empty(x_range)) {
    x_range = range_of(x, false);
    const double margin = (x_range.second - x_range.first) / 27 * 0.9;  // data end at the axes
    x_range = {x_range.first + margin, x_range.second - margin};
  }
  if (!axes.x_ticks.empty()) {
    const bool upright = too_wide(
        axes.x_ticks, (figure.width - margins.left - margins.right) / (x_range.second - x_range.first));
    if (upright) {
      const double more = std::max(0., room_for_upright(axes.x_ticks) - margins.bottom);
      margins.bottom += more;
      figure.height += static_cast<int>(more);
    }
    figure.script += x_names(axes.x_ticks, upright);
  }
  figure.script += margins_text(margins, figure) + x_label(axes.x, figure, margins) +
                   y_label(axes.y, figure, margins) + range_text("x", x_range) + range_text("y", y_range);
  if (axes.log_y) figure.script += "set logscale y\nset ytics (" + log_ticks(y_range) + ")\n";
  place_labels(all, y_range, axes.log_y, margins, figure);
  figure.data.emplace_back();
  std::vector<std::string> parts, above;  // bands never hide a line
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Line& line = all[k];
    write_block(figure.data[0], line, axes.log_y);
    if (!line.low.empty())
      parts.push_back(from(figure, k, "1:3:4") +
                      "with filledcurves fill transparent solid 0.25 noborder lc rgb '" + line.colour +
                      "' notitle");
    const char* how = line.style == Line::Style::points   ? "with points pt 7 ps 0.25"
                      : line.x.size() == 1                ? "with points pt 7 ps 0.6"  // a line has no length
                      : line.style == Line::Style::marked ? "with linespoints pt 7 ps 0.6"
                      : line.style == Line::Style::steps  ? "with steps"
                                                          : "with lines";
    above.push_back(from(figure, k, "1:2") + how + print(" lw %g", line.width) + " lc rgb '" + line.colour +
                    "' " + (line.style == Line::Style::dashed ? "dt (6,4) " : "") + title_of(line.title));
  }
  parts.insert(parts.end(), above.begin(), above.end());
  figure.script += plot_of(parts);
  return figure;
}

double SplitAxis::at(double value) const {
  if (!std::isfinite(value)) return end() - 0.1;
  if (value <= limit) return value / limit;
  return std::min(1 + 0.2 * std::log10(value / limit), 1 + 0.2 * std::log10(largest / limit));
}

double SplitAxis::end() const { return 1 + 0.2 * std::log10(largest / limit) + (failures ? 0.2 : 0.03); }

SplitAxis SplitAxis::of(const std::vector<Group>& groups) {
  SplitAxis axis;
  double most = 0;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    std::vector<double> healthy;
    for (const double v : groups[k].values) {
      if (std::isfinite(v))
        healthy.push_back(v);
      else
        axis.failures = true;
    }
    if (healthy.empty()) continue;
    std::ranges::sort(healthy);
    if (most == 0) axis.limit = nice_above(1.6 * healthy[healthy.size() * 3 / 4]);
    most = std::max(most, healthy.back());
  }
  // The log part ends at a power of ten.
  axis.largest = most > axis.limit ? std::pow(10, std::ceil(std::log10(most))) : axis.limit;
  return axis;
}

Figure distributions(std::string name, std::string caption, const std::string& value_label,
                     const std::vector<Group>& groups) {
  Figure figure{std::move(name), std::move(caption)};
  std::vector<std::string> titles;
  for (const Group& group : groups) titles.push_back(shortened(group.title, 28));
  const Margins margins{widest(titles) + 22, 24, 12, 60};
  const int row = groups.size() > 8 ? 34 : 62;
  figure.height = static_cast<int>(margins.top + margins.bottom) +
                  row * static_cast<int>(std::max<std::size_t>(1, groups.size()));
  const SplitAxis axis = SplitAxis::of(groups);
  const auto n = static_cast<double>(std::max<std::size_t>(1, groups.size()));
  figure.script += "unset key\n" + margins_text(margins, figure) + x_label(value_label, figure, margins) +
                   range_text("x", {0, axis.end()}) + range_text("y", {-n + 0.5, 0.5}) +
                   "unset grid\nset border 1\n";
  std::string ticks;
  const auto tick = [&](double value, const std::string& text) {
    ticks += (ticks.empty() ? "" : ", ") + gnuplot_text(text) + " " + datum(axis.at(value));
  };
  const bool log = axis.largest > axis.limit;
  for (int k = 0; k <= 4; k += log ? 2 : 1) {
    if (k == 4 && axis.failures && !log) continue;  // "failed" stands there
    tick(axis.limit * k / 4, number_text(axis.limit * k / 4));
  }
  // Powers of ten, as far as there is room for their labels.
  const double scale = (figure.width - margins.left - margins.right) / axis.end();
  const auto room = [](double value) { return letter * static_cast<double>(length_of(number_text(value))); };
  double used = scale + room(axis.limit) / 2;
  const double most = scale * axis.at(infinite) - (axis.failures ? room(1e6) : -room(1e6));
  for (double v = std::pow(10, std::ceil(std::log10(axis.limit) + 1e-9)); v <= axis.largest * 1.01; v *= 10) {
    const double at = scale * axis.at(v), half = room(v) / 2 + 5;
    if (at - half < used || at + half > most) continue;
    tick(v, number_text(v));
    used = at + half;
  }
  if (axis.failures) {
    tick(infinite, "failed");
    figure.script += print("set arrow from %.5f, graph 0 to %.5f, graph 1 nohead lc rgb '%s' dt (2,3)\n",
                           axis.end() - 0.2, axis.end() - 0.2, grey);
  }
  if (log) {
    figure.script += print("set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '%s' dt (2,3)\n", grey);
    figure.script +=
        print("set label 'log' at 1.015, graph 0.985 left front textcolor rgb '%s' font ',12'\n", grey);
  }
  figure.script += "set xtics (" + ticks + ")\nset ytics scale 0 (";
  for (std::size_t k = 0; k < groups.size(); ++k)
    figure.script +=
        (k > 0 ? ", " : "") + tick_text(titles[k]) + print(" %zd", -static_cast<std::ptrdiff_t>(k));
  figure.script += ")\n";
  plot_groups(
      figure, groups, [&](double value) { return axis.at(value); }, 2);
  return figure;
}

Figure spreads(std::string name, std::string caption, const std::string& value_label,
               std::vector<Group> groups) {
  Figure figure{std::move(name), std::move(caption)};
  double largest = 0;
  for (const Group& group : groups) {
    for (const double v : group.values) largest = std::max(largest, std::isfinite(v) ? std::abs(v) : 0);
  }
  const int exponent = exponent_of(largest);
  std::vector<std::string> titles;
  std::vector<double> all{0};
  for (Group& group : groups) {
    titles.push_back(shortened(group.title, 30));
    for (double& v : group.values) v *= std::pow(10, -exponent);
    all.insert(all.end(), group.values.begin(), group.values.end());
  }
  const Margins margins{widest(titles) + 22, 26, 12, 60};
  const auto n = static_cast<double>(std::max<std::size_t>(1, groups.size()));
  figure.height = static_cast<int>(margins.top + margins.bottom + 34 * n);
  Range range = range_of(all, false);
  if (*std::ranges::min_element(all) >= 0) range.first = 0;
  std::string ticks;
  for (std::size_t k = 0; k < groups.size(); ++k)
    ticks += (k > 0 ? ", " : "") + tick_text(titles[k]) + " " + datum(-static_cast<double>(k));
  figure.script += "unset key\nset border 1\nunset grid\nset grid xtics lc rgb '#999999' lw 0.5 dt (1,3)\n" +
                   margins_text(margins, figure) +
                   x_label(with_exponent(value_label, exponent), figure, margins) + range_text("x", range) +
                   range_text("y", {-n + 0.5, 0.5}) + "set format x '%g'\nset ytics scale 0 (" + ticks +
                   ")\n" + print("set arrow from 0, graph 0 to 0, graph 1 nohead lw 1 lc rgb '%s'\n", grey);
  plot_groups(
      figure, groups, [](double value) { return value; }, 0);
  return figure;
}

Figure heat_maps(std::string name, std::string caption, const HeatMap& style,
                 const std::vector<Panel>& panels) {
  Figure figure{std::move(name), std::move(caption)};
  const int columns = std::max(1, style.columns);
  const int rows = (static_cast<int>(panels.size()) + columns - 1) / columns;
  constexpr double right = 100, title = 34, gap = 16;
  const double left = std::max(66., std::min(widest(style.y_names), 20 * letter) + 36);
  const double panel_width = (figure.width - left - right - (columns - 1) * gap) / columns;
  std::vector<std::pair<double, std::string>> x_ticks;
  for (const std::string& text : style.x_names)
    x_ticks.emplace_back(static_cast<double>(x_ticks.size()) + 0.5, text);
  const bool upright = too_wide(x_ticks, panel_width / static_cast<double>(x_ticks.size()));
  const double bottom = upright ? std::max(60., room_for_upright(x_ticks)) : 60;
  figure.height = static_cast<int>(bottom + rows * (style.panel_height + title));
  double largest = 0;
  for (const Panel& panel : panels) {
    for (const double v : panel.values.reshaped()) {
      if (std::isfinite(v)) largest = std::max(largest, style.diverging ? std::abs(v) : v);
    }
  }
  if (!(largest > 0)) largest = 1;
  const double w = figure.width, h = figure.height;
  figure.script +=
      style.diverging
          ? "set palette defined (0 '#2166ac', 0.25 '#92c5de', 0.5 '#f7f7f7', 0.75 '#f4a582', 1 '#b2182b')\n"
          : "set palette defined (0 '#f7fbff', 0.2 '#c6dbef', 0.45 '#6baed6', 0.7 '#2171b5', 1 '#08306b')\n";
  figure.script += print("set cbrange [%.9g:%.9g]\n", style.diverging ? -largest : 0., largest) +
                   "unset key\nunset grid\nset border 15\n";
  figure.script += print(
      "set colorbox user origin screen %.5f, screen %.5f size screen %.5f, screen %.5f noborder\nset cbtics "
      "scale 0.4 font ',13'\n",
      1 - (right - 14) / w, bottom / h, 13 / w, (rows * (style.panel_height + title) - title) / h);
  figure.script += "set multiplot\n";
  for (std::size_t p = 0; p < panels.size(); ++p) {
    const int r = static_cast<int>(p) / columns, c = static_cast<int>(p) % columns;
    const Eigen::MatrixXd values = binned(panels[p].values, 400, 500);
    std::string& data = figure.data.emplace_back();
    for (Eigen::Index i = 0; i < values.rows(); ++i) {
      for (Eigen::Index j = 0; j < values.cols(); ++j) data += datum(values(i, j)) + " ";
      data += "\n";
    }
    const Range x = empty(style.x_range)
                        ? Range{0, static_cast<double>(std::max<Eigen::Index>(1, panels[p].values.cols()))}
                        : style.x_range;
    const auto y = static_cast<double>(std::max<Eigen::Index>(1, panels[p].values.rows()));
    const double x0 = left + c * (panel_width + gap), y0 = h - (r + 1) * (style.panel_height + title);
    figure.script += print(
        "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset bmargin at screen %.5f\nset tmargin at "
        "screen %.5f\n",
        x0 / w, (x0 + panel_width) / w, y0 / h, (y0 + style.panel_height) / h);
    figure.script += range_text("x", x) + print("set yrange [%.9g:0]\n", y);
    const bool last_row = static_cast<int>(p) + columns >= static_cast<int>(panels.size());
    const Margins around{x0, w - x0 - panel_width, h - y0 - style.panel_height, y0};
    figure.script +=
        "unset label\nset label " +
        gnuplot_text(shortened(panels[p].title, static_cast<std::size_t>(panel_width / letter))) +
        print(" at graph 0.5, screen %.5f center\n", (y0 + style.panel_height + 12) / h);
    if (last_row) figure.script += x_label(style.x, figure, around);
    if (c == 0) figure.script += y_label(style.y, figure, around);
    if (p == 0)
      figure.script += "set label " + gnuplot_text(style.unit) +
                       print(" at screen %.5f, screen %.5f center rotate by 90\n", 1 - 10 / w,
                             0.5 + (bottom - title) / 2 / h);
    figure.script += last_row ? "set xtics format '%g'\n" : "set xtics format ''\n";
    figure.script += c == 0 ? "set ytics format '%g'\n" : "set ytics format ''\n";
    if (!x_ticks.empty()) figure.script += last_row ? x_names(x_ticks, upright) : "unset xtics\n";
    if (!style.y_names.empty()) {
      std::string ticks;
      for (std::size_t k = 0; k < style.y_names.size(); ++k)
        ticks += (k > 0 ? ", " : "") + tick_text(shortened(style.y_names[k], 20)) +
                 print(" %.9g", static_cast<double>(k) + 0.5);
      figure.script += c == 0 ? "set ytics (" + ticks + ")\n" : "unset ytics\n";
    }
    if (p == 1) figure.script += "unset colorbox\n";
    figure.script += "unset arrow\n";
    for (const double at : style.row_lines)
      figure.script +=
          print("set arrow from graph 0, first %.9g to graph 1, first %.9g nohead front lw 1 lc rgb '%s'\n",
                at, at, grey);
    for (const double at : style.column_lines)
      figure.script +=
          print("set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead front lw 1 lc rgb '%s'\n",
                at, at, grey);
    if (values.size() == 0) {
      figure.script += "plot NaN notitle\n";
      continue;
    }
    const double dx = (x.second - x.first) / static_cast<double>(values.cols()),
                 dy = y / static_cast<double>(values.rows());
    figure.script += "plot " + gnuplot_text(figure.data_name(p)) +
                     print(" matrix using (%.9g+$1*%.9g):(%.9g+$2*%.9g):3 with image notitle\n",
                           x.first + dx / 2, dx, dy / 2, dy);
  }
  figure.script += "unset multiplot\n";
  return figure;
}

Figure raster(std::string name, std::string caption, const Axes& axes,
              const std::vector<std::pair<double, int>>& events) {
  Figure figure{std::move(name), std::move(caption)};
  const Margins margins;
  std::vector<double> when;
  int last = 0;
  std::string& data = figure.data.emplace_back();
  for (const auto& [at, row] : events) {
    when.push_back(at);
    last = std::max(last, row);
    data += datum(at) + " " + std::to_string(row) + "\n";
  }
  figure.script += "unset key\nunset grid\n" + margins_text(margins, figure) +
                   x_label(axes.x, figure, margins) + y_label(axes.y, figure, margins) +
                   range_text("x", empty(axes.x_range) ? range_of(when, false) : axes.x_range) +
                   print("set yrange [%d.5:-0.5]\n", last);
  figure.script +=
      plot_of(events.empty()
                  ? std::vector<std::string>{}
                  : std::vector{from(figure, 0, "1:2") + "with points pt 7 ps 0.3 lc rgb 'black' notitle"});
  return figure;
}

Figure bars(std::string name, std::string caption, const std::string& value_label, std::vector<Bar> all) {
  Figure figure{std::move(name), std::move(caption)};
  std::vector<std::string> titles;
  std::vector<double> values{0};
  double largest = 0;
  for (const Bar& bar : all) largest = std::max(largest, std::isfinite(bar.value) ? std::abs(bar.value) : 0);
  const int exponent = exponent_of(largest);
  for (Bar& bar : all) {
    for (double* v : {&bar.value, &bar.low, &bar.high}) *v *= std::pow(10, -exponent);
    titles.push_back(shortened(bar.title, 30));
    values.push_back(bar.value);
    if (bar.low < bar.high) values.insert(values.end(), {bar.low, bar.high});
  }
  const Margins margins{widest(titles) + 22, 26, 12, 60};
  figure.height = static_cast<int>(margins.top + margins.bottom) +
                  24 * static_cast<int>(std::max<std::size_t>(2, all.size()));
  Range range = range_of(values, false);
  if (*std::ranges::min_element(values) >= 0) range.first = 0;
  std::string& data = figure.data.emplace_back();
  std::string whiskers, ticks;
  figure.script += "unset key\nset border 1\nunset grid\nset grid xtics lc rgb '#999999' lw 0.5 dt (1,3)\n" +
                   margins_text(margins, figure) +
                   x_label(with_exponent(value_label, exponent), figure, margins) + range_text("x", range) +
                   print("set yrange [%zd.5:0.5]\n", -static_cast<std::ptrdiff_t>(all.size()));
  figure.script += "set format x '%g'\n";
  for (std::size_t k = 0; k < all.size(); ++k) {
    const double at = -static_cast<double>(k);
    const double value = std::isfinite(all[k].value) ? all[k].value : 0;
    figure.script += print(
        "set object rectangle from %.9g, %.9g to %.9g, %.9g fillstyle solid 0.75 noborder fillcolor rgb "
        "'%s'\n",
        0., at - 0.34, value, at + 0.34, all[k].colour.c_str());
    ticks += (k > 0 ? ", " : "") + tick_text(titles[k]) + " " + datum(at);
    if (all[k].low < all[k].high)
      whiskers += datum(value) + " " + datum(at) + " " + datum(all[k].low) + " " + datum(all[k].high) + "\n";
  }
  figure.script += "set ytics scale 0 (" + ticks + ")\n";
  figure.script +=
      print("set yrange [%.9g:%.9g]\n", 0.5 - std::max(1., static_cast<double>(all.size())), 0.5);
  data = whiskers;
  figure.script += plot_of(
      whiskers.empty()
          ? std::vector<std::string>{}
          : std::vector{from(figure, 0, "1:2:3:4") + "with xerrorbars pt -1 lw 1.5 lc rgb 'black' notitle"});
  return figure;
}

Figure trajectories(std::string name, std::string caption, const Axes& axes, const std::vector<Line>& paths) {
  Figure figure = lines(std::move(name), std::move(caption), axes, paths);
  if (paths.empty()) return figure;
  figure.height += 80;
  std::vector<std::string> parts;
  const std::size_t end = figure.script.rfind("plot ");
  std::string plot = figure.script.substr(end);
  figure.script.erase(end);
  plot.pop_back();
  for (std::size_t k = 0; k < paths.size(); ++k) {
    std::string& data = figure.data[0];
    if (paths[k].x.empty()) continue;
    const std::size_t block = paths.size() + 2 * parts.size() / 2;
    data += "\n\n" + datum(paths[k].x.front()) + " " + datum(paths[k].y.front()) + "\n";
    parts.push_back(from(figure, block, "1:2") + "with points pt 6 ps 1.2 lw 1.5 lc rgb '" + paths[k].colour +
                    "' notitle");
    data += "\n\n" + datum(paths[k].x.back()) + " " + datum(paths[k].y.back()) + "\n";
    parts.push_back(from(figure, block + 1, "1:2") + "with points pt 7 ps 1.2 lc rgb '" + paths[k].colour +
                    "' notitle");
  }
  for (const std::string& part : parts) plot += ", \\\n  " + part;
  figure.script += plot + "\n";
  return figure;
}

}  // namespace hebbforge::report
