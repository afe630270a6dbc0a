// The plasticity rule @FULL@.
#pragma once

#include <array>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace @NAME@_plugin {
using namespace hebbforge;

/// \f$ \dot w_{ij} = c_0\,\tilde x_j y_i + c_1\, w_{ij} y_i^2 \f$: a trace of the presynaptic rate times the
/// postsynaptic rate, bounded as by Oja (1982).
class @CLASS@ final : public hebbforge::RuleBasis {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0",
                                     "Presynaptic trace times postsynaptic rate, bounded as by Oja.",
                                     "Oja, J. Math. Biol. 15 (1982)"};
  static constexpr std::span<const abi::Parameter> schema{};  // nothing to set in a pipeline

  explicit @CLASS@(const Config&) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return all_parameters; }
  std::span<const Signal> signals() const noexcept override { return all_signals; }
  std::span<const Term> terms() const noexcept override { return all_terms; }

 private:
  static constexpr std::array all_parameters{coefficient("c.x~*y"), coefficient("c.w*y*y"),
                                             time_constant("tau.x~*y")};
  // What the host filters: the presynaptic rate, with the time constant that is parameter 2.
  static constexpr std::array all_signals{Signal{"trace", Side::pre, Source::activity, 2}};
  // Name, LaTeX, which parameter is the coefficient, postsynaptic factor, presynaptic factor, power of w,
  // which postsynaptic signal, which presynaptic signal (-1: none).
  static constexpr std::array all_terms{
      Term{"x~*y", R"(\tilde{x}_j y_i)", 0, Factor::activity, Factor::signal, 0, -1, 0},
      Term{"w*y*y", R"(w_{ij} y_i^2)", 1, Factor::activity_squared, Factor::one, 1}};
};

}  // namespace @NAME@_plugin
