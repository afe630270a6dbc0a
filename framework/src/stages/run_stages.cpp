// What a pipeline does after its search, stage by stage.
#include <algorithm>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/log.hpp>
#include <set>
#include <vector>

#include "engine/instruction_set.hpp"
#include "host/hdf5_file.hpp"
#include "host/log_file.hpp"
#include "host/machine.hpp"
#include "host/resolved.hpp"
#include "host/whole_file.hpp"
#include "stages/csv.hpp"
#include "stages/dropout.hpp"
#include "stages/refit.hpp"
#include "stages/run_directory.hpp"
#include "stages/running_mark.hpp"
#include "stages/variants.hpp"

namespace hebbforge {
namespace {

StageSummary scored(const StageContext& context, std::vector<Variant> variants) {
  StageSummary summary{context.spec.name, "", false, {}};
  summary.interrupted = !score(context, variants);
  if (summary.interrupted) return summary;
  summary.text = write_tables(context, variants);
  for (const char* name : {"summary.csv", "comparisons.csv", "lives.csv", "results.h5"}) {
    if (std::filesystem::exists(context.folder / name)) summary.files.push_back(context.folder / name);
  }
  if (context.spec.kind == StageSpec::Kind::dropout) {
    summary.text += "\n" + write_ranking(context, ranking_of(variants, HUGE_VAL));
    summary.files.push_back(context.folder / "ranking.csv");
  }
  return summary;
}

// "lives.h5"; of several variants "RULE_INSTANCE_CONDITION.h5", with a number where two would be called the
// same.
std::string file_name(const StageContext& context, const Variant& v, std::set<std::string>& taken) {
  if (context.spec.variants.size() == 1) return "lives.h5";
  std::string name;
  for (const std::string& part : {v.rule, v.instance, v.condition}) {
    if (!part.empty()) name += (name.empty() ? "" : "_") + part;
  }
  for (char& c : name) {
    if (c == '/') c = '_';
  }
  std::string unique = name;
  for (int k = 2; !taken.insert(unique).second; ++k) unique = name + "_" + std::to_string(k);
  return unique + ".h5";
}

struct RecordedFile {
  std::filesystem::path path;
  std::string made_from;
};

// Lives of rules or conditions that the stage does not have, or no longer as they were, leave its page.
void set_aside_other_lives(const StageContext& context, const std::vector<RecordedFile>& own) {
  std::vector<std::filesystem::path> others;
  for (const auto& entry : std::filesystem::directory_iterator(context.folder)) {
    if (entry.path().extension() != ".h5") continue;
    const auto found = std::ranges::find(own, entry.path(), &RecordedFile::path);
    const Hdf5Reader in(entry.path());
    if (found == own.end() || !in.has("made_from") || in.text("made_from") != found->made_from)
      others.push_back(entry.path());
  }
  for (const auto& file : others) std::filesystem::rename(file, free_name(file, ".before"));
}

StageSummary recorded(const StageContext& context) {
  StageSummary summary{context.spec.name, "", false, {}};
  std::set<std::string> taken;
  std::string table = "file,rule,instance,condition\n";
  std::vector<Variant> variants = variants_of(context);
  std::vector<RecordedFile> files;
  for (const Variant& v : variants)
    files.push_back({context.folder / file_name(context, v, taken), identity_of(context, v)});
  set_aside_other_lives(context, files);
  for (std::size_t k = 0; k < variants.size(); ++k) {
    Variant& v = variants[k];
    SimulateOptions options;
    options.out = files[k].path;
    options.networks = context.spec.networks;
    options.set = context.spec.network_set;
    options.made_from = files[k].made_from;
    options.reference_kernel = context.options.reference_kernel;
    options.stop = context.options.stop;
    v.pipeline.stages.clear();
    v.pipeline.resolved = resolved_text(v.pipeline);  // before the number of jobs is known
    v.pipeline.executor = context.pipeline.executor;
    summary.files.push_back(options.out);
    table += csv_field(options.out.filename().string()) + "," + csv_field(v.rule) + "," +
             csv_field(v.instance) + "," + csv_field(v.condition) + "\n";
    if (std::filesystem::exists(options.out)) {
      summary.text += options.out.filename().string() + ": is there\n";
      continue;
    }
    withdraw_tables(context.folder);
    try {
      const LivesOverview all = overview_of(simulate(v.pipeline, options));
      char line[200];
      std::snprintf(line, sizeof line, ": %zu healthy lives, %zu failed, median loss %.4g\n", all.healthy,
                    all.failed, all.loss);
      summary.text += options.out.filename().string() + line;
    } catch (const Interrupted&) {
      summary.interrupted = true;
      return summary;
    }
  }
  write_text_file(context.folder / "summary.csv", table);
  return summary;
}

std::vector<StageSummary> run_all(const Pipeline& pipeline, const RunSummary* search,
                                  const RunOptions& options) {
  std::vector<StageSummary> summaries;
  std::optional<RunningMark> running;
  if (search) {
    running.emplace(options.directory);
  } else {
    if (std::filesystem::exists(options.directory / "checkpoint.h5"))
      throw ConfigError("'" + options.directory.string() +
                        "' holds a search, but this pipeline has none: choose another directory with --out");
    begin_run_directory(options, running);
    log_info("machine: " + machine_text());
    engine::log_instruction_set();
    write_text_file(options.directory / "pipeline.toml", pipeline.resolved);
  }
  const auto executor = pipeline.executor.plugin->create<Executor>(pipeline.executor.config);
  Evaluator evaluator(*executor, options.stop, options.reference_kernel);
  for (const StageSpec& spec : pipeline.stages) {
    const StageContext context{spec, pipeline, search, options, evaluator, options.directory / spec.name};
    std::error_code error;
    std::filesystem::create_directories(context.folder, error);
    if (error)
      throw SimulationError("cannot make the folder '" + context.folder.string() + "': " + error.message());
    switch (spec.kind) {
      case StageSpec::Kind::simulate:
        summaries.push_back(recorded(context));
        break;
      case StageSpec::Kind::dropout:
        summaries.push_back(scored(context, dropout_variants(context)));
        break;
      case StageSpec::Kind::sweep:
      case StageSpec::Kind::compare:
        summaries.push_back(scored(context, variants_of(context)));
        break;
      case StageSpec::Kind::rank_and_refit:
        summaries.push_back(rank_and_refit(context));
        break;
      case StageSpec::Kind::forward_selection:
        summaries.push_back(forward_selection(context));
        break;
    }
    log_to_file(options.directory / "log.txt");
    if (summaries.back().interrupted) break;
  }
  return summaries;
}

}  // namespace

std::vector<StageSummary> run_stages(const Pipeline& pipeline, const RunSummary* search,
                                     const RunOptions& options) {
  try {
    return run_all(pipeline, search, options);
  } catch (const WriteError& error) {
    throw SimulationError(error.problem() + "; what the stages have written before is whole: " +
                          error.remedy() + " and go on with --resume");
  }
}

}  // namespace hebbforge
