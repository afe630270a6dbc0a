// Rules written as products of local quantities.
#pragma once

#include <deque>
#include <hebbforge/config.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <string>
#include <vector>

namespace hebbforge::polynomial {

/// A sum of terms given as text: products of w, x (presynaptic rate), y (postsynaptic rate) and their traces
/// x~, y~, separated by spaces or '*'; "1" is the constant. Each factor with ~ has a time constant of its
/// own. Powers are written out: "w y y". Per side a term may have a rate, its square, a trace, its square, or
/// rate times trace.
class Polynomial final : public RuleBasis {
 public:
  /// \throws Error for a term that is none, or that stands twice
  explicit Polynomial(const Config& config);
  std::span<const abi::Parameter> parameters() const noexcept override { return parameters_; }
  std::span<const Signal> signals() const noexcept override { return signals_; }
  std::span<const Term> terms() const noexcept override { return terms_; }

 private:
  void add(const std::string& text);
  const std::string& keep(std::string text);
  std::deque<std::string> names_;  // stable addresses
  std::vector<abi::Parameter> parameters_, time_constants_;
  std::vector<Signal> signals_;
  std::vector<Term> terms_;
};

/// "x~ y", "y * x~" -> "x~*y": w first, then trace and rate of the presynaptic, then of the postsynaptic
/// side. A term's own name, so one spelling per term. \throws Error for other characters
std::string canonical_term(const std::string& text);

}  // namespace hebbforge::polynomial
