// From run directories to a page with its figures as files.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/host/registry.hpp>
#include <string>
#include <vector>

#include "report/page.hpp"

namespace hebbforge::report {

struct ReportOptions {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path out;  ///< empty: report.html in the directory of the only run
  PageOptions page;
};

struct ReportFiles {
  std::filesystem::path page, plots;  ///< plots: directory of the figures; empty: none were drawn
  std::size_t figures = 0;
  std::string problem;  ///< why figures are missing; "": none is
};

/// Writes the page, and each figure beside it: into plots/, or, where `out` is named, into NAME_plots/. Of a
/// run with a picked rule one life is run for it, if its plugins are found. \throws ConfigError if a
/// directory is none of a run; SimulationError
HEBBFORGE_API ReportFiles write_report(Registry& registry, const ReportOptions& options);

}  // namespace hebbforge::report
