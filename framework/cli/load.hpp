// From a command's arguments to a checked pipeline.
#pragma once

#include <filesystem>
#include <hebbforge/host/pipeline.hpp>
#include <string>

#include "command.hpp"

namespace hebbforge::cli {

/// \throws ConfigError with every mistake
Pipeline load(Session& session, const PipelineArguments& arguments, bool needs_search);

/// What a pipeline is called where nobody said: its file's name, or its folder's for "pipeline.toml".
std::string default_name(const std::filesystem::path& pipeline);

}  // namespace hebbforge::cli
