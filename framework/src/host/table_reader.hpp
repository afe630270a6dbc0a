// Checked access to one table of a pipeline.
#pragma once

#include <cstdint>
#include <hebbforge/config.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/document.hpp"
#include "host/mistakes.hpp"

namespace hebbforge {

/// The range and unit that a number has to keep.
struct NumberLimits {
  std::string_view unit = "1";
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool above_minimum = false;  ///< the minimum itself is not allowed
};

/// Reads keys of one table and afterwards names those that nobody asked for. Every mistake is collected;
/// the value returned then is the default, so that reading goes on.
class HEBBFORGE_API TableReader {
 public:
  /// \param table  null: an empty table
  /// \param what   how messages call it: "[pathway.EE]"
  /// \param place  where a missing key is reported
  TableReader(const Node* table, std::string what, Place place, Mistakes& mistakes);

  const Node* take(std::string_view key);  ///< null if it is not there
  double real(std::string_view key, double fallback, const NumberLimits& limits = {});
  std::optional<double> optional_real(std::string_view key, const NumberLimits& limits = {});
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t minimum,
                       std::int64_t maximum = std::numeric_limits<std::int64_t>::max());
  bool boolean(std::string_view key, bool fallback);
  std::string text(std::string_view key, const std::string& fallback,
                   const std::vector<std::string>& choices = {});
  const Node* table(std::string_view key);  ///< null, and a mistake if it is something else
  void require(std::string_view key);       ///< a missing key is a mistake

  /// Values of a schema's parameters; dotted names are nested tables.
  Config config(std::span<const abi::Parameter> schema);

  /// Names every key that was not taken. \param owner  "neuron 'hebbforge.threshold_linear'" or ""
  void finish(const std::string& owner = "");

  const Node* node() const noexcept { return table_; }
  const std::string& what() const noexcept { return what_; }
  const Place& place() const noexcept { return place_; }
  Mistakes& mistakes() noexcept { return mistakes_; }

 private:
  const Node* find(std::string_view dotted) const noexcept;
  std::vector<std::string> rest();
  void finish_table(const Node& table, const std::string& prefix, const std::string& owner);
  const Node* table_;
  std::string what_;
  Place place_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;         ///< dotted names, in the order of asking
  std::vector<std::string> descriptions_;  ///< the same with units
};

/// A table's name stands in paths of parameters, in slices of trials, in CSV files, as a folder: it has
/// letters, digits, '_' and '-' only.
void check_name(const Node::Entry& entry, Mistakes& mistakes);

/// One value of a parameter, checked; a mistake and nothing if it does not fit.
std::optional<Config::Value> checked_value(const Node& node, const abi::Parameter& parameter,
                                           Mistakes& mistakes);
/// A number or a text with a unit. \param subject  "'tau'"
std::optional<double> checked_real(const Node& node, const std::string& subject, const NumberLimits& limits,
                                   Mistakes& mistakes);

}  // namespace hebbforge
