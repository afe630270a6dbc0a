#include "stages/running_mark.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <hebbforge/error.hpp>

namespace hebbforge {
namespace {

constexpr const char* name = "running";

struct flock whole_file() {
  struct flock all {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  return all;
}

// The process before removes the file as it ends: a hold on what has no name any more keeps nobody away.
bool is_named(int handle, const std::filesystem::path& file) {
  struct stat held {
  }, there{};
  return ::fstat(handle, &held) == 0 && ::stat(file.c_str(), &there) == 0 && held.st_ino == there.st_ino;
}

}  // namespace

RunningMark::RunningMark(const std::filesystem::path& directory) : file_(directory / name) {
  for (;;) {
    handle_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (handle_ < 0) return;
    auto all = whole_file();
    const bool held = ::fcntl(handle_, F_SETLK, &all) == 0;
    const bool by_another = !held && (errno == EACCES || errno == EAGAIN);
    if (held && is_named(handle_, file_)) return;
    ::close(handle_);
    handle_ = -1;
    if (!held && !by_another) return;
    if (by_another) require_not_running(directory);  // it may have ended since
  }
}

RunningMark::~RunningMark() {
  if (handle_ < 0) return;
  ::unlink(file_.c_str());
  ::close(handle_);
}

std::optional<pid_t> running_process(const std::filesystem::path& directory) {
  const int handle = ::open((directory / name).c_str(), O_RDWR | O_CLOEXEC);
  if (handle < 0) return std::nullopt;
  auto all = whole_file();
  const bool known = ::fcntl(handle, F_GETLK, &all) == 0;
  ::close(handle);
  if (!known || all.l_type == F_UNLCK) return std::nullopt;
  return all.l_pid;
}

void require_not_running(const std::filesystem::path& directory) {
  if (const auto process = running_process(directory)) {
    throw ConfigError("process " + std::to_string(*process) + " is running in '" + directory.string() +
                      "': wait for it, stop it, or choose another directory with --out");
  }
}

}  // namespace hebbforge
