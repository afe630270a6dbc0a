// The perturbation @FULL@.
#pragma once

#include <array>
#include <cmath>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/register.hpp>
#include <string>

namespace @NAME@_plugin {
using namespace hebbforge;

/// Multiplies every plastic weight by \f$ e^{\sigma \xi} \f$, with \f$ \xi \f$ standard normal: signs are
/// kept, and what is 0 stays 0. All numbers are drawn, plastic or not, so that networks with other masks stay
/// paired. \param weights, plastic  shape (n_post, n_pre)
inline void disturb(MatrixView weights, ConstMatrixView plastic, double sd, Random& random) {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      const double factor = std::exp(sd * random.normal());
      if (plastic(i, j) != 0) weights(i, j) *= factor;
    }
  }
}

class @CLASS@ final : public hebbforge::Perturbation {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0",
                                     "Multiplicative noise on the weights of a pathway."};
  static constexpr std::array schema{abi::Parameter{.name = "pathway",
                                                    .summary = "Pathway whose weights are disturbed.",
                                                    .type = abi::ParameterType::text,
                                                    .required = true,
                                                    .refers_to = "pathway"},
                                     abi::Parameter{.name = "sd",
                                                    .summary = "Standard deviation of a weight's logarithm.",
                                                    .default_value = 0.02,
                                                    .minimum = 0,
                                                    .maximum = 1,
                                                    .step = 0.005}};

  explicit @CLASS@(const Config& config) : pathway_(config.text("pathway")), sd_(config.real("sd")) {}
  void before_trial(std::int64_t, LifeView& life, Random& random) override {
    disturb(life.weights(pathway_), as_const(life.plastic(pathway_)), sd_, random);
  }

 private:
  std::string pathway_;
  double sd_;
};

}  // namespace @NAME@_plugin
