#include "stages/refit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <optional>

#include "host/document.hpp"
#include "host/hdf5_file.hpp"
#include "host/resolved.hpp"
#include "host/settable.hpp"
#include "host/whole_file.hpp"
#include "stages/dropout.hpp"
#include "stages/run_directory.hpp"

namespace hebbforge {
namespace {

// Coefficient by coefficient, the mean over the instances of a family. \param dropouts  of a ranking:
// instances that it leaves out for their full rule's loss are left out here too
Pipeline start_pipeline(const StageContext& context, const std::vector<Variant>& dropouts) {
  auto variants = variants_of(context);
  std::erase_if(variants, [&](const Variant& v) {
    return std::ranges::any_of(dropouts, [&](const Variant& d) {
      return d.condition == "full" && d.rule == v.rule && d.instance == v.instance &&
             !(median(d.scores.losses(0)) < context.spec.keep_below);
    });
  });
  if (variants.empty())
    throw SimulationError("the stage '" + context.spec.name +
                          "' has no rule to start from: none has a median loss below keep_below");
  Pipeline start = variants.front().pipeline;
  for (std::size_t p = 0; p < start.pathways.size(); ++p) {
    if (!start.pathways[p].rule) continue;
    const std::vector<double>& values = start.pathways[p].rule->values;
    for (std::size_t k = 0; k < values.size(); ++k) {
      double sum = 0;
      for (const Variant& v : variants) {
        const auto& rule = v.pipeline.pathways[p].rule;
        if (!rule || rule->values.size() != values.size())
          throw ConfigError("the stage '" + context.spec.name +
                            "' starts from the mean of rules with different terms");
        sum += rule->values[k];
      }
      set_value(start, {ParameterTarget::Part::rule, p, k, ""}, sum / static_cast<double>(variants.size()));
    }
  }
  for (const ParameterTarget& target : start.found) {
    double sum = 0;
    for (const Variant& v : variants) {
      if (std::ranges::find(v.pipeline.found, target) == v.pipeline.found.end())
        throw ConfigError("the stage '" + context.spec.name +
                          "' starts from the mean of rules that were learned with different values");
      sum += value_of(v.pipeline, target);
    }
    set_value(start, target, sum / static_cast<double>(variants.size()));
  }
  // Another run's rule is searched on this pipeline's networks.
  start.networks = context.pipeline.networks;
  start.seeds = context.pipeline.seeds;
  return start;
}

// `start` with the coefficients `active` and their time constants free, and every other free coefficient 0.
Pipeline restricted(const StageContext& context, Pipeline start, const std::vector<std::string>& active) {
  const std::vector<FreeParameter>& before = context.spec.search->free;
  start.search = context.spec.search;
  start.stages.clear();
  SearchSpec& search = *start.search;
  search.free.clear();
  search.references.clear();
  search.start_from.clear();
  const auto is_free = [&](std::size_t pathway, std::size_t index) -> const FreeParameter* {
    const ParameterTarget target{ParameterTarget::Part::rule, pathway, index, ""};
    for (const FreeParameter& f : before) {
      if (f.target == target || std::ranges::find(f.followers, target) != f.followers.end()) return &f;
    }
    return nullptr;
  };
  const auto add = [&](const FreeParameter& f, double start_value, bool keep_sign) {
    if (std::ranges::find(search.free, f.path, &FreeParameter::path) != search.free.end()) return;
    FreeParameter restricted = f;
    restricted.start = std::clamp(start_value, f.lower, f.upper);
    if (keep_sign && start_value > 0) restricted.lower = std::max(0.0, f.lower);
    if (keep_sign && start_value < 0) restricted.upper = std::min(0.0, f.upper);
    search.free.push_back(std::move(restricted));
  };
  const auto all = coefficients_of(start);
  for (const std::string& path : active) {
    const auto c = std::ranges::find(all, path, &Coefficient::path);
    const FreeParameter* f = c == all.end() ? nullptr : is_free(c->pathway, c->index);
    if (!f)
      throw ConfigError("the stage '" + context.spec.name + "': '" + path +
                        "' is no free coefficient of this pipeline's search");
    add(*f, start.pathways[c->pathway].rule->values[c->index], context.spec.keep_signs);
  }
  for (const Coefficient& c : all) {
    const std::vector<double>& values = start.pathways[c.pathway].rule->values;
    if (std::ranges::find(active, c.path) == active.end()) {
      if (is_free(c.pathway, c.index))
        set_value(start, {ParameterTarget::Part::rule, c.pathway, c.index, ""}, 0);
      continue;
    }
    for (const std::size_t tau : c.time_constants) {
      if (const FreeParameter* f = is_free(c.pathway, tau)) add(*f, values[tau], false);
    }
  }
  start.resolved = resolved_text(start);  // before the number of jobs is known
  start.executor = context.pipeline.executor;
  return start;
}

// One search in a directory of its own. What was made from other inputs is set aside.
RunSummary search_in(const StageContext& context, const Pipeline& pipeline,
                     const std::filesystem::path& directory) {
  const auto checkpoint = directory / "checkpoint.h5";
  if (std::filesystem::exists(checkpoint) &&
      Hdf5Reader(checkpoint).text("pipeline") != identity_text(pipeline)) {
    const auto aside = free_name(directory, ".before");
    std::filesystem::rename(directory, aside);
    context.message("'" + directory.string() + "' was made from another rule or pipeline; it is now '" +
                    aside.filename().string() + "'");
  }
  RunOptions options = context.options;
  options.directory = directory;
  options.resume = std::filesystem::exists(directory);
  if (!std::filesystem::exists(directory / "results.h5")) withdraw_tables(context.folder);
  return run_search(pipeline, options);
}

// A coefficient's path as a folder: without characters that shells expand.
std::string folder_name(std::string path) {
  std::ranges::replace(path, '*', '_');
  return path;
}

const char* const csv_header =
    "terms,coefficients,evaluations,search_sum,select_median,report_median,report_low,report_high,report_"
    "failed,"
    "directory\n";

std::string csv_row(std::size_t terms, const std::vector<std::string>& active, const RunSummary& run,
                    const std::filesystem::path& directory) {
  std::string names;
  for (const std::string& path : active) names += (names.empty() ? "" : " ") + path;
  std::string row = std::to_string(terms) + "," + names + "," + std::to_string(run.evaluations) + ",";
  if (run.picked_evaluation < 0) return row + ",,,,,," + directory.filename().string() + "\n";
  const RuleSummary& rule = run.rules.front();
  for (const double v :
       {rule.search.sum, rule.select.median, rule.report.median, rule.report.low, rule.report.high})
    row += toml_real(v) + ",";
  return row + std::to_string(rule.report.failed) + "," + directory.filename().string() + "\n";
}

std::string text_row(std::size_t terms, const std::string& what, const RunSummary& run) {
  char line[320];
  if (run.picked_evaluation < 0) {
    std::snprintf(line, sizeof line, "%5zu  %-40s no healthy rule in %lld evaluations\n", terms, what.c_str(),
                  static_cast<long long>(run.evaluations));
    return line;
  }
  const RuleSummary& rule = run.rules.front();
  std::snprintf(line, sizeof line, "%5zu  %-40s %10.4g %10.4g %10.4g [%.4g, %.4g]  %zu/%zu\n", terms,
                what.c_str(), rule.search.sum, rule.select.median, rule.report.median, rule.report.low,
                rule.report.high, rule.report.failed, rule.report.networks);
  std::string text = line;
  for (const std::string& formula : run.formulas) text += "         " + formula + "\n";
  return text;
}

const char* const text_header =
    "terms  added                                    search sum     select     report median [95 %]  "
    "failed\n";

}  // namespace

StageSummary rank_and_refit(const StageContext& context) {
  StageSummary summary{context.spec.name, text_header, false, {}};
  std::vector<Variant> dropouts;
  for (const std::string& name : context.spec.rankings) {
    const auto own = context.options.directory / name / "results.h5";
    const bool here =
        std::ranges::any_of(context.pipeline.stages, [&](const StageSpec& s) { return s.name == name; });
    for (Variant& v : read_variants(here ? own : std::filesystem::path(name) / "results.h5"))
      dropouts.push_back(std::move(v));
  }
  const auto ranking = ranking_of(dropouts, context.spec.keep_below);
  if (ranking.empty())
    throw SimulationError("the stage '" + context.spec.name +
                          "' has nothing to rank: no instance's full rule has a "
                          "median loss below keep_below");
  const Pipeline start = start_pipeline(context, dropouts);
  std::string csv = csv_header;
  for (const std::int64_t wanted : context.spec.terms) {
    const std::size_t terms = std::min<std::size_t>(static_cast<std::size_t>(wanted), ranking.size());
    std::vector<std::string> active;
    for (std::size_t k = 0; k < terms; ++k) active.push_back(ranking[k].path);
    const auto directory = context.folder / ("terms_" + std::to_string(terms));
    context.message("stage " + context.spec.name + ": the " + std::to_string(terms) + " highest ranked");
    const RunSummary run = search_in(context, restricted(context, start, active), directory);
    summary.interrupted = run.interrupted;
    if (run.interrupted) return summary;
    csv += csv_row(terms, active, run, directory);
    summary.text += text_row(terms, active.back(), run);
  }
  write_text_file(context.folder / "refit.csv", csv);
  summary.files = {context.folder / "refit.csv"};
  return summary;
}

StageSummary forward_selection(const StageContext& context) {
  StageSummary summary{context.spec.name, text_header, false, {}};
  Pipeline start = start_pipeline(context, {});
  std::vector<std::string> chosen;
  std::string csv = csv_header;
  const auto coefficients = coefficients_of(start);
  // Nothing is chosen yet: all free coefficients begin at 0.
  start = restricted(context, start, {});
  const auto steps = static_cast<std::size_t>(context.spec.terms.front());
  for (std::size_t step = 1; step <= steps && chosen.size() < coefficients.size(); ++step) {
    struct Found {
      std::string path;
      std::filesystem::path directory;
      Pipeline pipeline;
      RunSummary run;
    };
    std::optional<Found> best;
    bool tried = false;
    for (const Coefficient& c : coefficients) {
      const bool is_free = std::ranges::find(context.spec.search->free, c.path, &FreeParameter::path) !=
                           context.spec.search->free.end();
      if (!is_free || std::ranges::find(chosen, c.path) != chosen.end()) continue;
      tried = true;
      auto active = chosen;
      active.push_back(c.path);
      Found now{c.path,
                context.folder / ("step_" + std::to_string(step)) / folder_name(c.path),
                restricted(context, start, active),
                {}};
      now.pipeline.networks.report = 0;
      context.message("stage " + context.spec.name + ": step " + std::to_string(step) + ", with " + c.path);
      now.run = search_in(context, now.pipeline, now.directory);
      summary.interrupted = now.run.interrupted;
      if (now.run.interrupted) return summary;
      if (now.run.picked_evaluation < 0) continue;
      if (!best || now.run.rules.front().select.median < best->run.rules.front().select.median)
        best = std::move(now);
    }
    if (!tried) break;  // every free coefficient is chosen
    if (!best) {
      summary.text += "no term that could be added gives a healthy rule\n";
      break;
    }
    // Only what was chosen is looked at in the report networks.
    best->pipeline.networks.report = context.pipeline.networks.report;
    best->run = search_in(context, best->pipeline, best->directory);
    summary.interrupted = best->run.interrupted;
    if (best->run.interrupted) return summary;
    chosen.push_back(best->path);
    csv += csv_row(step, chosen, best->run, best->directory);
    summary.text += text_row(step, best->path, best->run);
    start = with_candidate(
        best->pipeline, {best->run.candidate.data(), static_cast<Eigen::Index>(best->run.candidate.size())});
  }
  write_text_file(context.folder / "forward_selection.csv", csv);
  summary.files = {context.folder / "forward_selection.csv"};
  return summary;
}

}  // namespace hebbforge
