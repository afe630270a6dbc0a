#include <array>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/register.hpp>

#include "weight_cap.hpp"

namespace {
using namespace hebbforge;

class WeightCap final : public Constraint {
 public:
  static constexpr Identity identity{"hebbforge.weight_cap", "1.0.0", "Bounds every single weight.",
                                     "Fiete et al., Neuron 65 (2010), doi 10.1016/j.neuron.2010.02.003"};
  static constexpr std::array schema{
      abi::Parameter{.name = "maximum",
                     .summary = "Largest size of a weight.",
                     .default_value = 2.5,
                     .minimum = 0,
                     .maximum = 1e6,
                     .step = 0.25},
      abi::Parameter{.name = "plastic_only",
                     .summary = "Leave weights alone that are not plastic or not alive.",
                     .type = abi::ParameterType::boolean,
                     .default_value = 0}};

  explicit WeightCap(const Config& c)
      : maximum_(c.real("maximum")), plastic_only_(c.boolean("plastic_only")) {}
  void apply(MatrixView weights, ConstMatrixView mask) override {
    weight_cap::limit(weights, mask, maximum_, plastic_only_);
  }

 private:
  double maximum_;
  bool plastic_only_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(WeightCap, hebbforge::Constraint)
