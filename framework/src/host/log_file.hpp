// Where log messages go.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>

namespace hebbforge {

/// From now on messages are also appended to this file. At 4 MiB it becomes log.1.txt, that log.2.txt, and
/// the one before is dropped. Where it cannot be written, one warning says so.
HEBBFORGE_API void log_to_file(const std::filesystem::path& file);
/// On standard error: warnings and errors only (a progress line shows the rest), or everything.
HEBBFORGE_API void log_quietly(bool quiet);

}  // namespace hebbforge
