// Without a fuzzer: every file of the directories that are named.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "hostile.hpp"

int main(int argc, char** argv) {
  int count = 0;
  for (int k = 1; k < argc; ++k) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(argv[k])) files.push_back(entry.path());
    std::ranges::sort(files);
    for (const auto& file : files) {
      std::ifstream in(file, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++count;
    }
  }
  std::printf("%d files, none broke it\n", count);
  return count > 0 ? 0 : 1;
}
