#include <array>
#include <cmath>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

/// \f$ \tau \dot s = -s + u + W r,\; r_{i+1} = \tanh(g (s_i - b)) \f$, forward Euler; the rate follows the
/// state before the step, as in threshold_linear.
class Tanh final : public Neuron {
 public:
  static constexpr Identity identity{"hebbforge.tanh", "1.0.0",
                                     "Saturating rate neuron: a hyperbolic tangent."};
  static constexpr std::array schema{
      abi::Parameter{.name = "tau",
                     .unit = "s",
                     .summary = "Time constant of the state.",
                     .default_value = 10e-3,
                     .minimum = 1e-9},
      abi::Parameter{.name = "threshold", .summary = "State at which the rate is 0."},
      abi::Parameter{
          .name = "gain", .summary = "Slope of the rate at the threshold.", .default_value = 1, .minimum = 0},
      abi::Parameter{.name = "rectify",
                     .summary = "Whether the rate is 0 below the threshold, not negative.",
                     .type = abi::ParameterType::boolean}};

  explicit Tanh(const Config& config)
      : tau_(config.real("tau")),
        threshold_(config.real("threshold")),
        gain_(config.real("gain")),
        rectify_(config.boolean("rectify")) {}
  bool non_negative() const noexcept override { return rectify_; }
  void step(const PopulationView& view) const noexcept override {
    const double part = view.dt / tau_;
    MatrixView state = view.state;
    VectorView rate = view.rate;
    for (Eigen::Index i = 0; i < rate.size(); ++i) {
      double& s = state(i, 0);
      const double above = s - threshold_;
      rate[i] = rectify_ && above <= 0 ? 0 : std::tanh(gain_ * above);
      s += (view.input[i] - s) * part;
    }
  }

 private:
  double tau_, threshold_, gain_;
  bool rectify_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Tanh, hebbforge::Neuron)
