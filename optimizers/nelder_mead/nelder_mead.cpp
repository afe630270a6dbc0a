#include "nelder_mead.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/random.hpp>
#include <hebbforge/sized_state.hpp>
#include <limits>
#include <numeric>
#include <vector>

namespace hebbforge::nelder_mead {
namespace {

// Gao and Han, Comput. Optim. Appl. 51 (2012), eq. 4.1; for n = 1 the classical ones.
struct Coefficients {
  double expansion, contraction, shrinkage;
  explicit Coefficients(Eigen::Index dimension) {
    const double n = std::max(2.0, static_cast<double>(dimension));
    expansion = 1 + 2 / n;
    contraction = 0.75 - 1 / (2 * n);
    shrinkage = 1 - 1 / n;
  }
};

}  // namespace

void NelderMead::begin(const SearchSpace& space) {
  n_ = space.start.size();
  step_ = space.step;
  low_ = space.lower;
  high_ = space.upper;
  lower_ = space.lower.cwiseQuotient(step_);
  upper_ = space.upper.cwiseQuotient(step_);
  start_ = space.start.cwiseQuotient(step_);
  seed_ = space.seed;
  run_ = 0;
  stop_.clear();
  best_ = start_;
  best_loss_ = best_before_run_ = std::numeric_limits<double>::infinity();
  begin_run(start_);
}

Eigen::VectorXd NelderMead::bounded(const Eigen::VectorXd& point) const {
  return point.cwiseMax(lower_).cwiseMin(upper_);
}

// A corner per axis of a basis that the seed turns; where a bound is in the way, on the other side of
// `around`.
void NelderMead::begin_run(const Eigen::VectorXd& around) {
  Random random(seed_, "nelder_mead", run_);
  simplex_ = around.replicate(1, n_ + 1);
  losses_.setConstant(n_ + 1, std::numeric_limits<double>::infinity());
  for (Eigen::Index k = 0; k < n_; ++k) {
    const double side = random.uniform() < 0.5 ? -1 : 1, size = 0.5 + random.uniform();
    double& x = simplex_(k, k + 1);
    const double forth = std::clamp(x + side * size, lower_[k], upper_[k]),
                 back = std::clamp(x - side * size, lower_[k], upper_[k]);
    x = std::abs(forth - x) >= std::abs(back - x) ? forth : back;
  }
  best_before_run_ = best_loss_;
  move_ = Move::corners;
}

Eigen::Index NelderMead::population_size() const noexcept {
  return move_ == Move::corners ? n_ + 1 : move_ == Move::shrink ? n_ : 1;
}

Eigen::MatrixXd NelderMead::asked() const {
  if (move_ == Move::corners) return simplex_;
  if (move_ == Move::shrink) return simplex_.rightCols(n_);
  return trial_;
}

void NelderMead::ask(MatrixView candidates) {
  const Eigen::MatrixXd points = asked();
  candidates = (step_.asDiagonal() * points)
                   .cwiseMax(low_.replicate(1, points.cols()))
                   .cwiseMin(high_.replicate(1, points.cols()));
}

Eigen::VectorXd NelderMead::center() const { return simplex_.leftCols(n_).rowwise().mean(); }

void NelderMead::sort() {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n_ + 1));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](Eigen::Index k) { return losses_[k]; });
  const Eigen::MatrixXd corners = simplex_;
  const Eigen::VectorXd losses = losses_;
  for (Eigen::Index k = 0; k <= n_; ++k) {
    simplex_.col(k) = corners.col(order[static_cast<std::size_t>(k)]);
    losses_[k] = losses[order[static_cast<std::size_t>(k)]];
  }
}

void NelderMead::plan(Move move) {
  const Coefficients c(n_);
  const Eigen::VectorXd middle = center(), away = middle - simplex_.col(n_);
  const double length = move == Move::reflect            ? 1
                        : move == Move::expand           ? c.expansion
                        : move == Move::contract_outside ? c.contraction
                                                         : -c.contraction;
  trial_ = bounded(middle + length * away);
  move_ = move;
}

void NelderMead::replace_worst(const Eigen::VectorXd& point, double loss) {
  simplex_.col(n_) = point;
  losses_[n_] = loss;
  end_step();
}

void NelderMead::shrink() {
  const Coefficients c(n_);
  for (Eigen::Index k = 1; k <= n_; ++k)
    simplex_.col(k) = simplex_.col(0) + c.shrinkage * (simplex_.col(k) - simplex_.col(0));
  move_ = Move::shrink;
}

