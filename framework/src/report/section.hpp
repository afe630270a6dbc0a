// The sections of a report. A stage adds its own by a function here and a line in page.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/figures.hpp"
#include "report/run_data.hpp"

namespace hebbforge::report {

/// Collects the figures of a page; they are drawn together when all sections are there.
class HEBBFORGE_API FigureList {
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
/// One for each stage that has left something, in the order of the pipeline.
std::vector<Section> stage_sections(Runs runs, FigureList& figures);

/// "" for a single run, else what tells it from the others, for titles and names of figures.
std::string heading_of(const RunData& run, Runs runs);
std::string figure_name(const std::string& what, const RunData& run, Runs runs);

/// Scores of the picked rule where they are best known: report networks, else select networks.
const Scores* best_scores(const RunData& run);
/// Mean effect of each term over the healthy lives of those, in the order of their layout. Empty: none.
std::vector<double> mean_effects(const RunData& run);

/// Rates of the cells that learn, sorted by when they fire. \param about  begins the caption
std::string activity_figure(const std::string& name, const std::string& about, const RecordedLife& life,
                            FigureList& figures);
/// Firing times of these cells against the trial; "" where they are not known.
HEBBFORGE_API std::string firing_figure(const std::string& name, const RecordedLife& life,
                                        FigureList& figures);
/// Mean weight among these cells against the lag in their order; "" where there are no synapses.
HEBBFORGE_API std::string lag_figure(const std::string& name, const std::string& about,
                                     const RecordedLife& life, FigureList& figures);
/// Weights before and after, in that order.
std::string weight_figure(const std::string& name, const std::string& about, const RecordedLife& life,
                          FigureList& figures);

/// "median [low, high]".
std::string median_cell(double median, double low, double high);

/// How the measures of one cell, taken in several tables of a loss, go on; "" where there are none.
HEBBFORGE_API std::string cell_figures(const StageData& stage, const std::string& name, FigureList& figures);

/// Of a stage that scores rules: its figures and tables.
std::string variants_html(const StageData& stage, const std::string& name, FigureList& figures);

}  // namespace hebbforge::report
