// A TOML file as a tree that remembers where everything stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/config.hpp>
#include <hebbforge/export.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hebbforge {

/// Where a key or a value stands; `line` and `column` count from 1.
struct Place {
  std::string file;
  unsigned line = 0, column = 0;
};

/// A TOML value. Tables keep the order of the file.
struct HEBBFORGE_API Node {
  enum class Type { boolean, integer, real, text, array, table };
  struct Entry;

  Type type = Type::table;
  std::variant<bool, std::int64_t, double, std::string> scalar;
  std::vector<Node> array;
  std::vector<Entry> table;
  Place place;

  bool is_number() const noexcept { return type == Type::integer || type == Type::real; }
  double number() const;            ///< of an integer or real
  const std::string& text() const;  ///< of a text
  const Node* find(std::string_view key) const noexcept;
  Node* find(std::string_view key) noexcept;
};

struct HEBBFORGE_API Node::Entry {
  std::string key;
  Place key_place;
  Node value;
};

/// "a table", "a text", …: what a message says that it found.
HEBBFORGE_API std::string describe(const Node& node);

/// \throws ConfigError at the place of a syntax error, or if the file cannot be read
HEBBFORGE_API Node parse_toml_file(const std::filesystem::path& file);
/// \param name  stands for the file in places
HEBBFORGE_API Node parse_toml(std::string_view text, const std::string& name);

/// What `--set key=value` says, as a tree to be merged; a value that is no TOML is a text.
/// \throws ConfigError if there is no '='
HEBBFORGE_API Node parse_override(const std::string& text);

/// Tables are merged key by key, everything else of `over` replaces what `base` has: also a whole table
/// that chooses another `plugin` or `distribution`.
HEBBFORGE_API void merge(Node& base, const Node& over);

/// The absolute path that a text means: relative to the file that says it, or, said on the command line, to
/// the working directory.
HEBBFORGE_API std::filesystem::path path_of(const std::string& text, const Place& place);

/// The file's first comment line, without '#'; "" if it does not begin with one.
HEBBFORGE_API std::string first_comment(const std::filesystem::path& file);

/// Where a byte of a text stands in its file; near it, if the text has escapes.
HEBBFORGE_API Place place_in(const Node& text, std::size_t offset);

/// A plugin's parameter as a key: the dots in its name are TOML's own.
HEBBFORGE_API std::string toml_path(std::string_view name);
/// A key or value as TOML. Reals are the shortest text that gives the same bits.
HEBBFORGE_API std::string toml_key(std::string_view key);
HEBBFORGE_API std::string toml_text(std::string_view text);
HEBBFORGE_API std::string toml_real(double value);
HEBBFORGE_API std::string toml_value(const Config::Value& value);
/// The same of any node, on one line: tables as inline tables.
HEBBFORGE_API std::string toml_inline(const Node& node);

}  // namespace hebbforge
