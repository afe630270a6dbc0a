#include "cma_es.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/random.hpp>
#include <limits>
#include <numeric>

namespace hebbforge::cma_es {

double LinQuad::near_lower() const noexcept {
  return std::min((upper - lower) / 2, (1 + std::abs(lower)) / 20);
}
double LinQuad::near_upper() const noexcept {
  return std::min((upper - lower) / 2, (1 + std::abs(upper)) / 20);
}

double LinQuad::to_phenotype(double g) const noexcept {
  if (!(upper > lower)) return lower;
  const bool has_lower = std::isfinite(lower), has_upper = std::isfinite(upper);
  const double al = has_lower ? near_lower() : 0, au = has_upper ? near_upper() : 0;
  const double low = lower - al, high = upper + au;
  if (has_lower && has_upper && (g < low || g > high)) {
    const double period = 2 * (high - low);
    g = std::fmod(g - low, period);
    if (g < 0) g += period;
    g = low + (g > period / 2 ? period - g : g);
  } else if (has_lower && g < low) {
    g = 2 * low - g;
  } else if (has_upper && g > high) {
    g = 2 * high - g;
  }
  if (has_lower && g < lower + al)
    g = lower + (g - low) * (g - low) / (4 * al);
  else if (has_upper && g > upper - au)
    g = upper - (g - high) * (g - high) / (4 * au);
  return std::clamp(g, lower, upper);  // the parabola's end may miss the bound by a rounding
}

double LinQuad::to_genotype(double x) const noexcept {
  if (!(upper > lower)) return lower;
  if (std::isfinite(lower) && x < lower + near_lower())
    return lower - near_lower() + std::sqrt(4 * near_lower() * (x - lower));
  if (std::isfinite(upper) && x > upper - near_upper())
    return upper + near_upper() - std::sqrt(4 * near_upper() * (upper - x));
  return x;
}

Strategy::Strategy(Eigen::Index dimension, Eigen::Index population, bool active)
    : lambda(population), mu(population / 2), weights(Eigen::VectorXd::Zero(population)) {
  const auto n = static_cast<double>(dimension);
  const double middle = std::log((static_cast<double>(lambda) + 1) / 2);
  for (Eigen::Index i = 0; i < lambda; ++i) weights[i] = middle - std::log(static_cast<double>(i + 1));
  const auto effective = [](const auto& w) { return w.sum() * w.sum() / w.squaredNorm(); };
  mueff = effective(weights.head(mu));
  const double mueff_negative = effective(weights.tail(lambda - mu));
  cc = (4 + mueff / n) / (n + 4 + 2 * mueff / n);
  cs = (mueff + 2) / (n + mueff + 5);
  c1 = 2 / ((n + 1.3) * (n + 1.3) + mueff);
  cmu = std::min(1 - c1, 2 * (0.25 + mueff + 1 / mueff - 2) / ((n + 2) * (n + 2) + mueff));
  damps = 1 + 2 * std::max(0.0, std::sqrt((mueff - 1) / (n + 1)) - 1) + cs;
  chi_n = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  weights.head(mu) /= weights.head(mu).sum();
  auto negative = weights.tail(lambda - mu);
  if (active && cmu > 0) {
    const double scale =
        std::min({1 + c1 / cmu, 1 + 2 * mueff_negative / (mueff + 2), (1 - c1 - cmu) / (n * cmu)});
    const double sum = negative.cwiseMin(0).cwiseAbs().sum();
    negative = negative.cwiseMin(0) * (sum > 0 ? scale / sum : 0);
  } else {
    negative.setZero();
  }
}

CmaEs::CmaEs(const Settings& settings) : settings_(settings) {
  if (settings.population == 1)
    throw Error("'population' is 1; expected 0 (chosen by dimension) or at least 2");
}

void CmaEs::begin(const SearchSpace& space) {
  n_ = space.start.size();
  if (n_ == 0) throw Error("cma_es: nothing to search");
  step_ = space.step;
  start_.resize(n_);
  max_deviation_.resize(n_);
  bounds_.clear();
  for (Eigen::Index i = 0; i < n_; ++i) {
    bounds_.push_back({space.lower[i], space.upper[i]});
    start_[i] = bounds_.back().to_genotype(space.start[i]) / step_[i];
    // A fixed coordinate is not limited: without deviation it would end every run ("noeffectcoord").
    max_deviation_[i] = space.upper[i] > space.lower[i] ? (space.upper[i] - space.lower[i]) / 3 / step_[i]
                                                        : std::numeric_limits<double>::infinity();
  }
  seed_ = space.seed;
  start_covariance_ = space.covariance;
  run_ = 0;
  stop_.clear();
  last_reason_.clear();
  population_ = settings_.population > 0
                    ? settings_.population
                    : 4 + static_cast<Eigen::Index>(std::floor(3 * std::log(static_cast<double>(n_))));
  begin_run();
}

void CmaEs::begin_run() {
  strategy_ = Strategy(n_, population_, settings_.active);
  generation_ = decomposed_at_ = 0;
  mean_ = start_;
  pc_ = ps_ = Eigen::VectorXd::Zero(n_);
  deviations_ = Eigen::VectorXd::Ones(n_);
  c_ = axes_ = Eigen::MatrixXd::Identity(n_, n_);
  sigma_ = 1;
  if (start_covariance_.size() > 0) {
    c_ = start_covariance_;
    decompose();
  }
  best_history_.clear();
  median_history_.clear();
}

double CmaEs::phenotype(Eigen::Index i, double genotype) const noexcept {
  return bounds_[static_cast<std::size_t>(i)].to_phenotype(genotype * step_[i]);
}

void CmaEs::ask(MatrixView candidates) {
  // Decomposing costs n^3: done only when C has moved enough (Hansen, tutorial B.2).
  const double lag = 1 / ((strategy_.c1 + strategy_.cmu) * static_cast<double>(n_) * 10);
  if (static_cast<double>(generation_ - decomposed_at_) > lag) decompose();
  Random random(seed_, "cma_es", run_, static_cast<std::int64_t>(generation_));
  steps_.resize(n_, population_);
  Eigen::VectorXd z(n_);
  for (Eigen::Index k = 0; k < population_; ++k) {
    for (Eigen::Index i = 0; i < n_; ++i) z[i] = random.normal();
    steps_.col(k).noalias() = axes_ * (deviations_.array() * z.array()).matrix();
    for (Eigen::Index i = 0; i < n_; ++i) candidates(i, k) = phenotype(i, mean_[i] + sigma_ * steps_(i, k));
  }
}

void CmaEs::tell(ConstMatrixView, const Evaluations& evaluations) {
  const Strategy& s = strategy_;
  std::vector<Eigen::Index> order(static_cast<std::size_t>(population_));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](Eigen::Index k) { return evaluations.loss[k]; });
  Eigen::VectorXd sorted(population_);
  for (Eigen::Index k = 0; k < population_; ++k)
    sorted[k] = evaluations.loss[order[static_cast<std::size_t>(k)]];

  Eigen::VectorXd y = Eigen::VectorXd::Zero(n_);
  for (Eigen::Index k = 0; k < s.mu; ++k) y += s.weights[k] * steps_.col(order[static_cast<std::size_t>(k)]);
  mean_ += sigma_ * y;
  // C^(-1/2) y in the eigenbasis that the samples came from.
  const auto whiten = [&](const auto& v) -> Eigen::VectorXd {
    return axes_ * ((axes_.transpose() * v).array() / deviations_.array()).matrix();
  };
  ps_ = (1 - s.cs) * ps_ + std::sqrt(s.cs * (2 - s.cs) * s.mueff) * whiten(y);
  ++generation_;
  const double correction = std::sqrt(1 - std::pow(1 - s.cs, 2 * static_cast<double>(generation_)));
  const bool h = ps_.norm() / correction < (1.4 + 2 / (static_cast<double>(n_) + 1)) * s.chi_n;
  pc_ = (1 - s.cc) * pc_ + (h ? std::sqrt(s.cc * (2 - s.cc) * s.mueff) : 0.0) * y;

  const double stall = h ? 0 : s.cc * (2 - s.cc);
  c_ *= 1 + s.c1 * stall - s.c1 - s.cmu * s.weights.sum();
  c_.noalias() += s.c1 * pc_ * pc_.transpose();
  for (Eigen::Index k = 0; k < population_; ++k) {
    double w = s.weights[k];
    if (w == 0) continue;
    const auto step = steps_.col(order[static_cast<std::size_t>(k)]);
    if (w < 0) w *= static_cast<double>(n_) / std::max(whiten(step).squaredNorm(), 1e-300);
    c_.noalias() += s.cmu * w * step * step.transpose();
  }
  sigma_ *= std::exp(std::min(1.0, s.cs / s.damps * (ps_.norm() / s.chi_n - 1)));
  limit_deviations();

  best_history_.push_back(sorted[0]);
  median_history_.push_back(sorted[population_ / 2]);
  const std::string reason = stop_reason(sorted);
  if (reason.empty()) return;
  last_reason_ = reason;
  if (!settings_.ipop || static_cast<std::int64_t>(run_) >= settings_.max_restarts) {
    stop_ = reason;
    return;
  }
  ++run_;
  population_ *= 2;
  begin_run();
}

