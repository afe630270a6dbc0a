#include "report/drawing.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <hebbforge/error.hpp>

#include "host/whole_file.hpp"
#include "report/html.hpp"
#include "report/program.hpp"

namespace hebbforge::report {
namespace {

constexpr double patience = 60;  // s for all figures; they take some milliseconds each

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::error_code error;
    const auto folder = std::filesystem::temp_directory_path(error);
    if (error) throw SimulationError("there is no directory for temporary files; is TMPDIR right?");
    std::string pattern = (folder / "hebbforge-figures-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw SimulationError("cannot make a directory like '" + pattern + "': " + std::strerror(errno));
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

std::string script_of(const Figure& f, const char* kind) {
  const std::string size = std::to_string(f.width) + "," + std::to_string(f.height);
  const bool svg = std::string_view(kind) == "svg";
  return "reset\nset encoding utf8\nset terminal " +
         (svg ? "svg size " + size + " font 'sans-serif,15' noenhanced"
              : "pngcairo size " + std::to_string(2 * f.width) + "," + std::to_string(2 * f.height) +
                    " font 'sans-serif,11' fontscale 2 linewidth 2 pointscale 2 noenhanced background rgb "
                    "'white'") +
         "\nset output '" + f.name + "." + kind +
         "'\nset border 3 lw 1\nset tics nomirror out scale 0.5\nset minussign\nset format '%g'\n"
         "set grid ytics lc rgb '#999999' lw 0.5 dt (1,3)\n" +
         f.script + "unset output\n";
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Everything from `begin` to the end of `end`, wherever it occurs.
void remove_all(std::string& text, std::string_view begin, std::string_view end) {
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    const std::size_t stop = text.find(end, at);
    if (stop == text.npos) return;
    text.erase(at, stop + end.size() - at);
  }
}

class Gnuplot {
 public:
  Gnuplot(std::string program, const std::vector<Figure>& figures, const char* kind)
      : program_(std::move(program)), figures_(figures), kind_(kind) {}

  std::map<std::string, std::string> draw(std::string& problem) {
    const ScratchDirectory directory;
    std::string all;
    for (const Figure& f : figures_) {
      for (std::size_t k = 0; k < f.data.size(); ++k) write(directory.path() / f.data_name(k), f.data[k]);
      all += script_of(f, kind_);
    }
    std::map<std::string, std::string> drawn;
    std::string why;
    if (!run(directory.path(), all, why)) {
      problem = why;
      return drawn;
    }
    for (const Figure& f : figures_) {
      const auto file = directory.path() / (f.name + "." + kind_);
      // A mistake ends gnuplot: those behind it are drawn one by one.
      if (!complete(file) && !run(directory.path(), script_of(f, kind_), why)) continue;
      if (complete(file))
        drawn[f.name] = read_text_file(file);
      else
        problem = "gnuplot could not draw '" + f.name + "': " + why;
    }
    return drawn;
  }

 private:
  // Gone in a moment: not synced to the disk, as write_text_file() does.
  static void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out) throw SimulationError("cannot write '" + file.string() + "'; is the disk full?");
  }

  bool complete(const std::filesystem::path& file) const {
    std::error_code missing;
    if (std::filesystem::file_size(file, missing) == 0 || missing) return false;
    return std::string_view(kind_) != "svg" || read_text_file(file).find("</svg>") != std::string::npos;
  }

  bool run(const std::filesystem::path& directory, const std::string& script, std::string& problem) {
    write(directory / "figures.gp", script);
    const ProgramResult result = run_program({program_, "-d", "figures.gp"}, directory, patience);
    if (!result.found)
      problem =
          "The figures are missing, because gnuplot is not installed: install the Debian package gnuplot-nox "
          "(apt install gnuplot-nox), "
          "then run hebbforge report.";
    else if (result.exit_status != 0)
      problem = result.output;
    return result.found;
  }

  std::string program_;
  const std::vector<Figure>& figures_;
  const char* kind_;
};

}  // namespace

std::string svg_for_page(std::string svg, const std::string& name, const std::string& caption) {
  if (const auto begin = svg.find("<svg"); begin != svg.npos) svg.erase(0, begin);
  remove_all(svg, "<title>", "</title>");
  remove_all(svg, "<desc>", "</desc>");
  remove_all(svg, "<filter ", "</filter>");
  // Black is the colour of the page's text: on a dark page it is light.
  replace(svg, " color=\"black\"", "");
  replace(svg, " color='black'", "");
  for (const char* black : {"'black'", "\"black\"", "'rgb(  0,   0,   0)'", "\"rgb(  0,   0,   0)\""})
    replace(svg, black, "\"currentColor\"");
  replace(svg, "<image ", "<image style=\"image-rendering:pixelated\" ");
  for (const char* id : {"gpDot", "gpPt", "gnuplot_canvas", "gnuplot_plot"})
    replace(svg, id, name + "_" + id);
  const std::string label = escaped(caption);
  const auto end = svg.find('>');
  if (svg.starts_with("<svg") && end != svg.npos) svg.insert(4, " role=\"img\" aria-label=\"" + label + "\"");
  return svg;
}

Drawings draw(const std::vector<Figure>& figures, bool png, const std::string& gnuplot) {
  Drawings drawings;
  if (figures.empty()) return drawings;
  drawings.svg = Gnuplot(gnuplot, figures, "svg").draw(drawings.problem);
  for (const Figure& f : figures) {
    if (const auto at = drawings.svg.find(f.name); at != drawings.svg.end())
      at->second = svg_for_page(std::move(at->second), f.name, f.caption);
  }
  if (png && !drawings.svg.empty()) drawings.png = Gnuplot(gnuplot, figures, "png").draw(drawings.problem);
  return drawings;
}

}  // namespace hebbforge::report
