#include "differential_evolution.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/sized_state.hpp>
#include <numbers>
#include <numeric>
#include <vector>

namespace hebbforge::differential_evolution {

DifferentialEvolution::DifferentialEvolution(const Settings& settings) : settings_(settings) {
  if (settings.population > 0 && settings.population < 4)
    throw Error("'population' is " + std::to_string(settings.population) +
                "; expected 0 (chosen by dimension) or at least 4");
}

void DifferentialEvolution::begin(const SearchSpace& space) {
  n_ = space.start.size();
  start_ = space.start;
  step_ = space.step;
  lower_ = space.lower;
  upper_ = space.upper;
  seed_ = space.seed;
  size_ = settings_.population > 0 ? static_cast<Eigen::Index>(settings_.population) : 20 + n_;
  generation_ = memory_at_ = unchanged_ = 0;
  members_.resize(n_, 0);
  losses_.resize(0);
  archive_.resize(n_, 0);
  memory_scale_.setConstant(memory_size, 0.5);
  memory_rate_.setConstant(memory_size, 0.5);
  stop_.clear();
}

void DifferentialEvolution::ask(MatrixView candidates) {
  Random random(seed_, "differential_evolution", 0, static_cast<std::int64_t>(generation_));
  if (members_.cols() == 0) {  // the start, and normal deviates around it
    for (Eigen::Index k = 0; k < size_; ++k) {
      for (Eigen::Index i = 0; i < n_; ++i) {
        const double x = start_[i] + (k == 0 ? 0 : step_[i] * random.normal());
        candidates(i, k) = std::clamp(x, lower_[i], upper_[i]);
      }
    }
    return;
  }
  std::vector<Eigen::Index> order(static_cast<std::size_t>(size_));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](Eigen::Index k) { return losses_[k]; });
  const auto leaders =
      std::max<std::int64_t>(2, static_cast<std::int64_t>(settings_.greediness * static_cast<double>(size_)));
  scale_.resize(size_);
  rate_.resize(size_);
  for (Eigen::Index k = 0; k < size_; ++k) {
    const auto slot = static_cast<Eigen::Index>(random.index(memory_size));
    do {  // Cauchy
      scale_[k] = memory_scale_[slot] + 0.1 * std::tan(std::numbers::pi * (random.uniform() - 0.5));
    } while (!(scale_[k] > 0));
    scale_[k] = std::min(scale_[k], 1.0);
    rate_[k] = std::clamp(memory_rate_[slot] + 0.1 * random.normal(), 0.0, 1.0);
    const Eigen::Index leader = order[static_cast<std::size_t>(random.index(leaders))];
    Eigen::Index a = k, b = k;
    while (a == k) a = static_cast<Eigen::Index>(random.index(size_));
    while (b == k || b == a) b = static_cast<Eigen::Index>(random.index(size_ + archive_.cols()));
    const auto certain = static_cast<Eigen::Index>(random.index(n_));
    for (Eigen::Index i = 0; i < n_; ++i) {
      const double old = members_(i, k);
      candidates(i, k) = old;
      if (random.uniform() >= rate_[k] && i != certain) continue;
      const double other = b < size_ ? members_(i, b) : archive_(i, b - size_);
      const double x = old + scale_[k] * (members_(i, leader) - old) + scale_[k] * (members_(i, a) - other);
      const double kept = x < lower_[i]   ? 0.5 * (lower_[i] + old)
                          : x > upper_[i] ? 0.5 * (upper_[i] + old)
                                          : x;
      candidates(i, k) = std::clamp(kept, lower_[i], upper_[i]);
    }
  }
}

void DifferentialEvolution::tell(ConstMatrixView candidates, const Evaluations& evaluations) {
  if (members_.cols() == 0) {
    members_ = candidates;
    losses_ = evaluations.loss;
    ++generation_;
    return;
  }
  Random random(seed_, "differential_evolution archive", 0, static_cast<std::int64_t>(generation_));
  Eigen::VectorXd gains = Eigen::VectorXd::Zero(size_);
  for (Eigen::Index k = 0; k < size_; ++k) {
    if (evaluations.loss[k] > losses_[k]) continue;
    if (evaluations.loss[k] < losses_[k]) {
      if (archive_.cols() < size_) {
        archive_.conservativeResize(Eigen::NoChange, archive_.cols() + 1);
        archive_.rightCols(1) = members_.col(k);
      } else {
        archive_.col(static_cast<Eigen::Index>(random.index(size_))) = members_.col(k);
      }
      gains[k] = losses_[k] - evaluations.loss[k];
    }
    members_.col(k) = candidates.col(k);
    losses_[k] = evaluations.loss[k];
  }
  learn(gains);
  ++generation_;
  stop_ = stop_reason();
}

// Means of the settings that succeeded, weighted by gain: Lehmer's for the scale, the arithmetic one for the
// rate.
void DifferentialEvolution::learn(const Eigen::VectorXd& gains) {
  const double largest = gains.maxCoeff();
  unchanged_ = largest > 0 ? 0 : unchanged_ + 1;
  if (!(largest > 0)) return;
  const Eigen::VectorXd weights = gains / largest;  // gains may be too large to be added
  const auto slot = static_cast<Eigen::Index>(memory_at_ % static_cast<std::uint64_t>(memory_size));
  memory_scale_[slot] = weights.dot(scale_.cwiseAbs2()) / std::max(weights.dot(scale_), 1e-300);
  memory_rate_[slot] = weights.dot(rate_) / weights.sum();
  ++memory_at_;
}

std::string DifferentialEvolution::stop_reason() const {
  // Fixed coordinates have no spread; equal losses may be a plateau that larger steps leave.
  const Eigen::VectorXd spread =
      (members_.rowwise().maxCoeff() - members_.rowwise().minCoeff()).cwiseQuotient(step_);
  if (spread.maxCoeff() <= settings_.tolx) return "tolx";
  if (losses_.maxCoeff() - losses_.minCoeff() <= settings_.tolfun &&
      (spread.maxCoeff() <= 1e-3 || unchanged_ >= 100))
    return "tolfun";
  return unchanged_ >= 1000 ? "stagnation" : "";
}

void DifferentialEvolution::save(StateWriter& out) const {
  out.integer("generation", generation_);
  out.integer("memory_at", memory_at_);
  out.integer("unchanged", unchanged_);
  out.matrix("members", view_of(members_));
  out.vector("losses", view_of(losses_));
  out.matrix("archive", view_of(archive_));
  out.vector("memory_scale", view_of(memory_scale_));
  out.vector("memory_rate", view_of(memory_rate_));
  out.text("stop", stop_);
}

void DifferentialEvolution::restore(const StateReader& in) {
  generation_ = in.integer("generation");
  memory_at_ = in.integer("memory_at");
  unchanged_ = in.integer("unchanged");
  losses_ = in.vector("losses");  // none before the first generation
  require_state(losses_.size() == 0 || losses_.size() == size_, "losses");
  members_ = matrix_of(in, "members", n_, losses_.size());
  archive_ = in.matrix("archive");
  require_state(archive_.rows() == n_ && archive_.cols() <= size_, "archive");
  memory_scale_ = vector_of(in, "memory_scale", memory_size);
  memory_rate_ = vector_of(in, "memory_rate", memory_size);
  stop_ = in.text("stop");
}

void DifferentialEvolution::best(VectorView parameters) const {
  Eigen::Index best = 0;
  if (losses_.size() > 0) losses_.minCoeff(&best);
  parameters = losses_.size() > 0 ? Eigen::VectorXd(members_.col(best)) : start_;
}

}  // namespace hebbforge::differential_evolution
