// One loaded and checked plugin library.
#pragma once

#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <hebbforge/config.hpp>
#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// Of the form source.name, both in lower snake case.
HEBBFORGE_API bool is_plugin_name(std::string_view name) noexcept;

/// One check of a library: what `inspect` prints.
struct PluginCheck {
  std::string name;  ///< "interface digest"
  bool passed = false;
  std::string detail;  ///< what is wrong, with both values; "" if passed
  std::string remedy;  ///< what to do; "" if passed
};

/// A plugin library whose manifest was compared with this host before any C++ object was touched. Lives
/// as long as the last instance made from it. Every check is made by open(); an exception that leaves a
/// plugin's code is copied into a PluginError while the library is still loaded.
class HEBBFORGE_API PluginLibrary : public std::enable_shared_from_this<PluginLibrary> {
 public:
  /// \throws PluginError naming the file, the check that failed, both values, and the remedy
  static std::shared_ptr<const PluginLibrary> open(const std::filesystem::path& file);
  /// Every check, without keeping the library; stops after the first failure that forbids the next check.
  static std::vector<PluginCheck> inspect(const std::filesystem::path& file);

  ~PluginLibrary();
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;

  const std::filesystem::path& file() const noexcept { return file_; }
  std::string_view built_with() const noexcept { return manifest_->built_with; }
  std::span<const abi::Descriptor* const> descriptors() const noexcept {
    return {manifest_->descriptors.data, manifest_->descriptors.size};
  }

  /// \throws PluginError if the plugin's constructor throws or returns null
  template <class Interface>
  std::shared_ptr<Interface> create(const abi::Descriptor& descriptor, const Config& config) const {
    void* raw = guarded_create(descriptor, Interface::plugin_kind, config);
    return {static_cast<Interface*>(raw),
            [library = shared_from_this(), &descriptor](Interface* object) { descriptor.destroy(object); }};
  }

 private:
  explicit PluginLibrary(std::filesystem::path file);
  std::vector<PluginCheck> load();
  void* guarded_create(const abi::Descriptor& descriptor, abi::Kind kind, const Config& config) const;

  boost::dll::shared_library handle_;  // first member: destroyed last
  std::filesystem::path file_;
  const abi::Manifest* manifest_ = nullptr;
};

}  // namespace hebbforge
