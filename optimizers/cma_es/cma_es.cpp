#include "cma_es.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/log.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/sized_state.hpp>
#include <limits>
#include <numeric>

namespace hebbforge::cma_es {
namespace {
constexpr std::size_t longest_window = 20000;  // generations that any criterion looks back
constexpr double infinity = std::numeric_limits<double>::infinity();
}  // namespace

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
    start_[i] = genotype(i, space.start[i]);
    // A fixed coordinate is not limited: without deviation it would end every run ("noeffectcoord").
    max_deviation_[i] =
        space.upper[i] > space.lower[i] ? (space.upper[i] - space.lower[i]) / 3 / step_[i] : infinity;
  }
  seed_ = space.seed;
  start_covariance_ = space.covariance;
  stop_.clear();
  last_reason_.clear();
  log_.clear();
  best_of_earlier_runs_ = infinity;
  const std::int64_t first =
      settings_.population > 0
          ? settings_.population
          : 4 + static_cast<std::int64_t>(std::floor(3 * std::log(static_cast<double>(n_))));
  ceiling_ = std::max(first, settings_.max_population > 0 ? settings_.max_population : 256 * first);
  plan_.begin(settings_.restarts, first, ceiling_, settings_.max_restarts, seed_);
  begin_run();
}

void CmaEs::begin_run() {
  set_population(plan_.run().population);
  generation_ = decomposed_at_ = 0;
  evaluations_ = 0;
  mean_ = start_;
  if (plan_.run().start_elsewhere) {
    Random random(seed_, "cma_es start", plan_.index());
    for (double& x : mean_) x += random.normal();
  }
  pc_ = ps_ = Eigen::VectorXd::Zero(n_);
  sigma_ = plan_.run().sigma;
  covariance_.begin(n_, settings_.diagonal, start_covariance_);
  noise_.begin();
  again_.resize(n_, 0);
  again_losses_.resize(0);
  best_of_run_ = infinity;
  best_history_.clear();
  median_history_.clear();
}

void CmaEs::set_population(Eigen::Index population) {
  population_ = population;
  // Measured: with the tutorial's bound a tablet in 40 dimensions takes 21 300 evaluations, with this one 18
  // 000.
  const double by_dimension = n_ > 20 && !settings_.diagonal ? 1.5 : 1;
  const double bound = settings_.negative_weights > 0 ? settings_.negative_weights : by_dimension;
  strategy_ = Strategy(n_, population, settings_.active ? bound : 0, settings_.diagonal);
}

double CmaEs::phenotype(Eigen::Index i, double genotype) const noexcept {
  return bounds_[static_cast<std::size_t>(i)].to_phenotype(genotype * step_[i]);
}
double CmaEs::genotype(Eigen::Index i, double phenotype) const noexcept {
  return bounds_[static_cast<std::size_t>(i)].to_genotype(phenotype) / step_[i];
}

Eigen::Index CmaEs::population_size() const noexcept {
  return population_ + reevaluated() + (settings_.evaluate_mean ? 1 : 0);
}

Eigen::Index CmaEs::parents() const noexcept {
  const bool all = settings_.active || settings_.noise != NoiseMeasure::none || settings_.evaluate_mean;
  return all ? population_size() : std::max<Eigen::Index>(1, strategy_.mu);
}

// Decomposing costs n^3: done only when C has moved enough (tutorial, B.2). Where that cost counts, the root
// may be five times as old, as in pycma; the evaluations that a search needs stay the same.
void CmaEs::decompose() {
  const auto n = static_cast<double>(n_);
  const double lag = (n_ > 20 ? 0.5 : 0.1) / ((strategy_.c1 + strategy_.cmu) * n);
  if (!settings_.diagonal && static_cast<double>(generation_ - decomposed_at_) <= lag) return;
  covariance_.decompose();
  decomposed_at_ = generation_;
}

void CmaEs::ask(MatrixView candidates) {
  decompose();
  Random random(seed_, "cma_es", plan_.index(), static_cast<std::int64_t>(generation_));
  z_.resize(n_, population_);
  for (double& z : z_.reshaped()) z = random.normal();
  covariance_.color(z_, steps_);
  for (Eigen::Index k = 0; k < population_; ++k) {
    for (Eigen::Index i = 0; i < n_; ++i) candidates(i, k) = phenotype(i, mean_[i] + sigma_ * steps_(i, k));
  }
  candidates.middleCols(population_, reevaluated()) = again_;
  if (settings_.evaluate_mean) best({&candidates(0, candidates.cols() - 1), n_});
  asked_ = candidates;
}

