// @NAME@ finds the minimum of a sphere, within the bounds.
#include <cstdio>
#include <utility>
#include <vector>

#include "@NAME@.hpp"

using namespace hebbforge;

int main() {
  const Eigen::VectorXd start = Eigen::VectorXd::Constant(4, 2), step = Eigen::VectorXd::Constant(4, 0.5);
  Eigen::VectorXd lower = Eigen::VectorXd::Constant(4, -10), upper = Eigen::VectorXd::Constant(4, 10);
  lower[0] = 1;  // keeps the first coordinate away from the minimum at 0
  const Eigen::VectorXd low = lower, high = upper;
  Config config;
  config.set("population", std::int64_t{8});
  @NAME@_plugin::@CLASS@ optimizer(config);
  optimizer.begin({view_of(start), view_of(low), view_of(high), view_of(step), 1});

  const Eigen::Index population = optimizer.population_size();
  const std::vector<Status> healthy(static_cast<std::size_t>(population), Status::healthy);
  const Eigen::MatrixXd nothing(0, population);
  Eigen::MatrixXd candidates(4, population);
  for (int generation = 0; generation < 300; ++generation) {
    optimizer.ask(view_of(candidates));
    const Eigen::VectorXd loss = candidates.colwise().squaredNorm().transpose();
    optimizer.tell(view_of(std::as_const(candidates)),
                   {view_of(loss), view_of(nothing), view_of(nothing), healthy});
  }
  Eigen::VectorXd best(4);
  optimizer.best(view_of(best));

  Eigen::VectorXd expected = Eigen::VectorXd::Zero(4);
  expected[0] = 1;
  const double distance = (best - expected).norm();
  if (distance < 1e-4) return 0;
  std::printf("after 300 generations the best is %g away from the minimum\n", distance);
  return 1;
}
