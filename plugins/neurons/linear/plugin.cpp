#include <array>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

/// \f$ \tau \dot s = -s + u + W r,\; r_{i+1} = g s_i \f$, forward Euler; the rate follows the state before
/// the step, as in threshold_linear. Rates may be negative.
class Linear final : public Neuron {
 public:
  static constexpr Identity identity{"hebbforge.linear", "1.0.0",
                                     "Linear rate neuron without threshold: rates may be negative."};
  static constexpr std::array schema{
      abi::Parameter{.name = "tau",
                     .unit = "s",
                     .summary = "Time constant of the state.",
                     .default_value = 10e-3,
                     .minimum = 1e-9},
      abi::Parameter{.name = "gain", .summary = "Rate per state.", .default_value = 1}};

  explicit Linear(const Config& config) : tau_(config.real("tau")), gain_(config.real("gain")) {}
  void step(const PopulationView& view) const noexcept override {
    const double part = view.dt / tau_;
    MatrixView state = view.state;
    VectorView rate = view.rate;
    for (Eigen::Index i = 0; i < rate.size(); ++i) {
      double& s = state(i, 0);
      rate[i] = gain_ * s;
      s += (view.input[i] - s) * part;
    }
  }

 private:
  double tau_, gain_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Linear, hebbforge::Neuron)