void CmaEs::inject(Eigen::Index k, ConstMatrixView candidates) {
  Eigen::VectorXd y(n_);
  for (Eigen::Index i = 0; i < n_; ++i) y[i] = (genotype(i, candidates(i, k)) - mean_[i]) / sigma_;
  const auto n = static_cast<double>(n_);
  const double longest = std::sqrt(n) + 2 * n / (n + 2);
  Eigen::VectorXd z = covariance_.whiten(y);
  const double shorter = std::min(1.0, longest / std::max(z.norm(), 1e-300));
  z_.col(k) = shorter * z;
  steps_.col(k) = shorter * y;
}

void CmaEs::tell(ConstMatrixView candidates, const Evaluations& evaluations) {
  for (Eigen::Index k = 0; k < population_; ++k) {
    if (candidates.col(k) != asked_.col(k)) inject(k, candidates);
  }
  std::vector<Eigen::Index> order(static_cast<std::size_t>(population_));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](Eigen::Index k) { return evaluations.loss[k]; });
  Eigen::VectorXd sorted(population_);
  for (Eigen::Index k = 0; k < population_; ++k)
    sorted[k] = evaluations.loss[order[static_cast<std::size_t>(k)]];
  update(order);
  limit_deviations();
  evaluations_ += candidates.cols();
  remember(sorted[0], sorted[population_ / 2]);
  const std::string reason = stop_reason(sorted);
  if (!reason.empty())
    end_run(reason);
  else if (settings_.noise != NoiseMeasure::none)
    adapt_to_noise(candidates, evaluations);
}

void CmaEs::update(const std::vector<Eigen::Index>& order) {
  const Strategy& s = strategy_;
  const auto n = static_cast<double>(n_);
  Eigen::VectorXd y = Eigen::VectorXd::Zero(n_), z = y;
  for (Eigen::Index k = 0; k < s.mu; ++k) {
    y += s.weights[k] * steps_.col(order[static_cast<std::size_t>(k)]);
    z += s.weights[k] * z_.col(order[static_cast<std::size_t>(k)]);
  }
  mean_ += sigma_ * y;
  ps_ = (1 - s.cs) * ps_ + std::sqrt(s.cs * (2 - s.cs) * s.mueff) * covariance_.rotate(z);
  ++generation_;
  const double correction = std::sqrt(1 - std::pow(1 - s.cs, 2 * static_cast<double>(generation_)));
  const bool h = ps_.norm() / correction < (1.4 + 2 / (n + 1)) * s.chi_n;
  pc_ = (1 - s.cc) * pc_ + (h ? std::sqrt(s.cc * (2 - s.cc) * s.mueff) : 0.0) * y;

  const Eigen::Index negative = (s.weights.array() < 0).count();
  Eigen::MatrixXd plus(n_, s.mu + 1), minus(n_, negative);
  for (Eigen::Index k = 0; k < s.mu; ++k)
    plus.col(k) = std::sqrt(s.cmu * s.weights[k]) * steps_.col(order[static_cast<std::size_t>(k)]);
  plus.col(s.mu) = std::sqrt(s.c1) * pc_;
  for (Eigen::Index k = 0; k < negative; ++k) {
    const auto worse = static_cast<std::size_t>(population_ - negative + k);
    const double length = std::max(z_.col(order[worse]).squaredNorm(), 1e-300);
    minus.col(k) =
        std::sqrt(-s.cmu * s.weights[population_ - negative + k] * n / length) * steps_.col(order[worse]);
  }
  const double stall = h ? 0 : s.cc * (2 - s.cc);
  covariance_.update(1 + s.c1 * stall - s.c1 - s.cmu * s.weights.sum(), plus, minus);
  sigma_ *= std::exp(std::min(1.0, s.cs / s.damps * (ps_.norm() / s.chi_n - 1)));
}

