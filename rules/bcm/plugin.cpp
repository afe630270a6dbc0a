#include <array>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

// How slowly the threshold slides: slower than the search for a fixed point of y, which is the user's choice.
constexpr abi::Parameter threshold_time_constant() {
  abi::Parameter p = time_constant("tau.theta", "Time constant of the threshold.");
  p.default_value = 1;
  p.minimum = 1e-3;
  p.maximum = 1e3;
  p.log_scale = true;
  p.step = 0.5;
  return p;
}

/// Bienenstock, Cooper & Munro (1982), with the threshold of Intrator & Cooper (1992):
/// \f$ \dot w_{ij} = c\,x_j\,y_i\,(y_i - \theta_i) \f$, \f$ \theta_i \f$ the filtered \f$ y_i^2 \f$.
class Bcm final : public RuleBasis {
 public:
  static constexpr Identity identity{
      "bienenstock1982.bcm", "1.0.0", "Hebbian above, anti-Hebbian below a threshold that slides.",
      "Bienenstock, Cooper & Munro, J. Neurosci. 2 (1982), doi 10.1523/JNEUROSCI.02-01-00032.1982"};
  static constexpr std::span<const abi::Parameter> schema{};

  explicit Bcm(const Config&) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return all_parameters; }
  std::span<const Signal> signals() const noexcept override { return all_signals; }
  std::span<const Term> terms() const noexcept override { return all_terms; }

 private:
  static constexpr std::array all_parameters{
      coefficient("c.bcm", "Coefficient of both terms of the expanded bracket."), threshold_time_constant()};
  static constexpr std::array all_signals{Signal{"theta", Side::post, Source::activity_squared, 1, true}};
  static constexpr std::array all_terms{
      Term{"x*y*y", "x_j y_i^2", 0, Factor::activity_squared, Factor::activity},
      Term{.name = "x*y*theta",
           .latex = R"(x_j y_i \theta_i)",
           .coefficient = 0,
           .post = Factor::signal_times_activity,
           .pre = Factor::activity,
           .post_signal = 0,
           .sign = -1}};
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Bcm, hebbforge::RuleBasis)
