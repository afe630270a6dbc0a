#include <array>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

/// \f$ \tau \dot s = -s + u + W r,\; r_{i+1} = g [s_i - b]^+ \f$, forward Euler; the rate follows the state
/// before the step (one step of delay), as in the published model (Bell et al. 2024).
class ThresholdLinear final : public Neuron {
 public:
  static constexpr Identity identity{"hebbforge.threshold_linear", "1.0.0", "Threshold-linear rate neuron.",
                                     "Bell et al., NeurIPS 37 (2024)"};
  static constexpr std::array schema{
      abi::Parameter{.name = "tau",
                     .unit = "s",
                     .summary = "Time constant of the state.",
                     .default_value = 10e-3,
                     .minimum = 1e-9},
      abi::Parameter{
          .name = "threshold", .summary = "State above which the cell is active.", .default_value = 0.1},
      abi::Parameter{
          .name = "gain", .summary = "Rate per state above threshold.", .default_value = 1, .minimum = 0}};

  explicit ThresholdLinear(const Config& config)
      : tau_(config.real("tau")), threshold_(config.real("threshold")), gain_(config.real("gain")) {}
  bool non_negative() const noexcept override { return true; }
  std::optional<ThresholdLinearCells> threshold_linear() const noexcept override {
    return ThresholdLinearCells{tau_, threshold_, gain_};
  }
  void step(const PopulationView& view) const noexcept override {
    const double part = view.dt / tau_;
    MatrixView state = view.state;
    VectorView rate = view.rate;
    double* s = state.data();
    double* r = rate.data();
    const double* v = view.input.data();
    for (Eigen::Index i = 0; i < view.input.size(); ++i) {
      const double above = s[i] - threshold_;
      r[i] = above > 0 ? gain_ * above : 0;
      s[i] += (v[i] - s[i]) * part;
    }
  }

 private:
  double tau_, threshold_, gain_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(ThresholdLinear, hebbforge::Neuron)
