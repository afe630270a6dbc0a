// Draws figures with gnuplot, a child process.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <map>
#include <string>
#include <vector>

#include "report/figures.hpp"

namespace hebbforge::report {

struct Drawings {
  std::map<std::string, std::string> svg;  ///< by the figure's name; one that could not be drawn is missing
  std::map<std::string, std::string> png;  ///< bytes, if asked for
  std::string problem;                     ///< what to tell the reader; "": all are there
};

/// Draws all figures. SVGs have no outer resource, ids that no other figure of a page has, and currentColor
/// in place of black: they take the colour of the page's text. \param gnuplot  the program; a name is looked
/// for on the PATH
HEBBFORGE_API Drawings draw(const std::vector<Figure>& figures, bool png = false,
                            const std::string& gnuplot = "gnuplot");

/// What gnuplot wrote, made fit for a page. \see draw
HEBBFORGE_API std::string svg_for_page(std::string svg, const std::string& name, const std::string& caption);

}  // namespace hebbforge::report
