#include "host/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace hebbforge {
namespace {

/// A file descriptor.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : id_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (id_ >= 0) ::close(id_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int id() const noexcept { return id_; }
  /// \returns 0 or errno: some file systems tell only now that there was no space
  int close() { return ::close(std::exchange(id_, -1)) == 0 ? 0 : errno; }

 private:
  int id_;
};

// Some file systems cannot sync directories, or nothing at all: then there is nothing to wait for.
int sync(int id) {
  return ::fsync(id) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS ? 0 : errno;
}

int sync_path(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  if (file.id() < 0) return errno;
  if (const int error = sync(file.id())) return error;
  return file.close();
}

int write_all(int id, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(id, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_to(const std::filesystem::path& path, int flags, std::string_view text) {
  Descriptor file(path, O_WRONLY | O_CREAT | flags);
  if (file.id() < 0) return errno;
  if (const int error = write_all(file.id(), text)) return error;
  return file.close();
}

std::pair<std::string, std::string> parts_of(const std::filesystem::path& file, int error) {
  const std::string name = "'" + file.string() + "'";
  switch (error) {
    case ENOSPC:
      return {"no space left for " + name, "free space"};
    case EDQUOT:
      return {"the disk quota leaves no space for " + name, "free space"};
    case EFBIG:
      return {name + " would be larger than files may be here", "raise the limit (ulimit -f)"};
    case ENOENT:
    case ENOTDIR:
      return {"cannot write " + name + ": its directory is not there", "make the directory"};
    case EROFS:
      return {"cannot write " + name + ": the file system is read-only", "make it writable"};
    case EACCES:
    case EPERM:
      return {"cannot write " + name + ": no permission", "make the directory and the file writable"};
    default:
      return {"cannot write " + name + ": " + std::strerror(error), "look after the disk"};
  }
}

}  // namespace

WriteError::WriteError(const std::filesystem::path& file, int error) : WriteError(parts_of(file, error)) {}
WriteError::WriteError(std::pair<std::string, std::string> parts)
    : WriteError(std::move(parts.first), std::move(parts.second)) {}
WriteError::WriteError(std::string problem, std::string remedy)
    : SimulationError(problem + ": " + remedy + " and try again"),
      problem_(std::move(problem)),
      remedy_(std::move(remedy)) {}

int replace_file(const std::filesystem::path& temporary, const std::filesystem::path& file) {
  if (const int error = sync_path(temporary)) return error;
  if (std::rename(temporary.c_str(), file.c_str()) != 0) return errno;
  return sync_path(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
}

std::filesystem::path regular_target(const std::filesystem::path& file) {
  std::error_code ignored;
  const auto target =
      std::filesystem::is_symlink(file, ignored) ? std::filesystem::weakly_canonical(file, ignored) : file;
  if (std::filesystem::exists(target, ignored) && !std::filesystem::is_regular_file(target, ignored)) {
    throw SimulationError("cannot write '" + file.string() + "': it exists and is no ordinary file");
  }
  return target;
}

std::filesystem::path temporary_for(const std::filesystem::path& file) {
  return file.string() + ".writing-" + std::to_string(::getpid());
}

std::string read_text_file(const std::filesystem::path& file, const std::string& expected, std::size_t most) {
  std::error_code unreadable;
  if (std::filesystem::is_directory(file, unreadable)) {
    throw ConfigError("'" + file.string() + "' is a directory; expected " + expected);
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError("cannot read '" + file.string() + "': there is no such file, or no permission");
  std::string text;
  std::array<char, 65536> block;
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > most)
      throw ConfigError("'" + file.string() + "' has more than " + std::to_string(most >> 20) +
                        " MiB; expected " + expected);
  }
  if (in.bad()) throw ConfigError("cannot read '" + file.string() + "': " + std::strerror(errno));
  return text;
}

void write_text_file(const std::filesystem::path& asked, std::string_view text) {
  const auto file = regular_target(asked);
  const auto temporary = temporary_for(file);
  int error = write_to(temporary, O_TRUNC, text);
  if (error == 0) error = replace_file(temporary, file);
  if (error == 0) return;
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  throw WriteError(file, error);
}

void append_text(const std::filesystem::path& file, std::string_view text) {
  if (const int error = try_to_append(file, text)) throw WriteError(file, error);
}

int try_to_append(const std::filesystem::path& file, std::string_view text) {
  return write_to(file, O_APPEND, text);
}

}  // namespace hebbforge
