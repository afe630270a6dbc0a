// Runs the stages of a pipeline.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <vector>

namespace hebbforge {

/// Where a search stands.
struct SearchProgress {
  std::uint64_t generation = 0;  ///< finished
  std::int64_t evaluations = 0;
  double best_loss = 0;      ///< sum over the search networks
  double picked_value = 0;   ///< of the picked rule, over the select networks
  double seconds = 0;        ///< of this process and those before it
  double seconds_left = -1;  ///< estimated; -1: unknown
};

/// Told about a run while it goes on, from the thread that called run_search().
class HEBBFORGE_API RunObserver {
 public:
  virtual ~RunObserver();
  virtual void progress(const SearchProgress&) {}
  virtual void message(const std::string&) {}
};

struct RunOptions {
  std::filesystem::path directory;  ///< made; must not exist unless `resume`
  bool resume = false;              ///< go on from its checkpoint; without one, start
  bool reference_kernel = false;
  const std::atomic<bool>* stop = nullptr;  ///< set: the running generation is dropped, a checkpoint kept
  RunObserver* observer = nullptr;
};

/// Losses of one rule on one set of networks.
struct SetSummary {
  std::size_t networks = 0, failed = 0;
  double sum = 0, median = 0, low = 0, high = 0;  ///< of the loss per network; low, high: 95 % bootstrap
  std::vector<double> measures;                   ///< medians over healthy lives
};

struct RuleSummary {
  std::string name;
  SetSummary search, select, report;
};

/// What a search found.
struct RunSummary {
  bool interrupted = false;
  std::string stop_reason;  ///< "evaluations", "tolfun", …
  std::int64_t evaluations = 0, lives = 0, picked_evaluation = -1;
  double seconds = 0;
  std::vector<std::string> formulas;  ///< one per pathway that learns: "EE: dw/dt = …"
  std::vector<std::string> parameter_names, parameter_units;
  std::vector<double> parameters;  ///< of the picked rule, in their units
  std::vector<double> candidate;   ///< the same as the optimizer proposed it: log scales as logarithms
  std::vector<std::string> stiff, sloppy;  ///< directions of the final distribution, most extreme first
  std::vector<std::string> measure_names;
  std::vector<RuleSummary> rules;  ///< the picked one first
  std::vector<std::filesystem::path> files;
};

/// Runs the search of a pipeline into a run directory.
/// \throws ConfigError if the directory exists, or belongs to another pipeline; SimulationError
HEBBFORGE_API RunSummary run_search(const Pipeline& pipeline, const RunOptions& options);

/// What a stage found.
struct StageSummary {
  std::string name, text;  ///< text: its table, to be read
  bool interrupted = false;
  std::vector<std::filesystem::path> files;
};

/// Runs the stages of a pipeline after its search, each into its own folder of the run directory. A stage
/// whose results are there, made from the same inputs, is not run again.
/// \param search  what the pipeline's search found; null: it has none
/// \returns one summary per stage; the last one says whether it was interrupted
/// \throws ConfigError, SimulationError
HEBBFORGE_API std::vector<StageSummary> run_stages(const Pipeline& pipeline, const RunSummary* search,
                                                   const RunOptions& options);

/// A table of the rules' losses, and where the files are.
HEBBFORGE_API std::string summary_text(const RunSummary& summary);

/// Runs lives and writes their results with the names of docs/results.md.
struct SimulateOptions {
  std::filesystem::path out;
  std::int64_t networks = 1, first = 0;
  std::string set = "search";  ///< "search", "select" or "report"
  std::string made_from;       ///< written beside the lives, for whoever has to know; "": nothing
  bool reference_kernel = false;
  const std::atomic<bool>* stop = nullptr;
};
struct LifeSummary {
  std::int64_t network = 0;
  std::string end;  ///< "healthy", or why it failed
  std::int64_t trials_survived = 0;
  double loss = 0;  ///< sum of the weighted parts; infinite if it failed
  std::vector<double> measures;
};
struct SimulateSummary {
  std::vector<std::string> measure_names;
  std::vector<LifeSummary> lives;
};
/// Lives taken together: medians over the healthy ones.
struct LivesOverview {
  std::size_t healthy = 0, failed = 0;
  std::int64_t trials_survived = 0;  ///< of all lives, summed
  double loss = 0;                   ///< NaN if none was healthy
  std::vector<double> measures;
};
HEBBFORGE_API LivesOverview overview_of(const SimulateSummary& summary);

/// \throws SimulationError
HEBBFORGE_API SimulateSummary simulate(const Pipeline& pipeline, const SimulateOptions& options);

}  // namespace hebbforge
