// The plugins that were found.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/host/plugin_library.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// "rule", "optimizer", …: as pipelines and commands name the kinds.
HEBBFORGE_API std::string_view name_of(abi::Kind kind) noexcept;
HEBBFORGE_API std::optional<abi::Kind> kind_named(std::string_view name) noexcept;

/// A plugin of a loaded library.
struct RegisteredPlugin {
  std::shared_ptr<const PluginLibrary> library;
  const abi::Descriptor* descriptor = nullptr;
  std::string digest;                           ///< of the library file, hexadecimal
  const RegisteredPlugin* hidden_by = nullptr;  ///< of the same name and kind, with priority
  bool from_file = false;                       ///< a pipeline named its library

  std::string_view name() const noexcept { return descriptor->name; }
  /// "cma_es" of "hebbforge.cma_es"
  std::string_view last_name() const noexcept { return name().substr(name().find('.') + 1); }
  bool hidden() const noexcept { return hidden_by != nullptr; }
  abi::Kind kind() const noexcept { return descriptor->kind; }
  template <class Interface>
  std::shared_ptr<Interface> create(const Config& config) const {
    return library->create<Interface>(*descriptor, config);
  }
};

/// Finds plugins in the order: files named by a pipeline, then --plugin-path, then
/// $HEBBFORGE_PLUGIN_PATH (':'-separated), then EXECUTABLE/../lib/hebbforge/plugins. What comes first
/// wins; two of one name in one step are a conflict: whoever asks for the name gets an error. Declared first
/// in main, so that it dies last: libraries stay loaded as long as it lives.
class HEBBFORGE_API Registry {
 public:
  struct SearchStep {
    std::string origin;  ///< "--plugin-path", "$HEBBFORGE_PLUGIN_PATH", …
    std::vector<std::filesystem::path> directories;
    bool given = true;  ///< false: an environment variable that is not set
  };
  struct Refused {
    std::filesystem::path file;
    std::string reason;
  };

  /// Plugins of one kind and name, none of which has priority.
  struct Conflict {
    std::vector<const RegisteredPlugin*> plugins;
    std::string reason;  ///< names all files, and the remedy
  };

  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Loads every `*.so` of the directories, not recursively. A file that is no plugin of ours is kept
  /// under refused(), and the search goes on.
  void search(std::span<const SearchStep> steps);
  /// The default steps with the given directories in front.
  void search_default_steps(std::span<const std::filesystem::path> plugin_path);
  /// Loads one file that a pipeline names, unless that was done before; has priority over everything that
  /// was searched.
  /// \throws PluginError
  const RegisteredPlugin& add_file(const std::filesystem::path& file);

  /// By full name ("hebbforge.cma_es") or, where it is unique, the last part ("cma_es").
  /// \throws ConfigError listing what is there, with a suggestion, and where was searched; or, for a
  /// conflict, naming the files
  const RegisteredPlugin& find(abi::Kind kind, std::string_view name) const;
  std::vector<const RegisteredPlugin*> all() const;  ///< hidden ones included; sorted by kind, then name
  std::vector<Conflict> conflicts() const;           ///< in the order of all()
  std::span<const Refused> refused() const noexcept { return refused_; }
  std::span<const SearchStep> steps() const noexcept { return steps_; }

 private:
  void add_library(const std::shared_ptr<const PluginLibrary>& library, std::size_t step);
  const RegisteredPlugin* of_file(const std::filesystem::path& file, std::size_t step) const;
  std::vector<std::unique_ptr<RegisteredPlugin>> plugins_;
  std::vector<std::size_t> step_of_;  ///< of each plugin: smaller has priority
  std::vector<Refused> refused_;
  std::vector<SearchStep> steps_;
};

/// The directory of the running executable's installation or build: EXECUTABLE/.. .
HEBBFORGE_API std::filesystem::path installation_prefix();

/// SHA-1, hexadecimal.
HEBBFORGE_API std::string digest_of_text(std::string_view bytes);
HEBBFORGE_API std::string digest_of_file(const std::filesystem::path& file);

}  // namespace hebbforge
