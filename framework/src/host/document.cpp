#include "host/document.hpp"
#include "host/whole_file.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <hebbforge/error.hpp>
#include <sstream>

namespace hebbforge {
namespace {

Place place_of(const toml::source_region& region, const std::string& name) {
  return {name, static_cast<unsigned>(region.begin.line), static_cast<unsigned>(region.begin.column)};
}

Node converted(const toml::node& from, const std::string& name) {
  Node node;
  node.place = place_of(from.source(), name);
  switch (from.type()) {
    case toml::node_type::table:
      for (const auto& [key, value] : *from.as_table()) {
        node.table.push_back({std::string(key.str()), place_of(key.source(), name), converted(value, name)});
      }
      // toml++ sorts keys by name; order matters to the search vector and to messages.
      std::ranges::stable_sort(node.table, {}, [](const Node::Entry& e) {
        return std::pair(e.key_place.line, e.key_place.column);
      });
      break;
    case toml::node_type::array:
      node.type = Node::Type::array;
      for (const auto& value : *from.as_array()) node.array.push_back(converted(value, name));
      break;
    case toml::node_type::string:
      node.type = Node::Type::text;
      node.scalar = from.as_string()->get();
      break;
    case toml::node_type::integer:
      node.type = Node::Type::integer;
      node.scalar = from.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      node.type = Node::Type::real;
      node.scalar = from.as_floating_point()->get();
      break;
    case toml::node_type::boolean:
      node.type = Node::Type::boolean;
      node.scalar = from.as_boolean()->get();
      break;
    default:
      throw ConfigError(name, node.place.line, node.place.column,
                        "dates and times are not used in pipelines");
  }
  return node;
}

}  // namespace

double Node::number() const {
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) return static_cast<double>(*integer);
  return std::get<double>(scalar);
}

const std::string& Node::text() const { return std::get<std::string>(scalar); }

const Node* Node::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) noexcept {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

std::string describe(const Node& node) {
  switch (node.type) {
    case Node::Type::boolean:
      return std::get<bool>(node.scalar) ? "true" : "false";
    case Node::Type::integer:
      return std::to_string(std::get<std::int64_t>(node.scalar));
    case Node::Type::real:
      return toml_real(std::get<double>(node.scalar));
    case Node::Type::text:
      return toml_text(node.text());
    case Node::Type::array:
      return "a list";
    case Node::Type::table:
      return "a table";
  }
  return "";
}

namespace {
// Dotted keys nest without a limit, and so would everything that follows them down.
void refuse_deep_keys(std::string_view text, const std::string& name) {
  constexpr int deepest = 100;
  unsigned line = 1;
  int dots = 0;
  char quote = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
      quote = 0;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '.' && ++dots > deepest) {
      throw ConfigError(
          name, line, 1,
          "the line has more than " + std::to_string(deepest) + " dots; no key of a pipeline is that deep");
    }
  }
}
}  // namespace

Node parse_toml(std::string_view text, const std::string& name) {
  refuse_deep_keys(text, name);
  try {
    const toml::table table = toml::parse(text, name);
    return converted(table, name);
  } catch (const toml::parse_error& error) {
    const Place at = place_of(error.source(), name);
    throw ConfigError(name, at.line, at.column, "this is not TOML: " + std::string(error.description()));
  }
}

Node parse_toml_file(const std::filesystem::path& file) {
  return parse_toml(read_text_file(file, "a TOML file"), file.string());
}

Node parse_override(const std::string& text) {
  const std::string name = "--set " + text;
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError(name + ": expected key=value, as in --set loss.time.weight=500");
  }
  try {
    return parse_toml(text, name);
  } catch (const ConfigError&) {
    return parse_toml(text.substr(0, equals) + "=" + toml_text(text.substr(equals + 1)), name);
  }
}

