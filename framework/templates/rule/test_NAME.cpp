// @NAME@ changes one synapse as its equation says, worked out by hand.
#include <cmath>
#include <cstdio>
#include <utility>

#include "@NAME@.hpp"

using namespace hebbforge;

int main() {
  const Eigen::VectorXd x = Eigen::VectorXd::Constant(1, 2), y = Eigen::VectorXd::Constant(1, 3);
  const Eigen::MatrixXd trace = Eigen::MatrixXd::Constant(1, 1, 0.5), none(1, 0);
  const Eigen::MatrixXd w = Eigen::MatrixXd::Constant(1, 1, 0.25), mask = Eigen::MatrixXd::Ones(1, 1);
  const SynapseView synapse{1e-4, view_of(x),   view_of(y), view_of(trace), view_of(none),
                            {},   {nullptr, 0}, view_of(w), view_of(mask)};
  Eigen::VectorXd values(3), effect = Eigen::VectorXd::Zero(2);
  values << 0.1, -0.2, 5e-3;  // c.x~*y, c.w*y*y, tau
  Eigen::MatrixXd delta = Eigen::MatrixXd::Zero(1, 1);
  @NAME@_plugin::@CLASS@(Config()).accumulate(view_of(std::as_const(values)), synapse, view_of(delta),
                                              view_of(effect));

  int failed = 0;
  const auto near = [&](const char* what, double got, double expected) {
    if (std::abs(got - expected) <= 1e-12) return;
    std::printf("%s is %g, not %g\n", what, got, expected);
    failed = 1;
  };
  near("the change of the weight", delta(0, 0), 0.1 * 0.5 * 3 - 0.2 * 0.25 * 3 * 3);
  near("the effect of x~*y", effect[0], 0.1 * 0.5 * 3);
  near("the effect of w*y*y", effect[1], 0.2 * 0.25 * 3 * 3);
  return failed;
}
