// What the stages of a run have left in their folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/document.hpp"
#include "report/recorded_life.hpp"
#include "stages/variants.hpp"

namespace hebbforge::report {

/// A search within a stage: a row of refit.csv or forward_selection.csv.
struct TermSearch {
  std::size_t terms = 0;
  std::vector<std::string> coefficients;  ///< paths, the highest ranked or first chosen one first
  std::int64_t evaluations = 0;
  bool healthy = false;  ///< it picked a rule; else what follows is not known
  double search_sum = 0, select = 0, report = 0, low = 0, high = 0;
  std::size_t failed = 0;
  std::string directory;                                        ///< within the stage's folder
  std::vector<std::pair<std::string, std::string>> formulas{};  ///< pathway, LaTeX
};

/// A file of recorded lives; of several the first.
struct LifeFile {
  std::string name;
  std::size_t lives = 1;
  RecordedLife life;
};

struct StageData {
  std::string name, kind;
  Node table;  ///< of the pipeline
  bool finished = false;
  std::vector<Variant> variants;
  std::vector<TermSearch> searches;
  std::vector<LifeFile> files;
};

/// All stages of a pipeline; those that have not begun are empty. \throws Error if a file is damaged
std::vector<StageData> read_stage_data(const std::filesystem::path& run, const Node& pipeline);

}  // namespace hebbforge::report
