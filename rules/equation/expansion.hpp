// An equation multiplied out: a sum of products of local quantities.
#pragma once

#include <compare>
#include <deque>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expression.hpp"
#include "program.hpp"

namespace hebbforge::equation {

/// A number with a name.
struct Constant {
  std::string name;
  double value = 0;
  bool is_time = false;           ///< it was given with a unit of time
  bool is_time_constant = false;  ///< of a filter
};

/// What the host filters for the equation, or reads from the pipeline's input.
struct FilteredSignal {
  std::string name;  ///< what the equation calls it
  std::string dataset{};
  Side side = Side::pre;
  Source source = Source::activity;
  int constant = -1;  ///< its time constant; -1: not filtered
  bool kept_for_life = false;
};

/// What cannot be multiplied out: a call of a function, a quotient.
struct Opaque {
  std::string text;
  Program program;
};

/// A local quantity. In the order in which a term's name has them.
struct Atom {
  enum class Kind { weight, pre, pre_signal, post, post_signal, synapse_signal, global_signal, opaque };
  Kind kind = Kind::weight;
  int index = 0;  ///< of signals, within their side; of opaque ones, into opaque()
  auto operator<=>(const Atom&) const = default;
};

/// Pushes it; not of an opaque one.
Instruction instruction_of(const Atom& atom);

/// number * product of constants * product of atoms, each to a power. Only constants have negative ones.
struct Monomial {
  double number = 1;
  std::map<int, int> constants;  ///< index: power
  std::map<Atom, int> atoms;     ///< atom: power
};
using Polynomial = std::vector<Monomial>;

inline constexpr std::size_t most_terms = 400, most_definitions = 400;
inline constexpr int largest_power = 8;
// Of pieces within pieces, through helper signals; of products of two terms, all in all.
inline constexpr int deepest_expansion = 2500;
inline constexpr std::size_t most_products = 50000;

/// An equation and what is defined for it. Names are pre, post, w; `task.NAME`, a dataset of the pipeline's
/// input; and what is defined: constants (a number, or a text such as "5 ms") and helper signals
/// (expressions). `filter(A, tau)` is A's trace, A being pre, post, their squares, pre*post or a dataset;
/// `filter(A, tau, life)` is not reset between trials.
class Expansion {
 public:
  /// \param equation     the right side of dw/dt
  /// \param definitions  each "NAME = VALUE"
  /// \throws TextError
  Expansion(std::string_view equation, std::span<const std::string> definitions);

  const std::vector<Constant>& constants() const noexcept { return constants_; }
  const std::vector<FilteredSignal>& signals() const noexcept { return signals_; }
  const std::vector<Opaque>& opaque() const noexcept { return opaque_; }
  const Polynomial& terms() const noexcept { return terms_; }
  const FilteredSignal& signal_of(const Atom& atom) const;

 private:
  struct Definition {
    std::string name, text;
    Expression expression{};
    int constant = -1;
    bool used = false, open = false;
    std::optional<Polynomial> polynomial{};
  };
  void define(const std::string& text);
  Definition& definition_of(const Expression& name);

  Polynomial expand(const Expression& e, const std::string& alias = {});
  Polynomial expand_piece(const Expression& e);
  Polynomial product(const Expression& at, const Polynomial& a, const Polynomial& b);
  Polynomial expand_name(const Expression& e);
  Polynomial expand_quotient(const Expression& e);
  Polynomial expand_power(const Expression& e);
  std::optional<Atom> leaf(const Expression& e, const std::string& alias);
  Atom filtered(const Expression& call, const std::string& alias);
  Atom add(FilteredSignal signal);
  Polynomial opaque(const Expression& e);
  void compile(const Expression& e, Program& program);
  void compile_piece(const Expression& e, Program& program);

  int depth_ = 0;
  std::size_t products_ = 0;
  std::vector<Constant> constants_;
  std::vector<FilteredSignal> signals_;
  std::vector<Opaque> opaque_;
  std::deque<Definition> definitions_;  // stable addresses
  Polynomial terms_;
};

}  // namespace hebbforge::equation
