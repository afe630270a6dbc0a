// From a command's arguments to a checked pipeline.
#pragma once

#include <filesystem>
#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <vector>

#include "command.hpp"

namespace hebbforge::cli {

/// \throws ConfigError with every mistake
Pipeline load(Session& session, const PipelineArguments& arguments, bool needs_search);

/// In one of several processes that a launcher started (mpirun): runs lives for the first of them until that
/// is done. Called once, before anything is run.
/// \returns false: this is the first, or the only one, and goes on
/// \throws ConfigError if the processes do not have the same pipelines and plugins
bool only_serves(Session& session, const std::vector<Pipeline>& pipelines, bool reference_kernel);

/// What a pipeline is called where nobody said: its file's name, or its folder's for "pipeline.toml".
std::string default_name(const std::filesystem::path& pipeline);

}  // namespace hebbforge::cli
