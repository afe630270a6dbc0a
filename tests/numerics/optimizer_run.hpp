// Drives optimizers by hand: what their tests share.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/state.hpp>
#include <utility>
#include <vector>

namespace hebbforge::test {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using Objective = std::function<double(const Vector&)>;

/// What a search starts from; unbounded unless told.
struct Problem {
  Vector start, step, lower, upper;
  Matrix covariance;
  std::uint64_t seed = 1;

  Problem(Vector from, Vector deviation, std::uint64_t s = 1)
      : start(std::move(from)),
        step(std::move(deviation)),
        lower(Vector::Constant(start.size(), -HUGE_VAL)),
        upper(-lower),
        seed(s) {}
  Problem(Eigen::Index n, double from, double deviation, std::uint64_t s = 1)
      : Problem(Vector::Constant(n, from), Vector::Constant(n, deviation), s) {}

  void begin(Optimizer& optimizer) const {
    optimizer.begin(
        {view_of(start), view_of(lower), view_of(upper), view_of(step), seed, view_of(covariance)});
  }
};

inline Matrix ask(Optimizer& optimizer, Eigen::Index n) {
  Matrix candidates(n, optimizer.population_size());
  optimizer.ask(view_of(candidates));
  return candidates;
}

inline void tell(Optimizer& optimizer, const Matrix& candidates, const Vector& losses) {
  const std::vector<Status> status(static_cast<std::size_t>(losses.size()), Status::healthy);
  optimizer.tell(view_of(candidates), {view_of(losses), no_matrix(), no_matrix(), status});
}

inline Vector losses_of(const Objective& f, const Matrix& candidates) {
  Vector losses(candidates.cols());
  for (Eigen::Index k = 0; k < candidates.cols(); ++k) losses[k] = f(candidates.col(k));
  return losses;
}

/// One generation; returns its losses.
inline Vector advance(Optimizer& optimizer, Eigen::Index n, const Objective& f) {
  const Matrix candidates = ask(optimizer, n);
  const Vector losses = losses_of(f, candidates);
  tell(optimizer, candidates, losses);
  return losses;
}

inline Vector best_of(const Optimizer& optimizer, Eigen::Index n) {
  Vector best(n);
  optimizer.best(view_of(best));
  return best;
}

}  // namespace hebbforge::test
