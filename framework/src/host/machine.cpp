#include "host/machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <hebbforge/version.hpp>
#include <thread>

#include "engine/instruction_set.hpp"

namespace hebbforge {
namespace {

std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "";
}

}  // namespace

std::string machine_text() {
  std::string text = "hebbforge " HEBBFORGE_VERSION;
  if (const std::string name = processor_name(); !name.empty()) text += ", " + name;
  text += ", " + std::to_string(std::thread::hardware_concurrency()) + " processors";
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && page > 0) {
    char memory[32];
    std::snprintf(memory, sizeof memory, ", %.1f GiB",
                  static_cast<double>(pages) * static_cast<double>(page) / (1 << 30));
    text += memory;
  }
  utsname system{};
  if (::uname(&system) == 0)
    text += std::string(", ") + system.sysname + " " + system.release + " " + system.machine;
  return text + ", " + std::string(engine::instruction_set());
}

}  // namespace hebbforge
