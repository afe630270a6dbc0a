#include "stages/run_directory.hpp"

#include <hebbforge/error.hpp>

#include "host/log_file.hpp"
#include "stages/running_mark.hpp"

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

std::filesystem::path free_name(const std::filesystem::path& path, const std::string& suffix) {
  std::filesystem::path name = path;
  name += suffix;
  for (int k = 2; std::filesystem::exists(name); ++k) name = path.string() + suffix + std::to_string(k);
  return name;
}

bool begin_run_directory(const RunOptions& options) {
  const bool there = std::filesystem::exists(options.directory);
  if (const auto process = there ? running_process(options.directory) : std::nullopt) {
    throw ConfigError("process " + std::to_string(*process) + " is running in '" +
                      options.directory.string() +
                      "': wait for it, stop it, or choose another directory with --out");
  }
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
  log_to_file(options.directory / "log.txt");
  return there;
}

}  // namespace hebbforge