bool NelderMead::converged(std::string& reason) const {
  const double extent = (simplex_.rightCols(n_).colwise() - simplex_.col(0)).cwiseAbs().maxCoeff();
  if (extent <= settings_.tolx) reason = "tolx";
  // Equal losses end a run only when the simplex is small too: they may be a plateau, or the two sides of a
  // valley.
  else if (losses_[n_] - losses_[0] <= settings_.tolfun && extent <= 1e-3)
    reason = "tolfun";
  return !reason.empty();
}

void NelderMead::end_step() {
  sort();
  std::string reason;
  if (!converged(reason)) {
    plan(Move::reflect);
    return;
  }
  if (static_cast<std::int64_t>(run_) >= settings_.max_restarts) {
    stop_ = reason;
    return;
  }
  ++run_;
  // Relative: a run that repeats the last one improves by rounding.
  const bool improved = best_loss_ < best_before_run_ - 1e-6 * std::abs(best_before_run_) - settings_.tolfun;
  Eigen::VectorXd around = best_;
  if (!improved) {
    Random random(seed_, "nelder_mead start", run_);
    for (Eigen::Index i = 0; i < n_; ++i) around[i] = start_[i] + 3 * (2 * random.uniform() - 1);
    around = bounded(around);
  }
  begin_run(around);
}

void NelderMead::tell(ConstMatrixView, const Evaluations& evaluations) {
  const Eigen::MatrixXd points = asked();
  for (Eigen::Index k = 0; k < points.cols(); ++k) {
    if (evaluations.loss[k] >= best_loss_) continue;
    best_loss_ = evaluations.loss[k];
    best_ = points.col(k);
  }
  const double loss = evaluations.loss[0];
  switch (move_) {
    case Move::corners:
      losses_ = evaluations.loss;
      end_step();
      break;
    case Move::shrink:
      losses_.tail(n_) = evaluations.loss;
      end_step();
      break;
    case Move::reflect:
      reflected_ = trial_;
      reflected_loss_ = loss;
      if (loss < losses_[0])
        plan(Move::expand);
      else if (n_ > 1 && loss < losses_[n_ - 1])
        replace_worst(trial_, loss);
      else
        plan(loss < losses_[n_] ? Move::contract_outside : Move::contract_inside);
      break;
    case Move::expand:
      if (loss < reflected_loss_)
        replace_worst(trial_, loss);
      else
        replace_worst(reflected_, reflected_loss_);
      break;
    case Move::contract_outside:
      if (loss <= reflected_loss_)
        replace_worst(trial_, loss);
      else
        shrink();
      break;
    case Move::contract_inside:
      if (loss < losses_[n_])
        replace_worst(trial_, loss);
      else
        shrink();
      break;
  }
}

void NelderMead::save(StateWriter& out) const {
  out.integer("run", run_);
  out.integer("move", static_cast<std::uint64_t>(move_));
  out.matrix("simplex", view_of(simplex_));
  out.vector("losses", view_of(losses_));
  out.vector("trial", view_of(trial_));
  out.vector("reflected", view_of(reflected_));
  out.real("reflected_loss", reflected_loss_);
  out.vector("best", view_of(best_));
  out.real("best_loss", best_loss_);
  out.real("best_before_run", best_before_run_);
  out.text("stop", stop_);
}

void NelderMead::restore(const StateReader& in) {
  run_ = in.integer("run");
  const std::uint64_t move = in.integer("move");
  require_state(move <= static_cast<std::uint64_t>(Move::contract_inside), "move");
  move_ = static_cast<Move>(move);
  simplex_ = matrix_of(in, "simplex", n_, n_ + 1);
  losses_ = vector_of(in, "losses", n_ + 1);
  trial_ = in.vector("trial");  // none before the first step
  require_state(trial_.size() == n_ || (trial_.size() == 0 && move_ == Move::corners), "trial");
  reflected_ = in.vector("reflected");
  require_state(reflected_.size() == n_ || (reflected_.size() == 0 && move_ <= Move::reflect), "reflected");
  reflected_loss_ = in.real("reflected_loss");
  best_ = vector_of(in, "best", n_);
  best_loss_ = in.real("best_loss");
  best_before_run_ = in.real("best_before_run");
  stop_ = in.text("stop");
}

void NelderMead::best(VectorView parameters) const {
  parameters = best_.cwiseProduct(step_).cwiseMax(low_).cwiseMin(high_);
}

}  // namespace hebbforge::nelder_mead
