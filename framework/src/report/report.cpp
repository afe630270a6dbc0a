#include "report/report.hpp"

#include <algorithm>
#include <hebbforge/error.hpp>

#include "host/whole_file.hpp"

namespace hebbforge::report {
namespace {

// What only the plugins know: a recorded life, units. Without them the page shows what the files hold.
void ask_plugins(Registry& registry, RunData& run) {
  if (!run.picked()) return;
  if (is_broken(run.picked()->scores.end(0, 0))) {
    run.why_no_life = "a plugin broke the rule's life";
    return;
  }
  try {
    const Pipeline pipeline = picked_pipeline(registry, run);
    for (const FreeParameter& f : pipeline.search->free) run.units[f.path] = f.unit;
    run.life = record_life(pipeline);
  } catch (const Error& error) {
    run.why_no_life = std::string("the rule's life cannot be run again here: ") + error.what();
    run.life = example_life(run);
  }
}

void name_apart(std::vector<RunData>& runs) {
  for (RunData& run : runs) {
    const auto same = std::ranges::count(runs, run.name, &RunData::name);
    if (same > 1) run.name = run.directory.lexically_normal().string();
  }
}

void write_figures(const std::filesystem::path& directory, const std::map<std::string, std::string>& files,
                   const char* kind) {
  for (const auto& [name, text] : files) write_text_file(directory / (name + kind), text);
}

}  // namespace

ReportFiles write_report(Registry& registry, const ReportOptions& options) {
  if (options.runs.size() > 1 && options.out.empty())
    throw ConfigError("a report of several runs needs --out FILE.html");
  std::vector<RunData> runs;
  for (const auto& directory : options.runs) {
    runs.push_back(read_run_data(directory));
    ask_plugins(registry, runs.back());
  }
  name_apart(runs);
  const Page page = make_page(runs, options.page);
  ReportFiles files;
  files.page = options.out.empty() ? options.runs.front() / "report.html" : options.out;
  files.problem = page.drawings.problem;
  files.figures = page.drawings.svg.size();
  if (files.figures > 0) {
    files.plots =
        files.page.parent_path() / (options.out.empty() ? "plots" : files.page.stem().string() + "_plots");
    std::error_code error;
    std::filesystem::create_directories(files.plots, error);
    if (error)
      throw SimulationError("cannot make the directory '" + files.plots.string() + "': " + error.message());
    write_figures(files.plots, page.drawings.svg, ".svg");
    write_figures(files.plots, page.drawings.png, ".png");
  }
  write_text_file(files.page, page.html);
  return files;
}

}  // namespace hebbforge::report
