// A directory for files that nobody keeps.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <hebbforge/error.hpp>
#include <string>

namespace hebbforge::cli {

/// A new directory that goes away with everything in it. \throws SimulationError if it cannot be made
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "hebbforge-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw SimulationError("cannot make the directory '" + name + "': " + std::strerror(errno));
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace hebbforge::cli
