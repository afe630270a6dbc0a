// A rule given as an equation.
#pragma once

#include <deque>
#include <hebbforge/config.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <string>
#include <vector>

#include "expansion.hpp"
#include "program.hpp"

namespace hebbforge::equation {

/// dw/dt as text, multiplied out into terms. Its parameters are the constants that the text names, in the
/// order of their definition; a term without one gets a coefficient of its own, "c.TERM", which starts at the
/// number before it. Where all terms are products that the engine knows the rule is separable; otherwise each
/// term is evaluated by a program for every synapse.
class Equation : public RuleBasis {
 public:
  /// \throws TextError
  explicit Equation(const Config& config);
  std::span<const abi::Parameter> parameters() const noexcept override { return parameters_; }
  std::span<const Signal> signals() const noexcept override { return signals_; }
  std::span<const Term> terms() const noexcept override { return terms_; }
  double multiplier(std::size_t term, ConstVectorView values) const noexcept override;
  bool separable() const noexcept override { return separable_; }
  std::string_view obstacle(std::size_t term) const noexcept override { return summands_[term].obstacle; }
  void accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                  VectorView effect) const override;

 private:
  /// What a term does not hold.
  struct Summand {
    double number = 1;
    std::vector<std::pair<int, int>> powers;  ///< of parameters, multiplied with `number`
    std::string obstacle;
    Program program;  ///< the product of its atoms
  };
  const char* keep(std::string text);
  std::string name_of(const Expansion& all, const Monomial& m, bool latex) const;
  void add_parameters(const Expansion& all, const std::vector<std::string>& names);
  void add_term(const Expansion& all, const Monomial& m, const std::string& name);

  std::deque<std::string> names_;  // stable addresses
  std::vector<abi::Parameter> parameters_;
  std::vector<Signal> signals_;
  std::vector<Term> terms_;
  std::vector<Summand> summands_;  ///< of the terms
  std::size_t own_ = 0;            ///< parameters "c.TERM", which come first
  bool separable_ = true;
};

}  // namespace hebbforge::equation
