#include <algorithm>
#include <array>
#include <boost/dll/runtime_symbol_info.hpp>
#include <cstdlib>
#include <hebbforge/error.hpp>
#include <hebbforge/host/registry.hpp>
#include <hebbforge/log.hpp>
#include <set>

#include <hebbforge/host/suggestion.hpp>

namespace hebbforge {
namespace {
constexpr std::array<std::string_view, abi::kind_count> kind_names{
    "rule", "optimizer", "perturbation", "loss", "stimulus", "neuron", "constraint", "executor"};

std::string conflict_reason(const std::vector<const RegisteredPlugin*>& plugins) {
  std::string text = std::string("several ") + std::string(name_of(plugins[0]->kind())) +
                     " plugins in one place are named '" + std::string(plugins[0]->name()) + "':";
  for (const auto* p : plugins) text += "\n  " + p->library->file().string();
  return text + "\n  keep one of the files, or name it with 'library'";
}

// Code runs as soon as it is loaded: where anybody may have put it, it is named before.
void warn_of_place(const std::filesystem::path& file) {
  std::error_code unreadable;
  const auto directory = std::filesystem::weakly_canonical(file, unreadable).parent_path();
  const auto open_to_all = [&](const std::filesystem::path& path) {
    return (std::filesystem::status(path, unreadable).permissions() & std::filesystem::perms::others_write) !=
           std::filesystem::perms::none;
  };
  const std::string what = "loading the plugin '" + file.string() + "'";
  if (open_to_all(directory) || open_to_all(file))
    log_warning(what + ": everybody may write there");
  else if (std::filesystem::equivalent(directory, ".", unreadable))
    log_warning(what + " from the working directory");
}
}  // namespace

std::string_view name_of(abi::Kind kind) noexcept { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<abi::Kind> kind_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kind_names, name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<abi::Kind>(found - kind_names.begin());
}

Registry::Registry() = default;
Registry::~Registry() = default;

void Registry::search(std::span<const SearchStep> steps) {
  for (const SearchStep& step : steps) {
    steps_.push_back(step);
    for (const auto& directory : step.directories) {
      std::error_code unreadable;
      std::vector<std::filesystem::path> files;
      for (const auto& entry : std::filesystem::directory_iterator(directory, unreadable)) {
        if (entry.path().extension() == ".so") files.push_back(entry.path());
      }
      std::ranges::sort(files);
      for (const auto& file : files) {
        if (of_file(file, steps_.size())) continue;  // the directory was given twice
        std::shared_ptr<const PluginLibrary> library;
        warn_of_place(file);
        try {
          library = PluginLibrary::open(file);
        } catch (const PluginError& error) {
          refused_.push_back({file, error.what()});
          continue;
        }
        add_library(library, steps_.size());
      }
    }
  }
}

void Registry::search_default_steps(std::span<const std::filesystem::path> plugin_path) {
  std::vector<SearchStep> steps;
  if (!plugin_path.empty())
    steps.push_back({"--plugin-path", {plugin_path.begin(), plugin_path.end()}, true});
  SearchStep environment{"$HEBBFORGE_PLUGIN_PATH", {}, false};
  if (const char* value = std::getenv("HEBBFORGE_PLUGIN_PATH")) {
    environment.given = true;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(':'), rest.size());
      if (end > 0) environment.directories.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  steps.push_back(std::move(environment));
  steps.push_back({"the installation", {installation_prefix() / "lib" / "hebbforge" / "plugins"}, true});
  search(steps);
}

const RegisteredPlugin& Registry::add_file(const std::filesystem::path& file) {
  if (const RegisteredPlugin* there = of_file(file, 0)) return *there;
  const std::size_t first = plugins_.size();
  warn_of_place(file);
  add_library(PluginLibrary::open(file), 0);
  for (std::size_t k = first; k < plugins_.size(); ++k) plugins_[k]->from_file = true;
  return *plugins_[first];
}

// The first plugin of a file that was loaded in this step; null: it was not.
const RegisteredPlugin* Registry::of_file(const std::filesystem::path& file, std::size_t step) const {
  for (std::size_t k = 0; k < plugins_.size(); ++k) {
    std::error_code unreadable;
    if (step_of_[k] == step && std::filesystem::equivalent(plugins_[k]->library->file(), file, unreadable))
      return plugins_[k].get();
  }
  return nullptr;
}

void Registry::add_library(const std::shared_ptr<const PluginLibrary>& library, std::size_t step) {
  const std::string digest = digest_of_file(library->file());
  for (const abi::Descriptor* d : library->descriptors()) {
    auto added = std::make_unique<RegisteredPlugin>(RegisteredPlugin{library, d, digest});
    plugins_.push_back(std::move(added));
    step_of_.push_back(step);
  }
  // Of one name, the smallest step has priority; of files that were named, the first.
  for (std::size_t k = 0; k < plugins_.size(); ++k) {
    std::size_t by = k;
    for (std::size_t j = 0; j < plugins_.size(); ++j) {
      const bool same =
          plugins_[j]->kind() == plugins_[k]->kind() && plugins_[j]->name() == plugins_[k]->name();
      if (same && (step_of_[j] < step_of_[by] || (step_of_[by] == 0 && j < by))) by = j;
    }
    plugins_[k]->hidden_by = by != k ? plugins_[by].get() : nullptr;
  }
}

const RegisteredPlugin& Registry::find(abi::Kind kind, std::string_view name) const {
  std::vector<const RegisteredPlugin*> same, similar;  // by full name, by last part
  std::vector<std::string> names;
  for (const auto& plugin : plugins_) {
    if (plugin->hidden() || plugin->kind() != kind) continue;
    if (plugin->name() == name) same.push_back(plugin.get());
    if (plugin->last_name() == name) similar.push_back(plugin.get());
    names.emplace_back(name.find('.') == name.npos ? plugin->last_name() : plugin->name());
  }
  const auto& matches = same.empty() ? similar : same;
  if (matches.size() == 1) return *matches.front();
  const std::string what(name_of(kind));
  if (matches.size() > 1) {
    std::set<std::string_view> full;
    for (const auto* m : matches) full.insert(m->name());
    if (full.size() == 1) throw ConfigError(conflict_reason(matches));
    throw ConfigError("several " + what + " plugins are named '" + std::string(name) +
                      "'; write one of: " + joined({full.begin(), full.end()}));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string searched;
  for (const SearchStep& step : steps_) {
    std::string places = step.given ? "" : " (not set)";
    for (const auto& d : step.directories) places += " " + d.string();
    searched += (searched.empty() ? "" : ", ") + step.origin + places;
  }
  const bool mpi = kind == abi::Kind::executor && (name == "mpi" || name == "hebbforge.mpi");
  throw ConfigError("no " + what + " named '" + std::string(name) + "'." +
                    (mpi ? " It is built where CMake finds MPI: install libopenmpi-dev and openmpi-bin, "
                           "configure and build again."
                         : suggestion(name, names)) +
                    " Available: " + (names.empty() ? "none" : joined(names)) +
                    "\n  searched: " + (searched.empty() ? "nowhere" : searched));
}

std::vector<Registry::Conflict> Registry::conflicts() const {
  std::vector<Conflict> found;
  std::vector<const RegisteredPlugin*> same;
  const auto finish = [&] {
    if (same.size() > 1) found.push_back({same, conflict_reason(same)});
    same.clear();
  };
  for (const RegisteredPlugin* plugin : all()) {
    if (plugin->hidden()) continue;
    if (!same.empty() && (same[0]->kind() != plugin->kind() || same[0]->name() != plugin->name())) finish();
    same.push_back(plugin);
  }
  finish();
  return found;
}

std::vector<const RegisteredPlugin*> Registry::all() const {
  std::vector<const RegisteredPlugin*> sorted;
  for (const auto& plugin : plugins_) sorted.push_back(plugin.get());
  std::ranges::stable_sort(sorted, {},
                           [](const RegisteredPlugin* p) { return std::pair(p->kind(), p->name()); });
  return sorted;
}

std::filesystem::path installation_prefix() {
  const std::filesystem::path executable(boost::dll::program_location().string());
  return std::filesystem::weakly_canonical(executable).parent_path().parent_path();
}

}  // namespace hebbforge