void CmaEs::decompose() {
  c_ = (0.5 * (c_ + c_.transpose())).eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(c_);
  deviations_ = solver.eigenvalues().cwiseMax(1e-300).cwiseSqrt();
  axes_ = solver.eigenvectors();
  decomposed_at_ = generation_;
}

// No coordinate's deviation may exceed a third of its range (pycma's maxstd).
void CmaEs::limit_deviations() {
  for (Eigen::Index i = 0; i < n_; ++i) {
    const double deviation = sigma_ * std::sqrt(c_(i, i));
    if (!(deviation > max_deviation_[i])) continue;
    const double factor = max_deviation_[i] / deviation;
    c_.row(i) *= factor;
    c_.col(i) *= factor;
  }
}

// The tutorial's termination criteria, section B.3, with pycma's names and defaults.
std::string CmaEs::stop_reason(const Eigen::VectorXd& sorted) const {
  const auto n = static_cast<double>(n_), lambda = static_cast<double>(population_);
  const auto history = best_history_.size();
  const auto window = static_cast<std::size_t>(10 + std::ceil(30 * n / lambda));
  const double worst_now = sorted[population_ - 1];
  if (history >= window) {
    const auto [low, high] =
        std::minmax_element(best_history_.end() - static_cast<std::ptrdiff_t>(window), best_history_.end());
    if (*high - *low < settings_.tolfunhist) return "tolfunhist";
    if (std::max(*high, worst_now) - std::min(*low, sorted[0]) < settings_.tolfun) return "tolfun";
  }
  if (sorted[0] ==
          sorted[std::min<Eigen::Index>(population_ - 1, static_cast<Eigen::Index>(0.1 + lambda / 4))] &&
      history >= window && sorted[0] == worst_now)
    return "tolflatfitness";
  const Eigen::VectorXd spread = sigma_ * c_.diagonal().cwiseSqrt();
  if ((spread.array() < settings_.tolx).all() && (sigma_ * pc_.cwiseAbs().array() < settings_.tolx).all())
    return "tolx";
  if ((spread.array() > settings_.tolfacupx).any()) return "tolfacupx";
  const double largest = deviations_.maxCoeff(), smallest = deviations_.minCoeff();
  if (sigma_ / largest > settings_.tolupsigma) return "tolupsigma";
  if (largest * largest > settings_.tolconditioncov * smallest * smallest) return "tolconditioncov";
  const auto axis = static_cast<Eigen::Index>(generation_ % static_cast<std::uint64_t>(n_));
  if ((mean_ + 0.1 * sigma_ * deviations_[axis] * axes_.col(axis)) == mean_) return "noeffectaxis";
  if (((mean_ + 0.2 * spread).array() == mean_.array()).any()) return "noeffectcoord";
  if (static_cast<double>(generation_) >= 100 + 150 * (n + 3) * (n + 3) / std::sqrt(lambda)) return "maxiter";
  const auto stagnation = static_cast<std::size_t>(
      std::min(20000.0, std::max(120 + 30 * n / lambda, 0.2 * static_cast<double>(history))));
  if (history >= std::max(stagnation, static_cast<std::size_t>(100 + 100 * std::pow(n, 1.5) / lambda))) {
    const auto stalled = [&](const std::vector<double>& values) {
      const auto part = static_cast<std::ptrdiff_t>(0.3 * static_cast<double>(stagnation));
      const auto median = [&](std::ptrdiff_t from) {
        std::vector<double> some(values.end() - from, values.end() - from + part);
        std::nth_element(some.begin(), some.begin() + part / 2, some.end());
        return some[static_cast<std::size_t>(part / 2)];
      };
      return median(part) >= median(static_cast<std::ptrdiff_t>(stagnation));
    };
    if (stalled(best_history_) && stalled(median_history_)) return "tolstagnation";
  }
  return {};
}

