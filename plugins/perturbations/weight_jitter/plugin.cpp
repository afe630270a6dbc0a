#include <array>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/register.hpp>
#include <string>

#include "weight_jitter.hpp"

namespace {
using namespace hebbforge;

constexpr std::array kinds{"multiplicative", "additive"};

class WeightJitter final : public Perturbation {
 public:
  static constexpr Identity identity{"hebbforge.weight_jitter", "1.0.0",
                                     "Noise on the plastic weights of a pathway before a trial."};
  static constexpr std::array schema{
      abi::Parameter{.name = "pathway",
                     .summary = "Pathway whose weights are disturbed.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "pathway"},
      abi::Parameter{.name = "noise",
                     .summary = "Of the weight's logarithm, or of the weight.",
                     .type = abi::ParameterType::text,
                     .default_texts = {kinds.data(), 1},
                     .choices = {kinds.data(), kinds.size()}},
      abi::Parameter{.name = "sd",
                     .summary = "Standard deviation of the noise, each time.",
                     .default_value = 0.02,
                     .minimum = 0,
                     .maximum = 1e3,
                     .step = 0.005},
      abi::Parameter{.name = "keep_signs",
                     .summary = "Weights that additive noise would carry across 0 become 0.",
                     .type = abi::ParameterType::boolean,
                     .default_value = 1}};

  explicit WeightJitter(const Config& c)
      : pathway_(c.text("pathway")),
        multiplicative_(c.text("noise") == kinds[0]),
        sd_(c.real("sd")),
        keep_signs_(c.boolean("keep_signs")) {}

  void before_trial(std::int64_t, LifeView& life, Random& random) override {
    weight_jitter::disturb(life.weights(pathway_), as_const(life.plastic(pathway_)), random,
                           [&](double w, double noise) {
                             return multiplicative_ ? weight_jitter::multiplied(w, sd_, noise)
                                                    : weight_jitter::added(w, sd_, noise, keep_signs_);
                           });
  }

 private:
  std::string pathway_;
  bool multiplicative_;
  double sd_;
  bool keep_signs_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(WeightJitter, hebbforge::Perturbation)
