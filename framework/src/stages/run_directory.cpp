#include "stages/run_directory.hpp"

#include <hebbforge/error.hpp>

#include "host/log_file.hpp"

namespace hebbforge {

bool begin_run_directory(const RunOptions& options) {
  const bool there = std::filesystem::exists(options.directory);
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
