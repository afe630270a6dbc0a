// Files that are read and written whole: a reader sees either the old file or the whole new one.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <string>
#include <string_view>

namespace hebbforge {

/// \param expected  what the message for a directory asks for
/// \throws ConfigError if it cannot be read
HEBBFORGE_API std::string read_text_file(const std::filesystem::path& file,
                                         const std::string& expected = "a file");
/// Writes to a temporary name, syncs, renames. \throws SimulationError
HEBBFORGE_API void write_text_file(const std::filesystem::path& file, std::string_view text);

/// The file that writing to `file` means: a link is followed; what is no ordinary file (a device, a pipe, a
/// directory) is not replaced by one. \throws SimulationError
std::filesystem::path regular_target(const std::filesystem::path& file);
std::filesystem::path temporary_for(const std::filesystem::path& file);
/// Bytes and directory entry reach the disk before anything relies on them. False: errno says why.
bool replace_file(const std::filesystem::path& temporary, const std::filesystem::path& file);

}  // namespace hebbforge
