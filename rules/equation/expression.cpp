#include "expression.hpp"

#include <cctype>
#include <charconv>
#include <cmath>
#include <hebbforge/error.hpp>
#include <utility>

namespace hebbforge::equation {
namespace {

using Kind = Expression::Kind;

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_name(char c) { return begins_name(c) || c == '.' || (c >= '0' && c <= '9'); }

class Parser {
 public:
  Parser(std::string_view key, std::string_view text) : key_(key), text_(text) {}

  Expression whole() {
    if (text_.size() > longest_text) {
      fail(longest_text, 0,
           "'" + std::string(key_) + "' has " + std::to_string(text_.size()) + " characters; at most " +
               std::to_string(longest_text) + " are allowed: move parts of it to helper signals");
    }
    skip_space();
    if (at_ == text_.size()) fail(0, 0, "'" + std::string(key_) + "' is empty; expected an expression");
    Expression all = sum();
    if (at_ < text_.size()) fail_at_token(text_[at_] == ')' ? "there is no '(' for this ')'" : "");
    return all;
  }

 private:
  [[noreturn]] void fail(std::size_t offset, std::size_t length, const std::string& text) const {
    throw TextError(std::string(key_), offset, length, text);
  }

  // What the next piece is, and that nothing can begin or go on with it.
  [[noreturn]] void fail_at_token(std::string text, const char* expected = nullptr) const {
    if (at_ >= text_.size()) fail(at_, 0, std::string("the text ends here; expected ") + expected);
    const char c = text_[at_];
    std::size_t end = at_ + 1;
    if (begins_name(c) || std::isdigit(static_cast<unsigned char>(c))) {
      while (end < text_.size() && continues_name(text_[end])) ++end;
    } else {
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    }
    const std::string token(text_.substr(at_, end - at_));
    if (text.empty() && !expected &&
        (begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) || c == '('))
      text = "'" + token + "' follows a complete expression; products are written with '*'";
    if (text.empty())
      text =
          "'" + token + "' cannot stand here; expected " + (expected ? expected : "+, -, *, /, ^ or the end");
    fail(at_, end - at_, text);
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    skip_space();
    return true;
  }

  Expression made(Kind kind, std::size_t begin) const {
    Expression e;
    e.kind = kind;
    e.key = key_;
    e.offset = begin;
    std::size_t end = at_;
    while (end > begin && std::isspace(static_cast<unsigned char>(text_[end - 1]))) --end;
    e.length = end - begin;
    return e;
  }

  Expression joined(Kind kind, Expression left, Expression right) const {
    Expression e = made(kind, left.offset);
    e.arguments.push_back(std::move(left));
    e.arguments.push_back(std::move(right));
    return e;
  }

  Expression sum() {
    if (++depth_ > deepest_nesting) {
      fail(at_, 1,
           "brackets and powers nest more than " + std::to_string(deepest_nesting) +
               " deep; move the inner part to a helper signal");
    }
    Expression left = product();
    for (;;) {
      if (take('+'))
        left = joined(Kind::add, std::move(left), product());
      else if (take('-'))
        left = joined(Kind::subtract, std::move(left), product());
      else
        break;
    }
    --depth_;
    return left;
  }

  Expression product() {
    Expression left = signed_power();
    for (;;) {
      if (at_ < text_.size() && text_[at_] == '*' && text_.substr(at_).starts_with("**"))
        fail(at_, 2, "powers are written with '^', as in post^2");
      if (take('*'))
        left = joined(Kind::multiply, std::move(left), signed_power());
      else if (take('/'))
        left = joined(Kind::divide, std::move(left), signed_power());
      else
        return left;
    }
  }

  Expression signed_power() {
    const std::size_t begin = at_;
    int signs = 0;
    bool negative = false;
    while (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) {
      negative = negative != (text_[at_] == '-');
      take(text_[at_]);
      if (++signs > deepest_nesting) fail(at_, 0, "too many signs in a row");
    }
    Expression e = power();
    if (!negative) return e;
    Expression minus = made(Kind::negate, begin);
    minus.arguments.push_back(std::move(e));
    return minus;
  }

  Expression power() {
    Expression base = primary();
    if (!take('^')) return base;
    if (++depth_ > deepest_nesting) fail(at_, 0, "powers nest too deep");
    Expression exponent = signed_power();
    --depth_;
    return joined(Kind::power, std::move(base), std::move(exponent));
  }

  Expression primary() {
    const char* const expected = "a number, a name or '('";
    if (at_ >= text_.size()) fail_at_token("", expected);
    const std::size_t begin = at_;
    const char c = text_[at_];
    if (take('(')) {
      Expression inside = sum();
      if (!take(')')) {
        if (at_ >= text_.size()) fail(begin, 1, "this '(' is never closed");
        fail_at_token("");
      }
      return inside;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number(begin);
    if (begins_name(c)) return name_or_call(begin);
    fail_at_token("", expected);
  }

  Expression number(std::size_t begin) {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) fail_at_token("", "a number");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (at_ < text_.size() && begins_name(text_[at_])) {
      fail_at_token("a number with a unit needs a name: write tau = \"5 ms\" below, and tau here");
    }
    skip_space();
    Expression e = made(Kind::number, begin);
    e.number = value;
    return e;
  }

  Expression name_or_call(std::size_t begin) {
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    skip_space();
    std::vector<Expression> arguments;
    const bool is_call = take('(');
    if (is_call && !take(')')) {
      do arguments.push_back(sum());
      while (take(','));
      if (!take(')')) {
        if (at_ >= text_.size()) fail(begin, name.size(), "the '(' of '" + name + "' is never closed");
        fail_at_token("", "',' or ')'");
      }
    }
    Expression e = made(is_call ? Kind::call : Kind::name, begin);
    e.name = name;
    e.arguments = std::move(arguments);
    return e;
  }

  std::string_view key_, text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

int precedence(Kind kind) {
  switch (kind) {
    case Kind::add:
    case Kind::subtract:
      return 1;
    case Kind::negate:
      return 2;
    case Kind::multiply:
    case Kind::divide:
      return 3;
    case Kind::power:
      return 4;
    default:
      return 5;
  }
}

std::string bracketed(const Expression& e, int least) {
  const std::string text = text_of(e);
  return precedence(e.kind) < least ? "(" + text + ")" : text;
}

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

Expression parse(std::string_view key, std::string_view text) { return Parser(key, text).whole(); }

std::string text_of(const Expression& e) {
  const int here = precedence(e.kind);
  const auto binary = [&](const char* sign) {
    return bracketed(e.arguments[0], here) + sign + bracketed(e.arguments[1], here + 1);
  };
  switch (e.kind) {
    case Kind::number:
      return number_text(e.number);
    case Kind::name:
      return e.name;
    case Kind::add:
      return binary("+");
    case Kind::subtract:
      return binary("-");
    case Kind::multiply:
      return binary("*");
    case Kind::divide:
      return binary("/");
    case Kind::power:
      return bracketed(e.arguments[0], here + 1) + "^" + bracketed(e.arguments[1], here);
    case Kind::negate:
      return "-" + bracketed(e.arguments[0], here);
    case Kind::call: {
      std::string text = e.name + "(";
      for (const Expression& argument : e.arguments)
        text += (&argument == e.arguments.data() ? "" : ",") + text_of(argument);
      return text + ")";
    }
  }
  return {};
}

}  // namespace hebbforge::equation