// No coordinate's deviation may exceed a third of its range (pycma's maxstd).
void CmaEs::limit_deviations() {
  const Eigen::VectorXd variances = covariance_.variances();
  for (Eigen::Index i = 0; i < n_; ++i) {
    const double deviation = sigma_ * std::sqrt(variances[i]);
    if (deviation > max_deviation_[i]) covariance_.scale_coordinate(i, max_deviation_[i] / deviation);
  }
}

void CmaEs::adapt_to_noise(ConstMatrixView candidates, const Evaluations& evaluations) {
  if (settings_.noise == NoiseMeasure::networks) {
    if (evaluations.per_network.rows() < 2) return;
    noise_.observe(
        split_half_reliability({evaluations.per_network.data(), evaluations.per_network.rows(), population_,
                                Eigen::OuterStride<>(evaluations.per_network.outerStride())}));
  } else {
    if (reevaluated() > 0)
      noise_.observe(rank_correlation(again_losses_, evaluations.loss.segment(population_, reevaluated())));
    // Samples are exchangeable: the first ones are as good as any.
    const Eigen::Index again = std::min(population_, std::max<Eigen::Index>(5, population_ / 5));
    again_ = candidates.leftCols(again);
    again_losses_ = evaluations.loss.head(again);
  }
  const double wanted = std::round(noise_.population_factor() * static_cast<double>(population_));
  const auto least = static_cast<Eigen::Index>(plan_.run().population);
  const Eigen::Index next =
      std::clamp(static_cast<Eigen::Index>(wanted), least, static_cast<Eigen::Index>(ceiling_));
  const bool saturated = population_ >= ceiling_ && noise_.population_factor() > 1;
  if (saturated) sigma_ *= 1 + 2 / (static_cast<double>(n_) + 10);
  if (next != population_) set_population(next);
}

void CmaEs::end_run(const std::string& reason) {
  last_reason_ = reason;
  best_of_earlier_runs_ = std::min(best_of_earlier_runs_, best_of_run_);
  const std::string run = "run " + std::to_string(plan_.index()) + ": " +
                          std::to_string(plan_.run().population) + " candidates, " +
                          std::to_string(generation_) + " generations, " + std::to_string(evaluations_) +
                          " evaluations, ended by " + reason;
  log_ += run + '\n';
  if (!plan_.next(evaluations_)) {
    stop_ = reason;
    log_debug("cma_es: " + run);
    return;
  }
  log_debug("cma_es: " + run + "; next: " + std::to_string(plan_.run().population) + " candidates");
  begin_run();
}

// Long runs keep only what the criteria can look at.
void CmaEs::remember(double best, double median) {
  best_of_run_ = std::min(best_of_run_, best);
  for (auto [history, value] : {std::pair{&best_history_, best}, std::pair{&median_history_, median}}) {
    history->push_back(value);
    if (history->size() >= 2 * longest_window)
      history->erase(history->begin(), history->end() - static_cast<std::ptrdiff_t>(longest_window));
  }
}

// The tutorial's termination criteria, section B.3, with pycma's names and defaults; and one of our own: a
// run that hardly moves any more and is far behind an earlier one is not worth its end.
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
    if (*high == *low) return "equalfunvalues";
    if (*high - *low < settings_.tolbehind * (*low - best_of_earlier_runs_)) return "tolbehind";
    if (sorted[0] == worst_now) return "tolflatfitness";
  }
  const Eigen::VectorXd spread = sigma_ * covariance_.variances().cwiseSqrt();
  if ((spread.array() < settings_.tolx).all() && (sigma_ * pc_.cwiseAbs().array() < settings_.tolx).all())
    return "tolx";
  if ((spread.array() > settings_.tolfacupx).any()) return "tolfacupx";
  const double largest = covariance_.largest_root(), smallest = covariance_.smallest_root();
  if (sigma_ / largest > settings_.tolupsigma) return "tolupsigma";
  if (largest * largest > settings_.tolconditioncov * smallest * smallest) return "tolconditioncov";
  const auto axis = static_cast<Eigen::Index>(generation_ % static_cast<std::uint64_t>(n_));
  if ((mean_ + 0.1 * sigma_ * covariance_.axis(axis)) == mean_) return "noeffectaxis";
  if (((mean_ + 0.2 * spread).array() == mean_.array()).any()) return "noeffectcoord";
  if (static_cast<double>(generation_) >= 100 + 150 * (n + 3) * (n + 3) / std::sqrt(lambda)) return "maxiter";
  if (plan_.run().evaluations > 0 && evaluations_ >= plan_.run().evaluations) return "maxfevals";
  return stagnates() ? "tolstagnation" : "";
}

