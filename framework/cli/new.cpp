#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <map>
#include <memory>

#include "command.hpp"
#include "host/whole_file.hpp"

namespace hebbforge::cli {
namespace {
namespace fs = std::filesystem;

struct Arguments {
  std::string kind, name;
  fs::path directory;
};

/// What stands for @…@ in a template.
using Words = std::map<std::string, std::string>;

Words words_for(const std::string& kind, const std::string& given) {
  const std::string full = given.find('.') == given.npos ? "mylab." + given : given;
  const std::string name = full.substr(full.find('.') + 1);
  if (!is_plugin_name(full))
    throw ConfigError("'" + given +
                      "' is no name for a plugin: expected lower case letters, digits and '_', as in my_" +
                      kind + ", or with whose it is in front, as in mylab.my_" + kind);
  constexpr std::array reserved{"all", "test", "install", "clean", "help", "package", "framework"};
  if (std::ranges::find(reserved, name) != reserved.end())
    throw ConfigError("'" + name + "' is no name for a plugin: CMake builds something else under it");
  std::string class_name;
  for (std::size_t k = 0; k < name.size(); ++k) {
    const bool first = k == 0 || name[k - 1] == '_';
    if (name[k] != '_')
      class_name += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(name[k]))) : name[k];
  }
  return {{"@KIND@", kind}, {"@NAME@", name}, {"@FULL@", full}, {"@CLASS@", class_name}};
}

std::string replaced(std::string text, const Words& words) {
  for (const auto& [word, meaning] : words) {
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + meaning.size()))
      text.replace(at, word.size(), meaning);
  }
  return text;
}

// Templates of one kind; those of all kinds fill in what it lacks.
std::map<std::string, fs::path> template_files(const std::string& kind) {
  const fs::path all = installation_prefix() / "share" / "hebbforge" / "templates";
  std::map<std::string, fs::path> files;
  for (const fs::path& directory : {all / kind, all / "common"}) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(directory, missing))
      files.try_emplace(entry.path().filename().string(), entry.path());
    if (missing)
      throw SimulationError("there is no directory " + directory.string() +
                            " with templates: this installation of Hebbforge is incomplete");
  }
  return files;
}

void write_folder(const std::string& kind, const Words& words, const fs::path& directory) {
  const auto files = template_files(kind);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw SimulationError("cannot make the folder " + directory.string() + ": " + error.message());
  for (const auto& [file_name, source] : files) {
    write_text_file(directory / replaced(file_name, {{"NAME", words.at("@NAME@")}}),
                    replaced(read_text_file(source), words));
  }
}

// For a shell: in quotes where it has other characters than paths usually have.
std::string shell_word(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("/._-+~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (std::ranges::all_of(text, plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

void print_next_steps(const Words& words, const fs::path& directory) {
  const fs::path prefix = installation_prefix();
  const bool installed = fs::exists(prefix / "lib" / "cmake" / "hebbforge");
  const std::string at = installed ? shell_word(prefix.string()) : "\"$HOME/hebbforge\"";
  const std::string program =
      installed ? shell_word((prefix / "bin" / "hebbforge").string()) : at + "/bin/hebbforge";
  const std::string name = words.at("@NAME@");
  std::printf("%s: %s %s\n\nnext:\n", directory.c_str(), words.at("@KIND@").c_str(),
              words.at("@FULL@").c_str());
  if (!installed)
    std::printf("  cmake --install %s --prefix %s\n", shell_word(prefix.string()).c_str(), at.c_str());
  std::printf("  cd %s\n", shell_word(directory.string()).c_str());
  std::printf("  cmake -B build -DCMAKE_PREFIX_PATH=%s && cmake --build build\n", at.c_str());
  std::printf("  ctest --test-dir build\n");
  std::printf("  %s inspect build/lib/hebbforge/plugins/%s.so --contracts\n", program.c_str(), name.c_str());
  std::printf("  %s run pipeline.toml --plugin-path build/lib/hebbforge/plugins --out run\n",
              program.c_str());
  std::printf("\nthen edit %s.hpp, its test and its README.md.\n", name.c_str());
}

void make_new(const Arguments& arguments) {
  const std::string kind(name_of(kind_or_mistake(arguments.kind)));
  const Words words = words_for(kind, arguments.name);
  const fs::path directory = arguments.directory.empty() ? fs::path(words.at("@NAME@")) : arguments.directory;
  std::error_code error;
  if (fs::exists(directory, error) && !(fs::is_directory(directory, error) && fs::is_empty(directory, error)))
    throw ConfigError(directory.string() +
                      " exists; choose another name, or give another folder as the last word");
  write_folder(kind, words, directory);
  print_next_steps(words, directory);
}

}  // namespace

void add_new(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("new", "Make a folder with a plugin that builds: code, test, README, pipeline");
  command
      ->add_option("kind", arguments->kind,
                   "rule, optimizer, perturbation, loss, stimulus, neuron, constraint, executor")
      ->required();
  command->add_option("name", arguments->name, "my_rule, or mylab.my_rule: whose it is, and its name")
      ->required();
  command->add_option("dir", arguments->directory, "The folder to make; by default called as the plugin")
      ->type_name("DIR");
  command->footer(
      "Examples:\n"
      "  hebbforge new rule my_rule\n"
      "  hebbforge new loss mylab.target_rate plugins/target_rate");
  command->callback([arguments] { make_new(*arguments); });
}

}  // namespace hebbforge::cli
