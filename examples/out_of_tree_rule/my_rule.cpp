#include <array>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

/// \f$ \dot w_{ij} = c_0\,\tilde x_j y_i + c_1\, w_{ij} y_i^2 \f$: a trace of the presynaptic rate, bounded
/// as by Oja (1982).
class MyRule final : public RuleBasis {
 public:
  static constexpr Identity identity{"mylab.my_rule", "1.0.0",
                                     "Presynaptic trace times postsynaptic rate, with Oja's bound."};
  static constexpr std::span<const abi::Parameter> schema{};  // nothing to set in a pipeline

  explicit MyRule(const Config&) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return all_parameters; }
  std::span<const Signal> signals() const noexcept override { return all_signals; }
  std::span<const Term> terms() const noexcept override { return all_terms; }

 private:
  static constexpr std::array all_parameters{coefficient("c.x~*y"), coefficient("c.w*y*y"),
                                             time_constant("tau.x~*y")};
  static constexpr std::array all_signals{
      Signal{"trace", Side::pre, Source::activity, 2}};  // time constant: parameter 2
  static constexpr std::array all_terms{
      // name, LaTeX, coefficient, postsynaptic factor, presynaptic factor, power of w, signal of post, of pre
      Term{"x~*y", R"(\tilde{x}_j y_i)", 0, Factor::activity, Factor::signal, 0, -1, 0},
      Term{"w*y*y", R"(w_{ij} y_i^2)", 1, Factor::activity_squared, Factor::one, 1}};
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(MyRule, RuleBasis)
