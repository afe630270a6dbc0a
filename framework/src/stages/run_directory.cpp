#include "stages/run_directory.hpp"

#include <hebbforge/error.hpp>

#include "host/log_file.hpp"

namespace hebbforge {

void require_run_directory(const std::filesystem::path& directory) {
  if (std::filesystem::is_regular_file(directory / "pipeline.toml")) return;
  throw ConfigError("'" + directory.string() +
                    "' is no run directory: it has no pipeline.toml; expected what `hebbforge run --out` "
                    "made (with --seeds: its folders seed_N)");
}

bool is_stage_done(const std::filesystem::path& folder) {
  for (const char* name : {"summary.csv", "refit.csv", "forward_selection.csv"}) {
    if (std::filesystem::exists(folder / name)) return true;
  }
  return false;
}

void withdraw_tables(const std::filesystem::path& folder) {
  for (const char* name :
       {"summary.csv", "comparisons.csv", "lives.csv", "ranking.csv", "refit.csv", "forward_selection.csv"}) {
    std::error_code missing;
    std::filesystem::remove(folder / name, missing);
  }
}

std::filesystem::path free_name(const std::filesystem::path& path, const std::string& suffix) {
  std::filesystem::path name = path;
  name += suffix;
  for (int k = 2; std::filesystem::exists(name); ++k) name = path.string() + suffix + std::to_string(k);
  return name;
}

bool begin_run_directory(const RunOptions& options, std::optional<RunningMark>& running) {
  const bool there = std::filesystem::exists(options.directory);
  if (there) require_not_running(options.directory);
  if (there && !options.resume) {
    throw ConfigError("the run directory '" + options.directory.string() +
                      "' exists; choose another with --out, or go on with --resume");
  }
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) {
    throw SimulationError("cannot make the run directory '" + options.directory.string() +
                          "': " + error.message());
  }
  running.emplace(options.directory);
  log_to_file(options.directory / "log.txt");
  return there;
}

}  // namespace hebbforge
