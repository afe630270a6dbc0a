#include <array>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/register.hpp>

#include "summed_weight.hpp"

namespace {
using namespace hebbforge;

constexpr std::array sides{"both", "outgoing", "incoming"};

/// Heterosynaptic competition by soft limits on summed weights: outgoing sums first, then incoming ones of
/// the weights that this leaves.
class SummedWeightLimit final : public Constraint {
 public:
  static constexpr Identity identity{"hebbforge.summed_weight", "1.0.0",
                                     "Soft limit on the summed weight out of and onto each cell.",
                                     "Fiete et al., Neuron 65 (2010), doi 10.1016/j.neuron.2010.02.003"};
  static constexpr std::array schema{
      abi::Parameter{.name = "maximum",
                     .summary = "Summed weight of a cell beyond which its weights shrink.",
                     .default_value = 7.5,
                     .minimum = 0,
                     .maximum = 1e6,
                     .step = 0.75},
      abi::Parameter{.name = "rate",
                     .summary = "Part of the excess that each weight loses, per step.",
                     .default_value = 0.01,
                     .minimum = 0,
                     .maximum = 1,
                     .step = 0.003},
      abi::Parameter{.name = "side",
                     .summary = "Which sums are limited.",
                     .type = abi::ParameterType::text,
                     .default_texts = {sides.data(), 1},
                     .choices = {sides.data(), sides.size()}},
      abi::Parameter{.name = "plastic_only",
                     .summary = "Leave weights out that are not plastic or not alive.",
                     .type = abi::ParameterType::boolean,
                     .default_value = 0}};

  explicit SummedWeightLimit(const Config& c)
      : sums_(c.real("maximum"), c.real("rate"), c.boolean("plastic_only")),
        outgoing_(c.text("side") != "incoming"),
        incoming_(c.text("side") != "outgoing") {}
  void before_trial(std::int64_t, std::string_view, const LifeView&) override { begins_ = true; }
  void apply(MatrixView weights, ConstMatrixView mask) override {
    if (begins_) sums_.begin_trial(as_const(weights), mask);
    begins_ = false;
    if (outgoing_) sums_.limit_outgoing(weights);
    if (incoming_) sums_.limit_incoming(weights);
  }

 private:
  summed_weight::SummedWeight sums_;
  bool outgoing_, incoming_, begins_ = true;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(SummedWeightLimit, hebbforge::Constraint)
