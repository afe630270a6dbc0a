// @NAME@ of rates worked out by hand.
#include <cmath>
#include <cstdio>
#include <utility>

#include "@NAME@.hpp"

using namespace hebbforge;

int main() {
  int failed = 0;
  const auto near = [&](const char* what, double got, double expected) {
    if (std::abs(got - expected) <= 1e-12) return;
    std::printf("%s is %g, not %g\n", what, got, expected);
    failed = 1;
  };
  Eigen::MatrixXd first(2, 2), second(2, 1);
  first << 0, 0.1, 0.2, 0.3;
  second << 0, 0;
  const ConstMatrixView trials[] = {view_of(std::as_const(first)), view_of(std::as_const(second))};
  near("the mean rate", @NAME@_plugin::mean_rate(trials), 0.6 / 6);
  near("the mean rate of no trial", @NAME@_plugin::mean_rate({}), 0);

  Config config;
  config.set("population", std::string("E"));
  config.set("trials", std::string("last"));
  config.set("target", 0.05);
  const @NAME@_plugin::@CLASS@ loss(config);
  near("the loss at twice the target", loss.distance(0.1), 1);
  near("the loss of silence", loss.distance(0), 1);
  near("the loss at the target", loss.distance(0.05), 0);
  if (loss.recordings()[0].quantity != "E.rate") {
    std::printf("it does not ask for the rates of its population\n");
    failed = 1;
  }
  return failed;
}
