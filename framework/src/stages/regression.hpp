// Suites of pipelines whose results are compared with stored ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <hebbforge/host/run.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hebbforge {

/// What a quantity is allowed to differ from its baseline.
struct Allowance {
  enum class Kind {
    exact,       ///< not at all
    relative,    ///< |now - baseline| <= tolerance * |baseline|, for each seed
    absolute,    ///< |now - baseline| <= tolerance, for each seed
    statistical  ///< the means over seeds differ by no more than chance: Welch's t test (Welch 1947)
  };
  Kind kind = Kind::exact;
  double tolerance = 0;
};

struct RegressionCase {
  std::string name;
  std::filesystem::path pipeline;
  std::vector<std::string> overrides;  ///< as --set
  std::string rule;                    ///< as --rule; lives only
  bool search = false;                 ///< the whole run, else lives
  std::int64_t networks = 1;           ///< lives
  std::int64_t seeds = 1;              ///< repetitions with the pipeline's seed and those after it
  std::vector<std::pair<std::string, Allowance>> checks;  ///< in the order of the suite
};

struct RegressionSuite {
  std::filesystem::path file, baseline_file;  ///< SUITE.toml and SUITE.baseline.toml
  double false_alarms = 0.001;  ///< chance that any statistical check fails though nothing changed
  std::vector<RegressionCase> cases;
};

/// Quantities of one repetition by name: "loss", "failed", "survived" and measures of lives; of a run
/// "evaluations", "search", "select", "report", report measures, and the picked rule's parameters.
using Quantities = std::map<std::string, double>;

/// What a case gave: a value per seed and quantity, and by which plugins.
struct CaseResult {
  std::map<std::string, std::vector<double>> values;
  std::map<std::string, std::string> plugins;  ///< digests
  std::string error;                           ///< not empty: it could not be run
};

struct Verdict {
  std::string case_name, quantity;
  std::optional<double> baseline, now;  ///< means over seeds
  std::string drift, allowed;           ///< for people
  std::string failure;                  ///< empty: good
};

/// \throws ConfigError with every mistake
HEBBFORGE_API RegressionSuite read_suite(const std::filesystem::path& file);

/// \throws SimulationError; Interrupted
HEBBFORGE_API Quantities quantities_of_lives(const Pipeline& pipeline, std::int64_t networks,
                                             const std::atomic<bool>* stop);
/// \param scratch  a directory that does not exist; left behind
HEBBFORGE_API Quantities quantities_of_run(const Pipeline& pipeline, const std::filesystem::path& scratch,
                                           const std::atomic<bool>* stop);
/// SHA-1 by the names of the pipeline's plugins.
HEBBFORGE_API std::map<std::string, std::string> plugin_digests(const Pipeline& pipeline);

/// By case name. Without a file: none. \throws ConfigError
HEBBFORGE_API std::map<std::string, CaseResult> read_baseline(const std::filesystem::path& file);
HEBBFORGE_API std::string baseline_text(const RegressionSuite& suite,
                                        const std::map<std::string, CaseResult>& results);

/// One verdict per check, in the order of the suite.
HEBBFORGE_API std::vector<Verdict> compare(const RegressionSuite& suite,
                                           const std::map<std::string, CaseResult>& baseline,
                                           const std::map<std::string, CaseResult>& now);

/// JUnit's XML: a test case per verdict.
HEBBFORGE_API std::string junit_text(const RegressionSuite& suite, const std::vector<Verdict>& verdicts);

}  // namespace hebbforge
