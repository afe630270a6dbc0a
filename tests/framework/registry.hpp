// The plugins of this build.
#pragma once

#include <array>
#include <filesystem>
#include <hebbforge/host/registry.hpp>
#include <memory>
#include <string>
#include <vector>

/// Loads the built plugin libraries once per process.
inline hebbforge::Registry& built_plugins() {
  static const std::unique_ptr<hebbforge::Registry> registry = [] {
    auto made = std::make_unique<hebbforge::Registry>();
    const std::array steps{hebbforge::Registry::SearchStep{
        "the build", {std::filesystem::path(HEBBFORGE_BUILD) / "lib" / "hebbforge" / "plugins"}, true}};
    made->search(steps);
    return made;
  }();
  return *registry;
}

/// An empty directory; tests run at the same time, so no two may ask for the same name.
inline std::filesystem::path scratch(const std::string& name) {
  const auto directory = std::filesystem::path(HEBBFORGE_BUILD) / "tests" / "scratch" / name;
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  return directory;
}
