#include <array>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/register.hpp>
#include <utility>

#include "synaptic_scaling.hpp"

namespace {
using namespace hebbforge;

/// Follows the mean rates in the trial before and acts in the first step of each trial.
class SynapticScaling final : public Constraint {
 public:
  static constexpr Identity identity{
      "hebbforge.synaptic_scaling", "1.0.0", "Scales the weights onto each cell towards its target rate.",
      "van Rossum, Bi & Turrigiano, J. Neurosci. 20 (2000), doi 10.1523/JNEUROSCI.20-23-08812.2000"};
  static constexpr std::array schema{
      abi::Parameter{.name = "target",
                     .summary = "Mean rate of a cell over a trial at which its weights stay.",
                     .default_value = 0.02,
                     .minimum = 1e-6,
                     .maximum = 1e3,
                     .log_scale = true,
                     .step = 0.3},
      abi::Parameter{.name = "rate",
                     .summary = "Largest change of a weight's logarithm per trial; negative for inhibition.",
                     .default_value = 0.01,
                     .minimum = -1,
                     .maximum = 1,
                     .step = 0.003}};

  explicit SynapticScaling(const Config& c) : target_(c.real("target")), rate_(c.real("rate")) {}
  std::span<const Recording> recordings() const noexcept override { return wanted; }

  void before_trial(std::int64_t, std::string_view pathway, const LifeView& life) override {
    const auto rates = life.recording("rates");
    pending_ = !rates.empty();
    if (!pending_) return;
    const std::string_view cells = life.postsynaptic(pathway);
    factors_ = rates[0].middleRows(life.first_cell(cells), life.cells(cells)).rowwise().mean();
    for (double& f : factors_) f = synaptic_scaling::scaling_factor(f, target_, rate_);
  }

  void apply(MatrixView weights, ConstMatrixView mask) override {
    if (pending_) synaptic_scaling::scale_incoming(weights, mask, view_of(std::as_const(factors_)));
    pending_ = false;
  }

 private:
  static constexpr std::array wanted{Recording{"rates", "rate", "previous"}};
  double target_, rate_;
  Eigen::VectorXd factors_;
  bool pending_ = false;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(SynapticScaling, hebbforge::Constraint)
