#include "host/table_reader.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include <hebbforge/host/quantity.hpp>
#include <hebbforge/host/suggestion.hpp>

namespace hebbforge {
namespace {

std::string number_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return std::to_string(static_cast<std::int64_t>(value));
  return toml_real(value);
}

std::string range_text(double minimum, double maximum, std::string_view unit, bool above) {
  const std::string suffix = unit == "1" ? "" : " " + std::string(unit);
  const bool low = std::isfinite(minimum), high = std::isfinite(maximum);
  if (low && high) return "from " + number_text(minimum) + " to " + number_text(maximum) + suffix;
  if (low) return (above ? "above " : "of at least ") + number_text(minimum) + suffix;
  return "of at most " + number_text(maximum) + suffix;
}

std::string type_text(const abi::Parameter& p) {
  using T = abi::ParameterType;
  switch (p.type) {
    case T::real:
      return expected_quantity(p.unit);
    case T::integer:
      return "a whole number";
    case T::boolean:
      return "true or false";
    case T::text:
      return "a text";
    case T::path:
      return "the path of a file";
    case T::real_list:
      return "a list of which each is " + expected_quantity(p.unit);
    case T::integer_list:
      return "a list of whole numbers";
    case T::text_list:
      return "a list of texts";
  }
  return "";
}

std::vector<std::string> choices_of(const abi::Parameter& p) { return {p.choices.begin(), p.choices.end()}; }

}  // namespace

std::optional<double> checked_real(const Node& node, const std::string& subject, const NumberLimits& limits,
                                   Mistakes& mistakes) {
  std::optional<double> value;
  if (node.is_number()) value = node.number();
  if (node.type == Node::Type::text) value = parse_quantity(node.text(), limits.unit);
  if (!value || !std::isfinite(*value)) {
    mistakes.add(node.place,
                 subject + " is " + describe(node) + "; expected " + expected_quantity(limits.unit));
    return std::nullopt;
  }
  if (*value < limits.minimum || *value > limits.maximum ||
      (limits.above_minimum && *value == limits.minimum)) {
    mistakes.add(node.place,
                 subject + " is " + describe(node) + "; expected a value " +
                     range_text(limits.minimum, limits.maximum, limits.unit, limits.above_minimum));
    return std::nullopt;
  }
  return value;
}

std::optional<Config::Value> checked_value(const Node& node, const abi::Parameter& p, Mistakes& mistakes) {
  using T = abi::ParameterType;
  const std::string subject = "'" + std::string(p.name) + "'";
  const NumberLimits limits{p.unit, p.minimum, p.maximum, false};
  const auto wrong_type = [&] {
    mistakes.add(node.place, subject + " is " + describe(node) + "; expected " + type_text(p));
    return std::nullopt;
  };
  const auto checked_integer = [&](const Node& n) -> std::optional<std::int64_t> {
    if (n.type != Node::Type::integer) {
      mistakes.add(n.place, subject + " is " + describe(n) + "; expected " + type_text(p));
      return std::nullopt;
    }
    if (!checked_real(n, subject, {"1", p.minimum, p.maximum}, mistakes)) return std::nullopt;
    return std::get<std::int64_t>(n.scalar);
  };
  const auto checked_text = [&](const Node& n) -> std::optional<std::string> {
    if (n.type != Node::Type::text) {
      mistakes.add(n.place, subject + " is " + describe(n) + "; expected " + type_text(p));
      return std::nullopt;
    }
    const auto choices = choices_of(p);
    if (!choices.empty() && std::ranges::find(choices, n.text()) == choices.end()) {
      mistakes.add(n.place, subject + " is " + describe(n) + "." + suggestion(n.text(), choices) +
                                " Expected one of: " + joined(choices));
      return std::nullopt;
    }
    return n.text();
  };
  const auto list = [&](auto one) -> std::optional<Config::Value> {
    if (node.type != Node::Type::array) return wrong_type();
    std::vector<typename decltype(one(node))::value_type> values;
    bool complete = true;
    for (const Node& n : node.array) {
      const auto value = one(n);
      complete = complete && value.has_value();
      if (value) values.push_back(*value);
    }
    if (!complete) return std::nullopt;
    return values;
  };
  switch (p.type) {
    case T::real: {
      const auto value = checked_real(node, subject, limits, mistakes);
      return value ? std::optional<Config::Value>(*value) : std::nullopt;
    }
    case T::integer: {
      const auto value = checked_integer(node);
      return value ? std::optional<Config::Value>(*value) : std::nullopt;
    }
    case T::boolean:
      if (node.type != Node::Type::boolean) return wrong_type();
      return std::get<bool>(node.scalar);
    case T::text: {
      const auto value = checked_text(node);
      return value ? std::optional<Config::Value>(*value) : std::nullopt;
    }
    case T::path: {
      if (node.type != Node::Type::text) return wrong_type();
      return path_of(node.text(), node.place).string();
    }
    case T::real_list:
      return list([&](const Node& n) { return checked_real(n, subject, limits, mistakes); });
    case T::integer_list:
      return list(checked_integer);
    case T::text_list:
      return list(checked_text);
  }
  return std::nullopt;
}

