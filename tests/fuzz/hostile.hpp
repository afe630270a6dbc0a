// What the fuzz targets share.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <hebbforge/error.hpp>
#include <string>
#include <string_view>

/// Each target defines it: one hostile input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hebbforge::fuzz {

/// A file in memory, for what reads files by name.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("hostile", MFD_CLOEXEC)) {
    if (file_ < 0 || ::write(file_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// It may refuse with a sentence. What else it throws is a defect, and so is a mistake that it calls its own.
template <class Read>
void read_or_refuse(const Read& read) {
  try {
    read();
  } catch (const InternalError&) {
    std::abort();
  } catch (const Error&) {
  }
}

}  // namespace hebbforge::fuzz
