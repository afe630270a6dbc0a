// What a run directory holds for a report; also while the run goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/document.hpp"
#include "report/recorded_life.hpp"
#include "report/stage_data.hpp"
#include "stages/search_record.hpp"

namespace hebbforge::report {

struct RunData {
  std::filesystem::path directory;
  std::string name;                   ///< what tells it from others: the last part of its directory
  std::string title;                  ///< of its pipeline
  Node pipeline;                      ///< resolved
  Node rule;                          ///< rule.toml; an empty table: none was picked yet
  bool finished = false;              ///< its search, if it has one, and all stages
  std::string machine, began, ended;  ///< from its log; "": unknown
  double seconds = -1;                ///< taken so far; -1: unknown

  bool has_record = false;  ///< false: no generation has ended yet
  SearchRecord record;
  std::vector<bool> log_scale;               ///< of the parameters
  std::map<std::string, std::string> units;  ///< of parameters, by path; where it is not there: "1"

  std::vector<StageData> stages;  ///< all of its pipeline, in order

  std::optional<RecordedLife> life;
  std::string why_no_life;

  const Selection* picked() const;
  bool searches() const;  ///< false: its pipeline has stages alone
  std::string text(
      const std::vector<std::string>& keys) const;  ///< of the pipeline, {"search", "budget"}; "" if missing
  double number(const std::vector<std::string>& keys) const;  ///< 0 if missing
  /// Of evaluation e, in its own unit.
  double parameter(std::size_t e, std::size_t index) const;
  std::string unit(std::size_t parameter) const;
};

/// Reads checkpoint or results, pipeline, rule, log; no plugin is needed.
/// \throws ConfigError if it is no run directory, or damaged
HEBBFORGE_API RunData read_run_data(const std::filesystem::path& directory);

/// The pipeline of a run with a picked rule, everything that was searched as picked.
/// \throws Error if it cannot be loaded here: a plugin is missing
HEBBFORGE_API Pipeline picked_pipeline(Registry& registry, const RunData& run);

/// A life in a group ("example/", "" for the root) of a file: w0, w_final and the rates of its last trial.
/// Nothing where there is none of a whole trial, or where it does not fit the pipeline.
std::optional<RecordedLife> kept_life(const Hdf5Reader& in, const std::string& group, const Node& pipeline);

/// The activity that results.h5 keeps: of the last trial. Nothing where there is none.
HEBBFORGE_API std::optional<RecordedLife> example_life(const RunData& run);

}  // namespace hebbforge::report
