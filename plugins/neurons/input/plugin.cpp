#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

/// \f$ r_{i+1} = u_i + W r_i \f$: the rate is what the stimulus gives in that step. For populations that
/// stand for the inputs of a circuit.
class InputCells final : public Neuron {
 public:
  static constexpr Identity identity{"hebbforge.input", "1.0.0",
                                     "Input cell: its rate is the drive that it gets in the step."};
  static constexpr std::span<const abi::Parameter> schema{};

  explicit InputCells(const Config&) {}
  Eigen::Index states() const noexcept override { return 0; }
  void step(const PopulationView& view) const noexcept override {
    VectorView rate = view.rate;
    rate = view.input;
  }
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(InputCells, hebbforge::Neuron)
