// The sections of a report. A stage adds its own by a function here and a line in page.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/figures.hpp"
#include "report/run_data.hpp"

namespace hebbforge::report {

/// Collects the figures of a page; they are drawn together when all sections are there.
class FigureList {
 public:
  /// \returns HTML in whose place the drawn figure will stand
  std::string add(Figure figure);
  const std::vector<Figure>& all() const noexcept { return all_; }

 private:
  std::vector<Figure> all_;
};

/// Titles and HTML. A section without HTML has no data and does not appear.
struct Section {
  std::string id, title, html;
};

using Runs = std::span<const RunData>;

Section what_was_run(Runs runs, FigureList& figures);
Section rule_section(Runs runs, FigureList& figures);
Section loss_section(Runs runs, FigureList& figures);
Section coefficient_section(Runs runs, FigureList& figures);
Section activity_section(Runs runs, FigureList& figures);
Section weight_section(Runs runs, FigureList& figures);
Section effect_section(Runs runs, FigureList& figures);
Section report_losses_section(Runs runs, FigureList& figures);
Section failure_section(Runs runs, FigureList& figures);
Section repeat_section(Runs runs, FigureList& figures);

/// "" for a single run, else what tells it from the others, for titles and names of figures.
std::string heading_of(const RunData& run, Runs runs);
std::string figure_name(const std::string& what, const RunData& run, Runs runs);

/// Scores of the picked rule where they are best known: report networks, else select networks.
const Scores* best_scores(const RunData& run);
/// Mean effect of each term over the healthy lives of those, in the order of their layout. Empty: none.
std::vector<double> mean_effects(const RunData& run);

}  // namespace hebbforge::report
