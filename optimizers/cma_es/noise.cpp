#include "noise.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace hebbforge::cma_es {
namespace {

constexpr double memory = 0.8;                   // of the average, per generation
constexpr double too_noisy = 0.5, clear = 0.8;   // reliability
constexpr double growth = 1.15, decline = 0.95;  // of the population, per generation

std::vector<double> ranks(const Eigen::VectorXd& values) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](Eigen::Index k) { return values[k]; });
  std::vector<double> rank(order.size());
  for (std::size_t r = 0; r < order.size(); ++r)
    rank[static_cast<std::size_t>(order[r])] = static_cast<double>(r);
  return rank;
}

}  // namespace

double rank_correlation(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
  const std::vector<double> rank_a = ranks(a), rank_b = ranks(b);
  double squares = 0;
  for (std::size_t k = 0; k < rank_a.size(); ++k)
    squares += (rank_a[k] - rank_b[k]) * (rank_a[k] - rank_b[k]);
  const auto n = static_cast<double>(a.size());
  return 1 - 6 * squares / (n * (n * n - 1));
}

double split_half_reliability(ConstMatrixView per_network) {
  Eigen::VectorXd halves[2] = {Eigen::VectorXd::Zero(per_network.cols()),
                               Eigen::VectorXd::Zero(per_network.cols())};
  for (Eigen::Index n = 0; n < per_network.rows(); ++n) halves[n % 2] += per_network.row(n);
  const double r = rank_correlation(halves[0], halves[1]);
  return r > 0 ? 2 * r / (1 + r) : r;
}

void NoiseControl::observe(double reliability) noexcept {
  reliability_ = memory * reliability_ + (1 - memory) * reliability;
}

double NoiseControl::population_factor() const noexcept {
  if (reliability_ < too_noisy) return growth;
  return reliability_ > clear ? decline : 1;
}

}  // namespace hebbforge::cma_es
