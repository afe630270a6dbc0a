#include <hebbforge/config.hpp>
#include <hebbforge/error.hpp>
#include <utility>

#include "config_reads.hpp"

namespace hebbforge {
namespace {
template <class T>
const T& as(const Config::Value& value, std::string_view name, const char* type) {
  if (const T* found = std::get_if<T>(&value)) return *found;
  throw PluginError("", "",
                    "parameter '" + std::string(name) + "' is declared with another type than " + type);
}
}  // namespace

Config::Config() = default;
Config::~Config() = default;
Config::Config(const Config&) = default;
Config::Config(Config&&) noexcept = default;
Config& Config::operator=(const Config&) = default;
Config& Config::operator=(Config&&) noexcept = default;

double Config::real(std::string_view name) const { return as<double>(at(name), name, "real"); }
std::int64_t Config::integer(std::string_view name) const {
  return as<std::int64_t>(at(name), name, "integer");
}
bool Config::boolean(std::string_view name) const { return as<bool>(at(name), name, "boolean"); }
std::string_view Config::text(std::string_view name) const { return as<std::string>(at(name), name, "text"); }
std::span<const double> Config::reals(std::string_view name) const {
  return as<std::vector<double>>(at(name), name, "real_list");
}
std::span<const std::int64_t> Config::integers(std::string_view name) const {
  return as<std::vector<std::int64_t>>(at(name), name, "integer_list");
}
std::span<const std::string> Config::texts(std::string_view name) const {
  return as<std::vector<std::string>>(at(name), name, "text_list");
}

void Config::set(std::string_view name, Value value) {
  values_.insert_or_assign(std::string(name), std::move(value));
}

thread_local ConfigReads* ConfigReads::current_ = nullptr;
ConfigReads::ConfigReads() noexcept : outer_(current_) { current_ = this; }
ConfigReads::~ConfigReads() { current_ = outer_; }

const Config::Value& Config::at(std::string_view name) const {
  if (ConfigReads::current_) ConfigReads::current_->names_.emplace(name);
  const auto found = values_.find(name);
  if (found == values_.end()) {
    throw PluginError(
        "", "", "asked for the parameter '" + std::string(name) + "', which its schema does not declare");
  }
  return found->second;
}

}  // namespace hebbforge
