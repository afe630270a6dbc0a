#include "host/presets.hpp"

#include <algorithm>
#include <filesystem>
#include <hebbforge/error.hpp>
#include <hebbforge/host/registry.hpp>

#include <hebbforge/host/suggestion.hpp>

namespace hebbforge {
namespace {

std::filesystem::path directory() { return installation_prefix() / "share" / "hebbforge" / "presets"; }

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(directory(), missing)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Node load_preset(const std::string& name, const Place& place) {
  std::filesystem::path file = directory() / (name + ".toml");
  if (name.ends_with(".toml")) file = path_of(name, place);
  if (std::filesystem::is_regular_file(file)) return parse_toml_file(file);
  const auto names = preset_names();
  throw ConfigError(place.file, place.line, place.column,
                    "no preset named '" + name + "'." + suggestion(name, names) +
                        " Available: " + (names.empty() ? "none" : joined(names)) +
                        "\n  or the path of a file that ends with .toml");
}

namespace {
Node with_preset_at(const Node& table, int depth) {
  const Node* name = table.find("preset");
  if (!name) return table;
  const auto fail = [&](const std::string& text) -> Node {
    throw ConfigError(name->place.file, name->place.line, name->place.column, text);
  };
  if (name->type != Node::Type::text)
    return fail("'preset' is " + describe(*name) + "; expected the name of a preset, or a file");
  if (depth > 8) return fail("presets build on each other in a circle, or more than eight deep");
  Node merged = with_preset_at(load_preset(name->text(), name->place), depth + 1);
  merge(merged, table);
  merged.place = table.place;
  std::erase_if(merged.table, [](const Node::Entry& e) { return e.key == "preset"; });
  return merged;
}
}  // namespace

Node with_preset(const Node& table) { return with_preset_at(table, 0); }

}  // namespace hebbforge
