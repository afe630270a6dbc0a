#include "stages/running_mark.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace hebbforge {
namespace {

constexpr const char* name = "running";

struct flock whole_file() {
  struct flock all {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  return all;
}

}  // namespace

RunningMark::RunningMark(const std::filesystem::path& directory) : file_(directory / name) {
  handle_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (handle_ < 0) return;
  auto all = whole_file();
  if (::fcntl(handle_, F_SETLK, &all) == 0) return;
  ::close(handle_);  // another process holds it, or the file system has no locks
  handle_ = -1;
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

}  // namespace hebbforge
