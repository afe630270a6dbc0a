#include <CLI/CLI.hpp>
#include <cstdio>
#include <hebbforge/host/plugin_library.hpp>
#include <memory>

#include "command.hpp"

namespace hebbforge::cli {
namespace {

void inspect(Session& session, const std::filesystem::path& file) {
  bool good = true;
  for (const PluginCheck& check : PluginLibrary::inspect(file)) {
    std::printf("%-20s %s\n", check.name.c_str(), check.passed ? "pass" : "FAIL");
    if (check.passed) continue;
    good = false;
    std::printf("  %s\n  remedy: %s\n", check.detail.c_str(), check.remedy.c_str());
  }
  session.exit = good ? done : failed;
  if (!good) return;
  const auto library = PluginLibrary::open(file);
  std::printf("\nbuilt with %s\n", std::string(library->built_with()).c_str());
  for (const abi::Descriptor* d : library->descriptors()) {
    std::printf("%s %s %s: %s\n", std::string(name_of(d->kind)).c_str(), d->name, d->version, d->summary);
  }
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto file = std::make_shared<std::filesystem::path>();
  CLI::App* command = app.add_subcommand("inspect", "Check a plugin library file");
  command->add_option("file", *file, "The library")->required()->type_name("FILE.so");
  command->footer("Example:\n  hebbforge inspect build/my_rule.so\nExit status 1 if a check fails.");
  command->callback([file, &session] { inspect(session, *file); });
}

}  // namespace hebbforge::cli