// No median of best or middle losses has improved: of the last against the first 30 % of a window.
bool CmaEs::stagnates() const {
  const auto n = static_cast<double>(n_), lambda = static_cast<double>(population_);
  const auto generations = static_cast<double>(generation_);
  const double window =
      std::floor(std::min<double>(longest_window, std::max(120 + 30 * n / lambda, 0.2 * generations)));
  if (generations < std::max(window, std::floor(100 + 100 * std::pow(n, 1.5) / lambda))) return false;
  const auto part = static_cast<std::ptrdiff_t>(0.3 * window);
  const auto stalled = [&](const std::vector<double>& values) {
    const auto median = [&](std::ptrdiff_t from) {
      std::vector<double> some(values.end() - from, values.end() - from + part);
      std::nth_element(some.begin(), some.begin() + part / 2, some.end());
      return some[static_cast<std::size_t>(part / 2)];
    };
    return median(part) >= median(static_cast<std::ptrdiff_t>(window));
  };
  return stalled(best_history_) && stalled(median_history_);
}

void CmaEs::save(StateWriter& out) const {
  plan_.save(out);
  out.integer("generation", generation_);
  out.integer("decomposed_at", decomposed_at_);
  out.integer("evaluations", static_cast<std::uint64_t>(evaluations_));
  out.integer("population", static_cast<std::uint64_t>(population_));
  out.real("sigma", sigma_);
  out.vector("mean", view_of(mean_));
  out.vector("pc", view_of(pc_));
  out.vector("ps", view_of(ps_));
  covariance_.save(out);
  noise_.save(out);
  out.matrix("evaluated_again", view_of(again_));
  out.vector("losses_of_evaluated_again", view_of(again_losses_));
  out.vector("best_history",
             ConstVectorView(best_history_.data(), static_cast<Eigen::Index>(best_history_.size())));
  out.vector("median_history",
             ConstVectorView(median_history_.data(), static_cast<Eigen::Index>(median_history_.size())));
  out.text("stop", stop_);
  out.text("last_restart_reason", last_reason_);
  out.real("best_of_run", best_of_run_);
  out.real("best_of_earlier_runs", best_of_earlier_runs_);
  out.text("runs", log_);
}

void CmaEs::restore(const StateReader& in) {
  const auto possible = [&](std::int64_t population) { return population >= 1 && population <= ceiling_; };
  plan_.restore(in);
  require_state(possible(plan_.run().population), "run_population");
  begin_run();
  const auto population = static_cast<std::int64_t>(in.integer("population"));
  require_state(possible(population), "population");
  set_population(static_cast<Eigen::Index>(population));
  generation_ = in.integer("generation");
  decomposed_at_ = in.integer("decomposed_at");
  evaluations_ = static_cast<std::int64_t>(in.integer("evaluations"));
  sigma_ = in.real("sigma");
  mean_ = vector_of(in, "mean", n_);
  pc_ = vector_of(in, "pc", n_);
  ps_ = vector_of(in, "ps", n_);
  covariance_.restore(in);
  noise_.restore(in);
  again_losses_ = in.vector("losses_of_evaluated_again");
  require_state(again_losses_.size() <= ceiling_, "losses_of_evaluated_again");
  again_ = matrix_of(in, "evaluated_again", n_, again_losses_.size());
  const auto list = [&](const char* name) {
    const ConstVectorView v = in.vector(name);
    return std::vector<double>(v.data(), v.data() + v.size());
  };
  best_history_ = list("best_history");
  median_history_ = list("median_history");
  stop_ = in.text("stop");
  last_reason_ = in.text("last_restart_reason");
  best_of_run_ = in.real("best_of_run");
  best_of_earlier_runs_ = in.real("best_of_earlier_runs");
  log_ = in.text("runs");
}

void CmaEs::best(VectorView parameters) const {
  for (Eigen::Index i = 0; i < n_; ++i) parameters[i] = phenotype(i, mean_[i]);
}

bool CmaEs::covariance(MatrixView out) const {
  covariance_.write_to(out);
  out *= sigma_ * sigma_;
  return true;
}

}  // namespace hebbforge::cma_es