TableReader::TableReader(const Node* table, std::string what, Place place, Mistakes& mistakes)
    : table_(table), what_(std::move(what)), place_(std::move(place)), mistakes_(mistakes) {
  if (table_ && table_->type != Node::Type::table) {
    mistakes_.add(table_->place, what_ + " is " + describe(*table_) + "; expected a table");
    table_ = nullptr;
  }
}

const Node* TableReader::find(std::string_view dotted) const noexcept {
  const Node* node = table_;
  if (!node) return nullptr;
  if (const Node* whole = node->find(dotted)) return whole;  // a quoted key may contain dots
  while (node && !dotted.empty()) {
    const auto dot = std::min(dotted.find('.'), dotted.size());
    node = node->type == Node::Type::table ? node->find(dotted.substr(0, dot)) : nullptr;
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  return node;
}

const Node* TableReader::take(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) {
    known_.emplace_back(key);
    descriptions_.emplace_back(key);
  }
  return find(key);
}

const Node* TableReader::table(std::string_view key) {
  const Node* node = take(key);
  if (!node || node->type == Node::Type::table) return node;
  mistakes_.add(node->place, "'" + std::string(key) + "' is " + describe(*node) + "; expected a table");
  return nullptr;
}

std::optional<double> TableReader::optional_real(std::string_view key, const NumberLimits& limits) {
  const Node* node = take(key);
  return node ? checked_real(*node, "'" + std::string(key) + "'", limits, mistakes_) : std::nullopt;
}

double TableReader::real(std::string_view key, double fallback, const NumberLimits& limits) {
  return optional_real(key, limits).value_or(fallback);
}

std::int64_t TableReader::integer(std::string_view key, std::int64_t fallback, std::int64_t minimum,
                                  std::int64_t maximum) {
  const Node* node = take(key);
  if (!node) return fallback;
  const std::string subject = "'" + std::string(key) + "'";
  if (node->type != Node::Type::integer) {
    mistakes_.add(node->place, subject + " is " + describe(*node) + "; expected a whole number");
    return fallback;
  }
  const std::int64_t value = std::get<std::int64_t>(node->scalar);
  if (value >= minimum && value <= maximum) return value;
  const bool open = maximum == std::numeric_limits<std::int64_t>::max();
  mistakes_.add(node->place,
                subject + " is " + describe(*node) + "; expected a whole number " +
                    (open ? "of at least " + std::to_string(minimum)
                          : "from " + std::to_string(minimum) + " to " + std::to_string(maximum)));
  return fallback;
}

