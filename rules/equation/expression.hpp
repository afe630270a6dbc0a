// The text of an equation as a tree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge::equation {

/// A piece of an equation. Of a call, `name` is the function and `arguments` are its; of an operator,
/// `arguments` are its operands.
struct Expression {
  enum class Kind { number, name, add, subtract, multiply, divide, power, negate, call };
  Kind kind = Kind::number;
  double number = 0;
  std::string name;
  std::vector<Expression> arguments;
  std::string_view key;  ///< of the text it stands in, for messages; outlives the expression
  std::size_t offset = 0, length = 0;
};

/// What stands in an equation is text, never code: limits keep hostile ones small.
inline constexpr std::size_t longest_text = 4000;
inline constexpr int deepest_nesting = 64;

/// Sums and differences, products and quotients, powers (`^`, binding tighter than a sign before it),
/// brackets, calls of functions; numbers, and names of letters, digits, '_' and '.'. \param key  names the
/// text in errors, and has to outlive the result \throws TextError at what cannot be read, saying what was
/// expected there
Expression parse(std::string_view key, std::string_view text);

/// The expression as text, with no more brackets than it needs.
std::string text_of(const Expression& expression);

}  // namespace hebbforge::equation
