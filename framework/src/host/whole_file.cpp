#include "host/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <hebbforge/error.hpp>
#include <memory>
#include <sstream>

namespace hebbforge {
namespace {

// A whole file's bytes and its directory entry reach the disk before anything relies on them.
bool sync_path(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool good = ::fsync(file) == 0;
  return (::close(file) == 0) && good;
}

}  // namespace

bool replace_file(const std::filesystem::path& temporary, const std::filesystem::path& file) {
  if (!sync_path(temporary) || std::rename(temporary.c_str(), file.c_str()) != 0) return false;
  const auto directory = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  return sync_path(directory);
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

std::string read_text_file(const std::filesystem::path& file, const std::string& expected) {
  std::error_code unreadable;
  if (std::filesystem::is_directory(file, unreadable)) {
    throw ConfigError("'" + file.string() + "' is a directory; expected " + expected);
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError("cannot read '" + file.string() + "': there is no such file, or no permission");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_text_file(const std::filesystem::path& asked, std::string_view text) {
  const auto file = regular_target(asked);
  const auto temporary = temporary_for(file);
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(temporary.c_str(), "wb"),
                                                            &std::fclose);
  bool good = out && std::fwrite(text.data(), 1, text.size(), out.get()) == text.size() &&
              std::fflush(out.get()) == 0;
  good = good && replace_file(temporary, file);
  if (good) return;
  const std::string why = errno != 0 ? std::string(": ") + std::strerror(errno) : "";
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  throw SimulationError("cannot write '" + file.string() + "'" + why +
                        "; is the disk full, or the directory not writable?");
}

}  // namespace hebbforge
