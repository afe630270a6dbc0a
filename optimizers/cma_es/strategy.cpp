#include "strategy.hpp"

#include <algorithm>
#include <cmath>

namespace hebbforge::cma_es {

Strategy::Strategy(Eigen::Index dimension, Eigen::Index population, double negative_bound, bool diagonal)
    : lambda(population), mu(population / 2), weights(Eigen::VectorXd::Zero(population)) {
  const auto n = static_cast<double>(dimension);
  const double middle = std::log((static_cast<double>(lambda) + 1) / 2);
  for (Eigen::Index i = 0; i < lambda; ++i) weights[i] = middle - std::log(static_cast<double>(i + 1));
  const auto effective = [](const auto& w) { return w.sum() * w.sum() / w.squaredNorm(); };
  mueff = effective(weights.head(mu));
  const double mueff_negative = effective(weights.tail(lambda - mu));
  cc = (4 + mueff / n) / (n + 4 + 2 * mueff / n);
  cs = (mueff + 2) / (n + mueff + 5);
  const double faster = diagonal ? (n + 2) / 3 : 1;
  c1 = std::min(1.0, faster * 2 / ((n + 1.3) * (n + 1.3) + mueff));
  cmu = std::min(1 - c1, faster * 2 * (0.25 + mueff + 1 / mueff - 2) / ((n + 2) * (n + 2) + mueff));
  damps = 1 + 2 * std::max(0.0, std::sqrt((mueff - 1) / (n + 1)) - 1) + cs;
  chi_n = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  weights.head(mu) /= weights.head(mu).sum();
  auto negative = weights.tail(lambda - mu);
  if (negative_bound > 0 && cmu > 0) {
    const double scale = std::min(
        {negative_bound * (1 + c1 / cmu), 1 + 2 * mueff_negative / (mueff + 2), (1 - c1 - cmu) / (n * cmu)});
    const double sum = negative.cwiseMin(0).cwiseAbs().sum();
    negative = negative.cwiseMin(0) * (sum > 0 ? scale / sum : 0);
  } else {
    negative.setZero();
  }
}

}  // namespace hebbforge::cma_es
