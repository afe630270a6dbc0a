#include "report/page.hpp"

#include <array>

#include "report/html.hpp"
#include "report/section.hpp"

namespace hebbforge::report {
namespace {

/// In the order of the page; then come the stages, and how to repeat it all.
constexpr std::array sections{what_was_run,        rule_section,          loss_section,
                              coefficient_section, activity_section,      weight_section,
                              effect_section,      report_losses_section, failure_section};

std::vector<Section> sections_of(Runs runs, FigureList& figures) {
  std::vector<Section> all;
  for (const auto& make : sections) all.push_back(make(runs, figures));
  for (Section& stage : stage_sections(runs, figures)) all.push_back(std::move(stage));
  all.push_back(repeat_section(runs, figures));
  return all;
}

constexpr const char* style = R"(
:root{color-scheme:light dark;--page:#fff;--text:#16181d;--soft:#5a6069;--line:#d5d9df;--block:#f4f5f7}
@media (prefers-color-scheme:dark){:root{--page:#14161a;--text:#e6e8eb;--soft:#a2a9b3;--line:#3a3f47;--block:#1f2329}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem 1rem 4rem;max-width:78rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
a{color:inherit}
.note,figcaption{color:var(--soft);font-size:.9rem}
.note{max-width:52rem}
.problem{border:1px solid var(--line);border-left:.3rem solid #d55e00;padding:.5rem .75rem;background:var(--block)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;overflow-wrap:normal;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .75rem .2rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:600;white-space:nowrap}
td{min-width:4rem}
.range{color:var(--soft);white-space:nowrap}
.formula{font-size:1.15rem;line-height:2}
.formula math{white-space:nowrap}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.5rem;align-items:start}
.figures>div{min-width:0}
figure{margin:0 0 1rem;min-width:0}
figure svg{display:block;width:100%;max-width:40rem;height:auto}
pre{overflow-x:auto;background:var(--block);padding:.75rem;border-radius:.25rem}
code{font-family:ui-monospace,monospace;font-size:.9em}
summary{cursor:pointer}
footer{margin-top:3rem;color:var(--soft);font-size:.9rem}
@media print{body{max-width:none;padding:0}h2{break-after:avoid}figure,table{break-inside:avoid}nav{display:none}}
)";

std::string title_of(const std::vector<RunData>& runs) {
  if (runs.size() > 1) return std::to_string(runs.size()) + " runs side by side";
  return runs.front().title.empty() ? "Run " + runs.front().name : runs.front().title;
}

void place_figures(std::string& html, const std::vector<Figure>& figures, const Drawings& drawings) {
  for (const Figure& f : figures) {
    const std::string mark = "<!--figure " + f.name + "-->";
    const auto at = html.find(mark);
    if (at == html.npos) continue;
    const auto drawn = drawings.svg.find(f.name);
    html.replace(at, mark.size(),
                 drawn == drawings.svg.end() ? "<p class=\"note\">(figure not drawn)</p>" : drawn->second);
  }
}

}  // namespace

Page make_page(const std::vector<RunData>& runs, const PageOptions& options) {
  FigureList figures;
  std::string navigation, body;
  for (const Section& section : sections_of(runs, figures)) {
    if (section.html.empty()) continue;
    navigation += "<a href=\"#" + section.id + "\">" + escaped(section.title) + "</a>\n";
    body += "<section id=\"" + section.id + "\"><h2>" + escaped(section.title) + "</h2>\n" + section.html +
            "</section>\n";
  }
  Page page;
  page.drawings = draw(figures.all(), options.png, options.gnuplot);
  place_figures(body, figures.all(), page.drawings);
  const std::string title = escaped(title_of(runs));
  page.html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n";
  if (options.refresh > 0)
    page.html += "<meta http-equiv=\"refresh\" content=\"" + std::to_string(options.refresh) + "\">\n";
  page.html += "<title>" + title + "</title>\n<style>" + style + "</style></head>\n<body>\n<header><h1>" +
               title + "</h1>\n<nav>\n" + navigation + "</nav></header>\n<main>\n";
  if (!page.drawings.problem.empty())
    page.html += "<p class=\"problem\">" + escaped(page.drawings.problem) + "</p>\n";
  page.html += body + "</main>\n<footer>Written by hebbforge report";
  if (options.refresh > 0)
    page.html +=
        "; the run goes on, this page reads itself again every " + std::to_string(options.refresh) + " s";
  page.html += ".</footer>\n</body></html>\n";
  return page;
}

}  // namespace hebbforge::report