void CmaEs::save(StateWriter& out) const {
  out.integer("run", run_);
  out.integer("generation", generation_);
  out.integer("decomposed_at", decomposed_at_);
  out.integer("population", static_cast<std::uint64_t>(population_));
  out.real("sigma", sigma_);
  out.vector("mean", view_of(mean_));
  out.vector("pc", view_of(pc_));
  out.vector("ps", view_of(ps_));
  out.vector("deviations", view_of(deviations_));
  out.matrix("covariance", view_of(c_));
  out.matrix("axes", view_of(axes_));
  out.vector("best_history",
             ConstVectorView(best_history_.data(), static_cast<Eigen::Index>(best_history_.size())));
  out.vector("median_history",
             ConstVectorView(median_history_.data(), static_cast<Eigen::Index>(median_history_.size())));
  out.text("stop", stop_);
  out.text("last_restart_reason", last_reason_);
}

void CmaEs::restore(const StateReader& in) {
  run_ = in.integer("run");
  population_ = static_cast<Eigen::Index>(in.integer("population"));
  begin_run();
  generation_ = in.integer("generation");
  decomposed_at_ = in.integer("decomposed_at");
  sigma_ = in.real("sigma");
  mean_ = in.vector("mean");
  pc_ = in.vector("pc");
  ps_ = in.vector("ps");
  deviations_ = in.vector("deviations");
  c_ = in.matrix("covariance");
  axes_ = in.matrix("axes");
  const auto list = [&](const char* name) {
    const ConstVectorView v = in.vector(name);
    return std::vector<double>(v.data(), v.data() + v.size());
  };
  best_history_ = list("best_history");
  median_history_ = list("median_history");
  stop_ = in.text("stop");
  last_reason_ = in.text("last_restart_reason");
}

void CmaEs::best(VectorView parameters) const {
  for (Eigen::Index i = 0; i < n_; ++i) parameters[i] = phenotype(i, mean_[i]);
}

bool CmaEs::covariance(MatrixView out) const {
  out = sigma_ * sigma_ * c_;
  return true;
}

}  // namespace hebbforge::cma_es
