// The promises of a neuron.
#include <hebbforge/interfaces/neuron.hpp>

#include "contracts/battery.hpp"

namespace hebbforge::contracts {
namespace {

using Eigen::Index;
constexpr Index steps = 1000;

// Rates of shape (cells, steps), from a reset, of which the states' padding stays.
Eigen::MatrixXd rates(const Neuron& neuron, const Eigen::MatrixXd& input) {
  Padded state(input.rows(), neuron.states());
  Eigen::VectorXd rate = Eigen::VectorXd::Zero(input.rows());
  Eigen::MatrixXd all(input.rows(), input.cols());
  for (Index t = 0; t < input.cols(); ++t) {
    const Eigen::VectorXd now = input.col(t);
    neuron.step({1e-4, view_of(now), state.view(), view_of(rate)});
    all.col(t) = rate;
  }
  if (!state.padding_untouched() || !state.values().allFinite()) all.setConstant(std::nan(""));
  return all;
}

}  // namespace

std::vector<ContractResult> check_neuron(const RegisteredPlugin& plugin, const ContractOptions& options) {
  const auto neuron_pointer = plugin.create<Neuron>(contract_config(*plugin.descriptor));
  const Neuron& neuron = *neuron_pointer;
  Random random(12, "contract neuron");
  const Eigen::MatrixXd input = uniform_matrix(7, steps, -5, 5, random);
  Battery battery(options);
  if (!battery.check("states() is not negative",
                     [&]() -> std::string { return neuron.states() >= 0 ? "" : "it is"; }))
    return battery.take();
  battery.check("finite for finite input, whatever the size", [&]() -> std::string {
    for (const Index cells : {Index{1}, Index{3}, Index{64}}) {
      if (!rates(neuron, uniform_matrix(cells, steps, -5, 5, random)).allFinite())
        return "with " + std::to_string(cells) + " cells a rate or state is not finite";
    }
    return {};
  });
  battery.check("a reset leaves nothing behind", [&]() -> std::string {
    return rates(neuron, input) == rates(neuron, input) ? "" : "two runs from a reset differ";
  });
  battery.check("rates are not negative where it says so", [&]() -> std::string {
    return !neuron.non_negative() || rates(neuron, input).minCoeff() >= 0 ? "" : "a rate is negative";
  });
  battery.check("cells do not touch each other", [&]() -> std::string {
    const Eigen::MatrixXd all = rates(neuron, input);
    return all.row(3) == rates(neuron, input.row(3)).row(0) &&
                   all.colwise().reverse() == rates(neuron, input.colwise().reverse())
               ? ""
               : "a cell behaves differently beside others";
  });
  return battery.take();
}

}  // namespace hebbforge::contracts