namespace {
// Another plugin or distribution takes other parameters: nothing of the first is kept.
bool other_choice(const Node& base, const Node& over) {
  for (const char* key : {"plugin", "distribution"}) {
    const Node *a = base.find(key), *b = over.find(key);
    if (a && b && a->type == Node::Type::text && b->type == Node::Type::text && a->text() != b->text())
      return true;
  }
  return false;
}
}  // namespace

void merge(Node& base, const Node& over) {
  if (base.type != Node::Type::table || over.type != Node::Type::table || other_choice(base, over)) {
    base = over;
    return;
  }
  for (const Node::Entry& entry : over.table) {
    if (Node* there = base.find(entry.key)) {
      const auto found = std::ranges::find(base.table, entry.key, &Node::Entry::key);
      found->key_place = entry.key_place;
      merge(*there, entry.value);
    } else {
      base.table.push_back(entry);
    }
  }
}

std::filesystem::path path_of(const std::string& text, const Place& place) {
  const bool in_file = place.line > 0 && !place.file.starts_with("--");
  const auto directory = in_file ? std::filesystem::path(place.file).parent_path() : std::filesystem::path();
  return std::filesystem::absolute(directory / text).lexically_normal();
}

std::string first_comment(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  if (!line.starts_with('#')) return {};
  const auto from = line.find_first_not_of("# ");
  return from == std::string::npos ? "" : line.substr(from);
}

Place place_in(const Node& text, std::size_t offset) {
  Place place = text.place;
  std::ifstream in(place.file);
  std::string line;
  for (unsigned k = 0; k < place.line; ++k) std::getline(in, line);
  const std::string_view opening =
      std::string_view(line).substr(std::min<std::size_t>(place.column - 1, line.size()));
  const bool many_lines = opening.starts_with("\"\"\"") || opening.starts_with("'''");
  place.column += many_lines ? 3 : 1;
  if (many_lines && opening.size() <= 3) {  // the line break after the quotes is not part of the text
    ++place.line;
    place.column = 1;
  }
  for (const char c : std::string_view(text.text()).substr(0, offset)) {
    place.line += c == '\n' ? 1 : 0;
    place.column = c == '\n' ? 1 : place.column + 1;
  }
  return place;
}

std::string toml_path(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == name.npos) return toml_key(name);
  return toml_key(name.substr(0, dot)) + "." + toml_path(name.substr(dot + 1));
}

std::string toml_key(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  return bare ? std::string(key) : toml_text(key);
}

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04X", static_cast<unsigned>(c));
      quoted += escaped;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string toml_real(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string shortest(text, end);
  const bool is_real = shortest.find_first_of(".en") != std::string::npos;  // "inf", "nan", 1e5, 0.5
  return is_real ? shortest : shortest + ".0";
}

namespace {
template <class List, class One>
std::string toml_list(const List& values, One one) {
  std::string text = "[";
  for (const auto& v : values) text += (text.size() > 1 ? ", " : "") + one(v);
  return text + "]";
}
}  // namespace

std::string toml_value(const Config::Value& value) {
  struct Writer {
    std::string operator()(double v) const { return toml_real(v); }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(const std::string& v) const { return toml_text(v); }
    std::string operator()(const std::vector<double>& v) const { return toml_list(v, toml_real); }
    std::string operator()(const std::vector<std::int64_t>& v) const {
      return toml_list(v, [](std::int64_t i) { return std::to_string(i); });
    }
    std::string operator()(const std::vector<std::string>& v) const { return toml_list(v, toml_text); }
  };
  return std::visit(Writer{}, value);
}

std::string toml_inline(const Node& node) {
  if (node.type == Node::Type::array) return toml_list(node.array, toml_inline);
  if (node.type != Node::Type::table) return describe(node);  // a scalar, as TOML has it
  std::string text = "{";
  for (const Node::Entry& entry : node.table)
    text += (text.size() > 1 ? ", " : " ") + toml_key(entry.key) + " = " + toml_inline(entry.value);
  return text + (text.size() > 1 ? " }" : "}");
}

}  // namespace hebbforge
