// Which parameters a plugin asks for.
#pragma once

#include <hebbforge/config.hpp>
#include <set>
#include <string>

namespace hebbforge {

/// While it lives, notes every name that this thread asks a Config for, whether it is there or not.
class ConfigReads {
 public:
  ConfigReads() noexcept;
  ~ConfigReads();
  ConfigReads(const ConfigReads&) = delete;
  ConfigReads& operator=(const ConfigReads&) = delete;

  const std::set<std::string, std::less<>>& names() const noexcept { return names_; }

 private:
  friend class Config;
  static thread_local ConfigReads* current_;
  ConfigReads* outer_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace hebbforge
