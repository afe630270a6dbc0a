#include "report/section.hpp"

#include <algorithm>

#include "report/html.hpp"

namespace hebbforge::report {

std::string FigureList::add(Figure figure) {
  all_.push_back(std::move(figure));
  const Figure& f = all_.back();
  return "<figure><!--figure " + f.name + "--><figcaption>" + escaped(f.caption) + "</figcaption></figure>\n";
}

std::string heading_of(const RunData& run, Runs runs) { return runs.size() > 1 ? run.name : ""; }

std::string figure_name(const std::string& what, const RunData& run, Runs runs) {
  return runs.size() > 1 ? what + "_" + std::to_string(&run - runs.data() + 1) : what;
}

std::string median_cell(double median, double low, double high) {
  return number_text(median) + " <span class=\"range\">[" + number_text(low) + ", " + number_text(high) +
         "]</span>";
}

const Scores* best_scores(const RunData& run) {
  if (!run.picked()) return nullptr;
  return run.record.report.networks > 0 ? &run.record.report : &run.picked()->scores;
}

std::vector<double> mean_effects(const RunData& run) {
  const Scores* scores = best_scores(run);
  if (!scores) return {};
  std::vector<double> sums(scores->layout.effects.size(), 0.);
  double healthy = 0;
  for (std::size_t n = 0; n < scores->networks; ++n) {
    if (scores->end(0, n) != LifeEnd::healthy) continue;
    ++healthy;
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += scores->effect(0, n, k);
  }
  if (healthy == 0) return {};
  for (double& s : sums) s /= healthy;
  return sums;
}

}  // namespace hebbforge::report
