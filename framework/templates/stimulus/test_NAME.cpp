// @NAME@ drives every cell from begin to end, and at no other time.
#include <cstdio>

#include "@NAME@.hpp"

int main() {
  // 10 steps of 1 ms, a pulse from 2 to 5 ms: steps 2, 3 and 4.
  const Eigen::MatrixXd drive = @NAME@_plugin::pulse(3, 10, 1e-3, 2e-3, 5e-3, 0.5);
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(3, 10);
  expected.middleCols(2, 3).setConstant(0.5);
  if (drive == expected) return 0;
  std::printf("the drive has its pulse at other times or of another height\n");
  return 1;
}
