// @NAME@ follows its equation: one step, and the steady state.
#include <cmath>
#include <cstdio>
#include <utility>

#include "@NAME@.hpp"

using namespace hebbforge;

int main() {
  Config config;
  config.set("tau", 10e-3);
  config.set("threshold", 0.1);
  config.set("maximum", 0.5);
  const @NAME@_plugin::@CLASS@ neuron(config);
  Eigen::MatrixXd state(2, 1);
  state << 0.3, 0;
  Eigen::VectorXd rate = Eigen::VectorXd::Zero(2), input(2);
  input << 1.1, -1;
  const auto step = [&] {
    neuron.step({1e-3, view_of(std::as_const(input)), view_of(state), view_of(rate)});
  };

  int failed = 0;
  const auto near = [&](const char* what, double got, double expected) {
    if (std::abs(got - expected) <= 1e-12) return;
    std::printf("%s is %g, not %g\n", what, got, expected);
    failed = 1;
  };
  step();
  near("the rate", rate[0], 0.5 * std::tanh(0.2 / 0.5));
  near("the state after a step of tau / 10", state(0, 0), 0.3 + (1.1 - 0.3) / 10);
  near("the rate below threshold", rate[1], 0);
  for (int t = 0; t < 1000; ++t) step();
  near("the steady rate", rate[0], 0.5 * std::tanh(1.0 / 0.5));
  near("the steady state", state(1, 0), -1);
  return failed;
}
