// @NAME@ spreads the logarithms of plastic weights as much as it says, and touches no other.
#include <cmath>
#include <cstdio>
#include <utility>

#include "@NAME@.hpp"

using namespace hebbforge;

int main() {
  constexpr Eigen::Index cells = 100;
  constexpr double sd = 0.1;
  Eigen::MatrixXd plastic = Eigen::MatrixXd::Ones(cells, cells);
  plastic.diagonal().setZero();
  const Eigen::MatrixXd before = Eigen::MatrixXd::Constant(cells, cells, -0.2);
  Eigen::MatrixXd after = before;
  Random random(1, "test");
  @NAME@_plugin::disturb(view_of(after), view_of(std::as_const(plastic)), sd, random);

  const Eigen::ArrayXXd logarithm = (after.array() / before.array()).log();
  const double n = cells * (cells - 1), spread = std::sqrt(logarithm.square().sum() / n);
  int failed = 0;
  const auto check = [&](bool right, const char* sentence) {
    if (right) return;
    std::printf("not so: %s\n", sentence);
    failed = 1;
  };
  check(after.maxCoeff() < 0, "weights keep their sign");
  check(after.diagonal() == before.diagonal(), "weights that are not plastic stay");
  // 4.9 standard errors: a false alarm in 1e-6 of all seeds.
  check(std::abs(logarithm.sum() / n) < 4.9 * sd / std::sqrt(n), "the mean of the logarithms is 0");
  check(std::abs(spread / sd - 1) < 4.9 / std::sqrt(2 * n), "their standard deviation is sd");
  return failed;
}
