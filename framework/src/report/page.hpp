// The page: sections and figures in one HTML file that needs nothing else.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <string>
#include <vector>

#include "report/drawing.hpp"
#include "report/run_data.hpp"

namespace hebbforge::report {

struct PageOptions {
  int refresh = 0;  ///< s after which a browser reads the page again; 0: never
  bool png = false;
  std::string gnuplot = "gnuplot";
};

struct Page {
  std::string html;
  Drawings drawings;
};

/// \throws SimulationError if no child process can be made
HEBBFORGE_API Page make_page(const std::vector<RunData>& runs, const PageOptions& options);

}  // namespace hebbforge::report
