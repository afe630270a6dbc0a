// A section for each stage of the pipeline.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "report/formula.hpp"
#include "report/html.hpp"
#include "report/section.hpp"

namespace hebbforge::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string what_it_does(const StageData& stage) {
  if (stage.kind == "dropout") return "the rule without each of its coefficients";
  if (stage.kind == "rank_and_refit") return "searches with the highest-ranked terms";
  if (stage.kind == "forward_selection") return "one term added after the other";
  if (stage.kind == "simulate") return "recorded lives";
  if (stage.kind != "sweep") return "rules and conditions compared";
  std::string over;
  if (const Node* vary = stage.table.find("vary")) {
    for (const Node::Entry& e : vary->table)
      over += (over.empty() ? "" : " and ") + e.key.substr(e.key.rfind('.') + 1);
  }
  return "a sweep over " + over;
}

CoefficientNames names_of(const StageData& stage) {
  std::vector<std::string> paths;
  for (const TermSearch& s : stage.searches)
    paths.insert(paths.end(), s.coefficients.begin(), s.coefficients.end());
  return CoefficientNames(paths);
}

// What a search has more than the one before it.
std::vector<std::string> added(const TermSearch& now, const TermSearch* before,
                               const CoefficientNames& coefficients) {
  std::vector<std::string> names;
  for (const std::string& path : now.coefficients) {
    if (!before || std::ranges::find(before->coefficients, path) == before->coefficients.end())
      names.push_back(coefficients.of(path));
  }
  return names;
}

std::string terms_figure(const StageData& stage, const CoefficientNames& coefficients, bool reported,
                         const std::string& name, FigureList& figures) {
  Line line;
  line.colour = colour(0);
  line.style = Line::Style::marked;
  Axes axes{"number of terms, and which are added", reported ? "report loss, median" : "select loss, median"};
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (std::size_t k = 0; k < stage.searches.size(); ++k) {
    const TermSearch& s = stage.searches[k];
    const double middle = !s.healthy ? nan : reported ? s.report : s.select;
    const auto at = static_cast<double>(s.terms);
    line.x.push_back(at);
    line.y.push_back(middle);
    if (reported) {
      line.low.push_back(s.healthy ? s.low : nan);
      line.high.push_back(s.healthy ? s.high : nan);
    }
    if (std::isfinite(middle)) {
      low = std::min(low, middle);
      high = std::max(high, middle);
    }
    const auto more = added(s, k > 0 ? &stage.searches[k - 1] : nullptr, coefficients);
    std::string tick = std::to_string(s.terms) + ": ";
    if (more.size() > 1)
      tick += "+ " + std::to_string(more.size()) + " terms";
    else if (!more.empty())
      tick += (k > 0 ? "+ " : "") + more.front();
    axes.x_ticks.emplace_back(at, tick);
  }
  axes.log_y = low > 0 && high > 20 * low;
  axes.x_range = {line.x.front() - 0.5, std::ranges::max(line.x) + 0.5};
  return figures.add(
      lines(name + "_losses",
            std::string("Loss per network of the rule that each search picked: median over the ") +
                (reported ? "report networks and its 95 % bootstrap interval."
                          : "select networks; the pipeline has no report networks.") +
                " A gap: no healthy rule, or at least half of the lives failed.",
            axes, {line}));
}

std::string searches_html(const RunData& run, const StageData& stage, const std::string& name,
                          FigureList& figures) {
  if (stage.searches.empty()) return "";
  const auto networks = static_cast<std::size_t>(run.number({"networks", "report"}));
  std::vector<std::string> header{"terms", "rule", "search, sum", "select", "report", "failed", "directory"};
  std::vector<std::vector<std::string>> rows;
  const CoefficientNames coefficients = names_of(stage);
  for (const TermSearch& s : stage.searches) {
    std::string formula, terms;
    for (const auto& [pathway, latex] : s.formulas)
      formula += "<div>" + (s.formulas.size() > 1 ? escaped(pathway) + ": " : "") + mathml(latex) + "</div>";
    for (const std::string& path : s.coefficients)
      terms += (terms.empty() ? "" : ", ") + coefficients.of(path);
    if (!s.healthy) formula = escaped(terms) + ": no healthy rule";
    rows.push_back(
        {std::to_string(s.terms), formula, s.healthy ? number_text(s.search_sum) : "–",
         s.healthy ? number_text(s.select) : "–",
         s.healthy && networks > 0 ? median_cell(s.report, s.low, s.high) : "–",
         s.healthy && networks > 0 ? std::to_string(s.failed) + " of " + std::to_string(networks) : "–",
         "<code>" + escaped(stage.name + "/" + s.directory) + "</code>"});
  }
  return "<div class=\"figures\">" + terms_figure(stage, coefficients, networks > 0, name, figures) +
         "</div>\n" +
         "<p class=\"note\">Each search is a run of its own, with a page of its own after <code>hebbforge "
         "report</code>. Select and report: median loss per network [95 % bootstrap interval].</p>\n" +
         table(header, rows);
}

