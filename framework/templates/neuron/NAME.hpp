// The neuron @FULL@.
#pragma once

#include <array>
#include <cmath>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/register.hpp>

namespace @NAME@_plugin {
using namespace hebbforge;

/// \f$ \tau \dot s = -s + u + W r,\; r = m \tanh([s - b]^+ / m) \f$, forward Euler; the rate follows the
/// state before the step.
class @CLASS@ final : public hebbforge::Neuron {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0", "Rate neuron that saturates."};
  static constexpr std::array schema{
      abi::Parameter{.name = "tau",
                     .unit = "s",
                     .summary = "Time constant of the state.",
                     .default_value = 10e-3,
                     .minimum = 1e-9},
      abi::Parameter{
          .name = "threshold", .summary = "State above which the cell is active.", .default_value = 0.1},
      abi::Parameter{.name = "maximum", .summary = "Highest rate.", .default_value = 1, .minimum = 1e-9}};

  explicit @CLASS@(const Config& config)
      : tau_(config.real("tau")), threshold_(config.real("threshold")), maximum_(config.real("maximum")) {}
  bool non_negative() const noexcept override { return true; }
  void step(const PopulationView& view) const noexcept override {
    const double part = view.dt / tau_;
    MatrixView state = view.state;
    VectorView rate = view.rate;
    for (Eigen::Index i = 0; i < rate.size(); ++i) {
      const double above = state(i, 0) - threshold_;
      rate[i] = above > 0 ? maximum_ * std::tanh(above / maximum_) : 0;
      state(i, 0) += (view.input[i] - state(i, 0)) * part;
    }
  }

 private:
  double tau_, threshold_, maximum_;
};

}  // namespace @NAME@_plugin
