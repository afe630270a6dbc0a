#include "stages/directions.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace hebbforge {

std::vector<Direction> directions_of(const Eigen::MatrixXd& covariance) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  std::vector<Direction> all;
  for (Eigen::Index k = 0; k < covariance.rows(); ++k) {
    Direction d{std::sqrt(std::max(0.0, solver.eigenvalues()[k])), solver.eigenvectors().col(k)};
    // An eigenvector's sign is arbitrary: the largest component is positive.
    Eigen::Index largest = 0;
    d.components.cwiseAbs().maxCoeff(&largest);
    if (d.components[largest] < 0) d.components = -d.components;
    all.push_back(std::move(d));
  }
  return all;
}

std::string direction_text(const Direction& direction, const std::vector<std::string>& names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  const auto component = [&](std::size_t k) { return direction.components[static_cast<Eigen::Index>(k)]; };
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t k) { return std::abs(component(k)); });
  std::string text;
  double explained = 0;
  for (std::size_t k = 0; k < order.size() && explained < 0.9 && k < 4; ++k) {
    const double c = component(order[k]);
    char part[32];
    std::snprintf(part, sizeof part, "%s%.2f ", k == 0 ? "" : c < 0 ? " - " : " + ", std::abs(c));
    text += part + names[order[k]];
    explained += c * c;
  }
  return explained < 0.9 ? text + " + …" : text;
}

}  // namespace hebbforge
