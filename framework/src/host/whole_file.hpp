// Files that are read and written whole: a reader sees either the old file or the whole new one.
#pragma once

#include <filesystem>
#include <hebbforge/error.hpp>
#include <hebbforge/export.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace hebbforge {

/// A file could not be written: what() is one sentence with what, where and what to do.
class WriteError : public SimulationError {
 public:
  /// \param error  as errno has it
  WriteError(const std::filesystem::path& file, int error);
  const std::string& problem() const noexcept { return problem_; }  ///< "no space left for 'FILE'"
  const std::string& remedy() const noexcept { return remedy_; }    ///< "free space"

 private:
  WriteError(std::string problem, std::string remedy);
  WriteError(std::pair<std::string, std::string> parts);
  std::string problem_, remedy_;
};

/// No text file that is read whole is larger: a pipeline, a rule, a suite, a table of candidates.
constexpr std::size_t largest_text_file = std::size_t{64} << 20;

/// \param expected  what the message for a directory asks for
/// \throws ConfigError if it cannot be read, or is larger than `most` bytes
HEBBFORGE_API std::string read_text_file(const std::filesystem::path& file,
                                         const std::string& expected = "a file",
                                         std::size_t most = largest_text_file);
/// Writes to a temporary name, syncs, renames. \throws WriteError; the old file is then untouched
HEBBFORGE_API void write_text_file(const std::filesystem::path& file, std::string_view text);
/// Adds to the end. \throws WriteError; a part of the text may then stand there
HEBBFORGE_API void append_text(const std::filesystem::path& file, std::string_view text);
/// The same. \returns 0, or the errno of what failed
int try_to_append(const std::filesystem::path& file, std::string_view text);

/// The file that writing to `file` means: a link is followed; what is no ordinary file (a device, a pipe, a
/// directory) is not replaced by one. \throws SimulationError
std::filesystem::path regular_target(const std::filesystem::path& file);
std::filesystem::path temporary_for(const std::filesystem::path& file);
/// Bytes and directory entry reach the disk before anything relies on them.
/// \returns 0, or the errno of what failed
int replace_file(const std::filesystem::path& temporary, const std::filesystem::path& file);

}  // namespace hebbforge
