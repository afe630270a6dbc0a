// Tells other processes that a run directory is being worked on.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <hebbforge/export.hpp>
#include <optional>

namespace hebbforge {

/// While it lives the file `running` of the directory is held by this process; then the file is removed.
/// Whatever ends the process ends the hold: a file that a killed one left behind is in nobody's way. Where it
/// cannot be made (no permission, a file system without locks), nothing happens.
class HEBBFORGE_API RunningMark {
 public:
  /// \throws ConfigError naming the process that holds it
  explicit RunningMark(const std::filesystem::path& directory);
  ~RunningMark();
  RunningMark(const RunningMark&) = delete;
  RunningMark& operator=(const RunningMark&) = delete;

 private:
  std::filesystem::path file_;
  int handle_ = -1;
};

/// The process that works on a run directory; nothing: none does. Takes no lock. Not for the process itself.
HEBBFORGE_API std::optional<pid_t> running_process(const std::filesystem::path& directory);
/// \throws ConfigError if there is one
void require_not_running(const std::filesystem::path& directory);

}  // namespace hebbforge