bool TableReader::boolean(std::string_view key, bool fallback) {
  const Node* node = take(key);
  if (!node) return fallback;
  if (node->type == Node::Type::boolean) return std::get<bool>(node->scalar);
  mistakes_.add(node->place, "'" + std::string(key) + "' is " + describe(*node) + "; expected true or false");
  return fallback;
}

std::string TableReader::text(std::string_view key, const std::string& fallback,
                              const std::vector<std::string>& choices) {
  const Node* node = take(key);
  if (!node) return fallback;
  const std::string subject = "'" + std::string(key) + "' is " + describe(*node);
  if (node->type != Node::Type::text) {
    mistakes_.add(node->place,
                  subject + "; expected " + (choices.empty() ? "a text" : "one of: " + joined(choices)));
    return fallback;
  }
  if (!choices.empty() && std::ranges::find(choices, node->text()) == choices.end()) {
    mistakes_.add(node->place,
                  subject + "." + suggestion(node->text(), choices) + " Expected one of: " + joined(choices));
    return fallback;
  }
  return node->text();
}

void TableReader::require(std::string_view key) {
  if (!take(key)) mistakes_.add(place_, what_ + " needs the key '" + std::string(key) + "'");
}

// Whatever nobody else asked for, as the texts that a parameter "*" takes.
std::vector<std::string> TableReader::rest() {
  std::vector<std::string> texts;
  if (!table_) return texts;
  for (const Node::Entry& entry : table_->table) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    known_.push_back(entry.key);
    descriptions_.push_back(entry.key);
    const Node& value = entry.value;
    if (value.type == Node::Type::text || value.is_number())
      texts.push_back(entry.key + " = " + (value.is_number() ? describe(value) : value.text()));
    else
      mistakes_.add(value.place,
                    "'" + entry.key + "' is " + describe(value) + "; expected a number or a text");
  }
  return texts;
}

Config TableReader::config(std::span<const abi::Parameter> schema) {
  Config config;
  for (const abi::Parameter& p : schema) {
    if (p.name == any_other_key) continue;
    const Node* node = take(p.name);
    const std::string unit = p.unit == std::string_view("1") ? "" : " [" + std::string(p.unit) + "]";
    descriptions_.back() = p.name + unit;
    std::optional<Config::Value> value;
    if (node) value = checked_value(*node, p, mistakes_);
    if (!node && p.required) {
      mistakes_.add(place_, what_ + " needs the parameter '" + p.name + "': " + p.summary);
    }
    config.set(p.name, value ? *std::move(value) : default_value(p));
  }
  for (const abi::Parameter& p : schema) {
    if (p.name == any_other_key) config.set(p.name, rest());
  }
  return config;
}

void TableReader::finish(const std::string& owner) {
  if (table_) finish_table(*table_, "", owner);
}

void TableReader::finish_table(const Node& table, const std::string& prefix, const std::string& owner) {
  for (const Node::Entry& entry : table.table) {
    const std::string name = prefix + entry.key;
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const bool is_prefix =
        std::ranges::any_of(known_, [&](const std::string& k) { return k.starts_with(name + "."); });
    if (is_prefix && entry.value.type == Node::Type::table) {
      finish_table(entry.value, name + ".", owner);
      continue;
    }
    const std::string noun = owner.empty() ? "key" : "parameter";
    std::string text =
        (owner.empty() ? what_ : owner) + " has no " + noun + " '" + name + "'." + suggestion(name, known_);
    text += "\n  its " + noun + "s: " + (descriptions_.empty() ? "none" : joined(descriptions_));
    mistakes_.add(entry.key_place, text);
  }
}

void check_name(const Node::Entry& entry, Mistakes& mistakes) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c >= 0x80;
  };
  if (!entry.key.empty() && std::ranges::all_of(entry.key, allowed)) return;
  mistakes.add(entry.key_place,
               "the name " + toml_text(entry.key) + " may only have letters, digits, '_' and '-'");
}

}  // namespace hebbforge
