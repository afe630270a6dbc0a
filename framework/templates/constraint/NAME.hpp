// The constraint @FULL@.
#pragma once

#include <array>
#include <cmath>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/register.hpp>

namespace @NAME@_plugin {
using namespace hebbforge;

/// Scales down the plastic weights onto every postsynaptic cell whose sum of |w| exceeds `maximum`.
class @CLASS@ final : public hebbforge::Constraint {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0",
                                     "Bounds the summed weight onto each postsynaptic cell.",
                                     "Fiete et al., Neuron 65 (2010)"};
  static constexpr std::array schema{abi::Parameter{.name = "maximum",
                                                    .summary = "Largest sum of |w| over plastic synapses.",
                                                    .default_value = 8,
                                                    .minimum = 0,
                                                    .maximum = 1e6,
                                                    .step = 0.5}};

  explicit @CLASS@(const Config& config) : maximum_(config.real("maximum")) {}
  void apply(MatrixView weights, ConstMatrixView mask) override {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      double sum = 0;
      for (Eigen::Index j = 0; j < weights.cols(); ++j) sum += mask(i, j) * std::abs(weights(i, j));
      if (sum <= maximum_) continue;
      for (Eigen::Index j = 0; j < weights.cols(); ++j) {
        if (mask(i, j) != 0) weights(i, j) *= maximum_ / sum;
      }
    }
  }

 private:
  double maximum_;
};

}  // namespace @NAME@_plugin