std::string lives_html(const StageData& stage, const std::string& name, FigureList& figures) {
  constexpr std::size_t most = 12;  // files: a page has to stay one that is read
  std::string html;
  for (std::size_t k = 0; k < std::min(most, stage.files.size()); ++k) {
    const LifeFile& f = stage.files[k];
    std::string about = f.name + ", ";
    if (f.lives > 1) about += "the first of " + std::to_string(f.lives) + " lives, ";
    about += (f.life.end == "healthy" ? "healthy" : "ended because " + f.life.end) + ". ";
    const std::string number = "_" + std::to_string(k + 1);
    html += "<div>" + activity_figure(name + "_activity" + number, about, f.life, figures) + "</div>\n<div>" +
            weight_figure(name + "_weights" + number, about, f.life, figures) + "</div>\n<div>" +
            lag_figure(name + "_lags" + number, about, f.life, figures) + "</div>\n";
  }
  if (html.empty()) return "";
  html = "<div class=\"figures\">" + html + "</div>\n";
  if (stage.files.size() > most)
    html += "<p class=\"note\">The first " + std::to_string(most) + " of " +
            std::to_string(stage.files.size()) + " files.</p>\n";
  return html;
}

std::string stage_html(const RunData& run, const StageData& stage, const std::string& name,
                       FigureList& figures) {
  std::string html = stage.kind == "simulate" ? lives_html(stage, name, figures)
                     : stage.variants.empty() ? searches_html(run, stage, name, figures)
                                              : variants_html(stage, name, figures);
  if (html.empty()) return "";
  std::string note;
  const Node *set = stage.table.find("network_set"), *count = stage.table.find("networks");
  if (set && count && set->type == Node::Type::text && count->is_number())
    note = "On " + number_text(count->number()) + " " + escaped(set->text()) + " network" +
           (count->number() == 1 ? "" : "s") + ". ";
  note += "The numbers are in <code>" + escaped(stage.name) + "/</code>.";
  if (!stage.finished) note += " <strong>Not finished: this is what there is so far.</strong>";
  return "<p class=\"note\">" + note + "</p>\n" + html;
}

// For ids and names of files: no two stages share one.
std::string slug(const std::string& name, const std::vector<Section>& others) {
  std::string text = "stage_";
  for (const char c : name)
    text += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '_';
  while (std::ranges::find(others, text, &Section::id) != others.end()) text += "_";
  return text;
}

}  // namespace

std::vector<Section> stage_sections(Runs runs, FigureList& figures) {
  std::vector<std::string> names;
  for (const RunData& run : runs) {
    for (const StageData& s : run.stages) {
      if (std::ranges::find(names, s.name) == names.end()) names.push_back(s.name);
    }
  }
  std::vector<Section> all;
  for (const std::string& name : names) {
    Section section{slug(name, all), "", ""};
    for (const RunData& run : runs) {
      const auto stage = std::ranges::find(run.stages, name, &StageData::name);
      if (stage == run.stages.end()) continue;
      if (section.title.empty()) section.title = name + ": " + what_it_does(*stage);
      const std::string html = stage_html(run, *stage, figure_name(section.id, run, runs), figures);
      if (!html.empty() && runs.size() > 1) section.html += "<h3>" + escaped(run.name) + "</h3>\n";
      section.html += html;
    }
    all.push_back(std::move(section));
  }
  return all;
}

}  // namespace hebbforge::report
