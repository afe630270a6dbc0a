// Logging for host and plugins. spdlog stays behind these functions, in the framework library.
#pragma once

#include <hebbforge/export.hpp>
#include <string_view>

namespace hebbforge {

/// Thread-safe. Go to the terminal's standard error and, during a run, to its log.txt.
HEBBFORGE_API void log_debug(std::string_view message);
HEBBFORGE_API void log_info(std::string_view message);
HEBBFORGE_API void log_warning(std::string_view message);
HEBBFORGE_API void log_error(std::string_view message);

}  // namespace hebbforge
