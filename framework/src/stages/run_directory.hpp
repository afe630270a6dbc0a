// The directory that a run writes to.
#pragma once

#include <hebbforge/host/run.hpp>
#include <optional>

#include "stages/running_mark.hpp"

namespace hebbforge {

/// Makes it, takes hold of it, and lets log messages go to its log.txt.
/// \returns whether it was there
/// \throws ConfigError if it was and the run is not resumed, or another process works on it; SimulationError
/// if it cannot be made
bool begin_run_directory(const RunOptions& options, std::optional<RunningMark>& running);

/// \throws ConfigError saying what was expected, if `directory` is none
void require_run_directory(const std::filesystem::path& directory);

/// Whether a stage has written its last table into its folder.
bool is_stage_done(const std::filesystem::path& folder);

/// Removes a stage's tables, which are of lives or rules that it is about to replace.
void withdraw_tables(const std::filesystem::path& folder);

/// A name for what is set aside: `path` with `suffix`, and a number if that is taken.
std::filesystem::path free_name(const std::filesystem::path& path, const std::string& suffix);

}  // namespace hebbforge
