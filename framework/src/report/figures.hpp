// Figures: data and a gnuplot script. Each function here makes one kind; drawing.hpp draws them.
#pragma once

#include <Eigen/Core>
#include <hebbforge/export.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hebbforge::report {

/// What gnuplot draws. The script stands between a preamble (terminal, output, style) and the next figure; it
/// reads its data from the files data_name(0), ….
struct HEBBFORGE_API Figure {
  std::string name;               ///< of its files: lower case letters, digits, '_'
  std::string caption;            ///< what is to be seen; plain text
  int width = 560, height = 360;  ///< px
  std::string script{};
  std::vector<std::string> data{};

  std::string data_name(std::size_t index) const { return name + "." + std::to_string(index) + ".dat"; }
};

/// Any text as a gnuplot string in which nothing is expanded or executed.
HEBBFORGE_API std::string gnuplot_text(std::string_view text);

/// Colours that also colour-blind readers tell apart, on white and on black, dark enough for text: after
/// Okabe & Ito (2008); repeated beyond six.
HEBBFORGE_API std::string colour(std::size_t index);
inline constexpr const char* grey = "#8c8c8c";

struct Axes {
  std::string x, y;  ///< labels, with units
  bool log_y = false;
  /// Empty (first >= second): as the data need.
  std::pair<double, double> x_range{0, 0}, y_range{0, 0};
  /// Places on the x axis and what stands there, upright where there is no room; empty: numbers.
  std::vector<std::pair<double, std::string>> x_ticks{};
};

/// One line, or points. What is not finite leaves a gap; on a log axis so does what is not positive.
struct Line {
  enum class Style { line, steps, dashed, points, marked };
  std::string title;  ///< in the legend; "": not there
  std::vector<double> x, y;
  std::vector<double> low, high;  ///< of a band around it; empty: none
  Style style = Style::line;
  std::string colour = grey;
  std::string label;  ///< at its right end; "": none
  double width = 2;
};
HEBBFORGE_API Figure lines(std::string name, std::string caption, const Axes& axes,
                           const std::vector<Line>& all);

/// A median and its interval.
struct Cross {
  double median, low, high;
};
/// Values of one group; infinite: failed.
struct Group {
  std::string title;
  std::vector<double> values;
  std::string colour = grey;
  std::optional<Cross> cross{};  ///< none: of the values
};
/// A violin (of five values or more), its points (of many some hundreds) and its median with a 95 % bootstrap
/// interval per group, one below the other. The axis is linear up to a limit that the first group sets,
/// logarithmic beyond it; failures stand apart at its end.
HEBBFORGE_API Figure distributions(std::string name, std::string caption, const std::string& value_label,
                                   const std::vector<Group>& groups);

/// The same rows on a linear axis with a line at 0, violins cut at their values; not finite: left out.
HEBBFORGE_API Figure spreads(std::string name, std::string caption, const std::string& value_label,
                             std::vector<Group> groups);

/// The axis of distributions().
struct HEBBFORGE_API SplitAxis {
  double limit = 1;               ///< up to here linear
  double largest = 1;             ///< end of the logarithmic part; = limit: there is none
  bool failures = false;          ///< a place for them is kept
  double at(double value) const;  ///< linear part: 0 to 1; failed (infinite): at the end
  double end() const;
  static SplitAxis of(const std::vector<Group>& groups);
};

struct Panel {
  std::string title;
  Eigen::MatrixXd values;  ///< (rows, columns); the first row on top
};
struct HeatMap {
  std::string x, y, unit;                   ///< labels; of the colours
  bool diverging = false;                   ///< blue - white - red around 0; else white to dark blue from 0
  std::pair<double, double> x_range{0, 0};  ///< of the columns; empty: their indices
  std::vector<double> row_lines{}, column_lines{};  ///< between blocks, as indices
  int columns = 1;                                  ///< panels beside each other
  int panel_height = 150;                           ///< px
  std::vector<std::string> x_names{}, y_names{};    ///< of all columns and rows; empty: numbers
};
/// Panels with one colour scale, at most 400 x 500 values each (means of neighbours beyond).
HEBBFORGE_API Figure heat_maps(std::string name, std::string caption, const HeatMap& style,
                               const std::vector<Panel>& panels);

/// Events as dots: (when, row), the first row on top.
HEBBFORGE_API Figure raster(std::string name, std::string caption, const Axes& axes,
                            const std::vector<std::pair<double, int>>& events);

struct Bar {
  std::string title;
  double value = 0;
  double low = 0, high = 0;  ///< whisker; low >= high: none
  std::string colour = grey;
};
/// Horizontal bars from 0, the first on top.
HEBBFORGE_API Figure bars(std::string name, std::string caption, const std::string& value_label,
                          std::vector<Bar> all);

/// Paths in a plane: an open circle where each begins, a filled one where it ends.
HEBBFORGE_API Figure trajectories(std::string name, std::string caption, const Axes& axes,
                                  const std::vector<Line>& paths);

}  // namespace hebbforge::report
