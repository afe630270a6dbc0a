// What a search found, for people to read.
#include <cmath>
#include <cstdio>
#include <hebbforge/host/run.hpp>

namespace hebbforge {
namespace {

std::string number(double value) {
  char text[32];
  if (std::isinf(value)) return "failed";
  std::snprintf(text, sizeof text, std::abs(value) < 1e5 ? "%.1f" : "%.3g", value);
  return text;
}

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

std::string median_column(const SetSummary& s) {
  if (s.networks == 0) return "-";
  return number(s.median) + " [" + number(s.low) + ", " + number(s.high) + "]";
}

}  // namespace

std::string summary_text(const RunSummary& summary) {
  std::string text;
  char line[256];
  if (summary.picked_evaluation < 0) {
    text += "no healthy rule was found in " + std::to_string(summary.evaluations) + " evaluations\n";
  } else {
    std::snprintf(line, sizeof line, "picked rule: evaluation %lld of %lld\n",
                  static_cast<long long>(summary.picked_evaluation),
                  static_cast<long long>(summary.evaluations));
    text += line;
    for (const std::string& formula : summary.formulas) text += "  " + formula + "\n";
  }
  if (!summary.rules.empty()) {
    const RuleSummary& first = summary.rules.front();
    const bool report = first.report.networks > 0;
    text += "\nloss per network: median [95 % bootstrap interval]; smaller is better\n";
    text += padded("", 24) + padded("search sum", 12) +
            padded("search (" + std::to_string(first.search.networks) + ")", 26) +
            padded("select (" + std::to_string(first.select.networks) + ")", 26);
    if (report) text += padded("report (" + std::to_string(first.report.networks) + ")", 26);
    for (const std::string& m : summary.measure_names) text += padded(m, 9);
    text += padded("failed", 8) + "\n";
    for (const RuleSummary& r : summary.rules) {
      const SetSummary& best = report ? r.report : r.select;
      text += r.name + (r.name.size() < 24 ? std::string(24 - r.name.size(), ' ') : " ") +
              padded(number(r.search.sum), 12) + padded(median_column(r.search), 26) +
              padded(median_column(r.select), 26);
      if (report) text += padded(median_column(r.report), 26);
      for (const double m : best.measures) {
        std::snprintf(line, sizeof line, "%.4f", m);
        text += padded(line, 9);
      }
      text += padded(std::to_string(best.failed) + "/" + std::to_string(best.networks), 8) + "\n";
    }
    text += std::string("(last columns: median over healthy ") + (report ? "report" : "select") +
            " networks, and lives that failed)\n";
  }
  if (!summary.stiff.empty()) {
    text +=
        "\nsearch distribution at the end: spread, in initial steps, along its stiffest and sloppiest "
        "directions\n";
    for (const std::string& d : summary.stiff) text += "  stiff   " + d + "\n";
    for (const std::string& d : summary.sloppy) text += "  sloppy  " + d + "\n";
  }
  std::snprintf(line, sizeof line, "\n%lld evaluations, %lld lives, %.0f s; ended by %s\n",
                static_cast<long long>(summary.evaluations), static_cast<long long>(summary.lives),
                summary.seconds, summary.interrupted ? "an interrupt" : summary.stop_reason.c_str());
  text += line;
  for (const auto& file : summary.files) text += "  " + file.string() + "\n";
  return text;
}

}  // namespace hebbforge
