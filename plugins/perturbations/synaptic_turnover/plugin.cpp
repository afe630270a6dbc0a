#include <array>
#include <cmath>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/register.hpp>
#include <string>

namespace {
using namespace hebbforge;

/// Synaptic turnover (Bell et al. 2024, Eq. 5): before a trial, each synapse toggles with a given
/// probability: an existing one becomes 0, an absent one is born with a small weight. Owns its mask of which
/// synapses exist; a synapse that plasticity silenced still exists. All uniforms are drawn and compared with
/// the probability, so different probabilities are paired.
class SynapticTurnover final : public Perturbation {
 public:
  static constexpr Identity identity{"hebbforge.synaptic_turnover", "1.0.0",
                                     "Random loss and gain of synapses before a trial.",
                                     "Bell et al., NeurIPS 37 (2024), Eq. 5"};
  static constexpr std::array schema{
      abi::Parameter{.name = "pathway",
                     .summary = "Pathway whose synapses turn over.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "pathway"},
      abi::Parameter{.name = "probability",
                     .summary = "Per synapse and trial.",
                     .default_value = 7.2e-4,
                     .minimum = 0,
                     .maximum = 1,
                     .step = 1e-4},
      abi::Parameter{.name = "newborn_weight",
                     .summary = "Size of a newborn weight; its sign is the pathway's.",
                     .default_value = 0.08},
      abi::Parameter{.name = "legacy_diagonal",
                     .summary = "Also toggle self-synapses and absent ones, as the published code did.",
                     .type = abi::ParameterType::boolean,
                     .default_value = 0}};

  explicit SynapticTurnover(const Config& c)
      : pathway_(c.text("pathway")),
        probability_(c.real("probability")),
        newborn_(c.real("newborn_weight")),
        legacy_(c.boolean("legacy_diagonal")) {}

  void before_trial(std::int64_t, LifeView& life, Random& random) override {
    MatrixView w = life.weights(pathway_);
    const MatrixView plastic = life.plastic(pathway_);
    if (exists_.size() == 0) {
      exists_ = Eigen::MatrixXd::Ones(w.rows(), w.cols());
      newborn_ = std::copysign(newborn_, w.sum());
    }
    for (Eigen::Index j = 0; j < w.cols(); ++j) {
      for (Eigen::Index i = 0; i < w.rows(); ++i) {
        const bool toggles = random.uniform() < probability_;
        if (!toggles || (!legacy_ && plastic(i, j) == 0)) continue;
        w(i, j) = exists_(i, j) != 0 ? 0 : newborn_;
        exists_(i, j) = 1 - exists_(i, j);
      }
    }
  }

 private:
  std::string pathway_;
  double probability_, newborn_;
  bool legacy_;
  Eigen::MatrixXd exists_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(SynapticTurnover, hebbforge::Perturbation)
