// @NAME@ bounds rows that are too heavy and leaves the others, and masked synapses, alone.
#include <cstdio>
#include <utility>

#include "@NAME@.hpp"

using namespace hebbforge;

int main() {
  Config config;
  config.set("maximum", 3.0);
  Eigen::MatrixXd weights(2, 3), mask(2, 3), expected(2, 3);
  weights << 4, 2, 5,  // too heavy; its last synapse is not plastic
      -1, -1, -0.5;    // light enough
  mask << 1, 1, 0, 1, 1, 1;
  expected << 2, 1, 5, -1, -1, -0.5;
  @NAME@_plugin::@CLASS@(config).apply(view_of(weights), view_of(std::as_const(mask)));
  if ((weights - expected).cwiseAbs().maxCoeff() < 1e-12) return 0;
  std::printf("the weights are not those worked out by hand\n");
  return 1;
}
