// Checked parameter values handed to a plugin.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hebbforge {

/// Values of all parameters that a schema declares, each checked against its type and range by the host
/// and in SI units. Asking for a name that the schema does not declare, or with another type, throws
/// PluginError. Nested tables of the pipeline are dotted names: "fit.samples".
class HEBBFORGE_API Config {
 public:
  using Value = std::variant<double, std::int64_t, bool, std::string, std::vector<double>,
                             std::vector<std::int64_t>, std::vector<std::string>>;

  Config();
  ~Config();
  Config(const Config&);
  Config(Config&&) noexcept;
  Config& operator=(const Config&);
  Config& operator=(Config&&) noexcept;

  double real(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;
  /// Of a text or path parameter. A path is absolute.
  std::string_view text(std::string_view name) const;
  std::span<const double> reals(std::string_view name) const;
  std::span<const std::int64_t> integers(std::string_view name) const;
  std::span<const std::string> texts(std::string_view name) const;

  /// For the host and for tests.
  void set(std::string_view name, Value value);
  const std::map<std::string, Value, std::less<>>& values() const noexcept { return values_; }

 private:
  const Value& at(std::string_view name) const;
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace hebbforge
