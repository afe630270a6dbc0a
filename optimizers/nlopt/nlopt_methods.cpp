#include "nlopt_methods.hpp"

#include <nlopt.h>
#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/sized_state.hpp>
#include <limits>
#include <utility>

namespace hebbforge::nlopt_methods {
namespace {

struct Method {
  const char* name;
  nlopt_algorithm algorithm;
  bool global;         // needs finite bounds
  std::size_t fewest;  // coordinates
};
constexpr Method methods[] = {{"bobyqa", NLOPT_LN_BOBYQA, false, 2},   {"cobyla", NLOPT_LN_COBYLA, false, 1},
                              {"sbplx", NLOPT_LN_SBPLX, false, 1},     {"crs2", NLOPT_GN_CRS2_LM, true, 1},
                              {"isres", NLOPT_GN_ISRES, true, 1},      {"esch", NLOPT_GN_ESCH, true, 1},
                              {"direct_l", NLOPT_GN_DIRECT_L, true, 1}};

const Method& method_named(std::string_view name) {
  for (const Method& m : methods) {
    if (m.name == name) return m;
  }
  throw Error("no method '" + std::string(name) + "'");
}

// Quadratic models square losses: larger ones grow by their logarithm, which keeps their order.
double moderate(double loss) {
  constexpr double largest = 1e50;
  if (std::abs(loss) <= largest) return loss;
  return std::copysign(largest * (1 + std::log10(std::abs(loss) / largest)), loss);
}

struct Call {
  const Conversation::Objective& objective;
  nlopt_opt problem;
  int not_finite = 0;  // points in a row
};

double evaluate(unsigned n, const double* point, double*, void* data) {
  constexpr int patience = 100;
  Call& call = *static_cast<Call*>(data);
  const Eigen::Map<const Eigen::VectorXd> x(point, n);
  if (!x.allFinite()) {
    if (++call.not_finite >= patience) nlopt_force_stop(call.problem);
    return HUGE_VAL;
  }
  call.not_finite = 0;
  double loss = 0;
  if (call.objective(x, loss)) return moderate(loss);
  nlopt_force_stop(call.problem);
  return HUGE_VAL;
}

const char* reason(nlopt_result result) {
  switch (result) {
    case NLOPT_FTOL_REACHED:
      return "tolfun";
    case NLOPT_XTOL_REACHED:
      return "tolx";
    case NLOPT_ROUNDOFF_LIMITED:
      return "roundoff";
    case NLOPT_OUT_OF_MEMORY:
      return "out_of_memory";
    case NLOPT_FORCED_STOP:
      return "not_finite";
    case NLOPT_INVALID_ARGS:
      return "invalid_arguments";
    default:
      return result > 0 ? "converged" : "failed";
  }
}

}  // namespace

void NloptMethod::begin(const SearchSpace& space) {
  start_ = space.start;
  step_ = space.step;
  lower_ = space.lower;
  upper_ = space.upper;
  seed_ = space.seed;
  Random random(seed_, "nlopt");
  axes_.clear();
  for (Eigen::Index i = 0; i < start_.size(); ++i) {
    if (upper_[i] > lower_[i]) axes_.push_back({i, random.uniform() < 0.5 ? -1.0 : 1.0});
  }
  for (std::size_t k = axes_.size(); k > 1; --k)
    std::swap(axes_[k - 1], axes_[static_cast<std::size_t>(random.index(static_cast<std::int64_t>(k)))]);
  const Method& method = method_named(settings_.method);
  if (axes_.size() < method.fewest)
    throw Error("'" + settings_.method + "' needs at least " + std::to_string(method.fewest) +
                " coordinates that are free to move, and there are " + std::to_string(axes_.size()));
  best_ = start_;
  best_loss_ = std::numeric_limits<double>::infinity();
  start({});
}

void NloptMethod::start(std::vector<double> known) {
  stop_.clear();
  told_ = known;
  conversation_.reset();
  conversation_ = std::make_unique<Conversation>(
      [this](const Conversation::Objective& objective) { return minimize(objective); }, std::move(known));
  take_next();
}

void NloptMethod::take_next() {
  next_ = start_;
  if (!conversation_->next()) {
    stop_ = conversation_->ended();
    return;
  }
  for (std::size_t k = 0; k < axes_.size(); ++k) {
    const auto [i, sign] = axes_[k];
    const double x = start_[i] + sign * step_[i] * conversation_->point()[static_cast<Eigen::Index>(k)];
    next_[i] = std::clamp(x, lower_[i], upper_[i]);  // a rounding beyond the bound
  }
}

std::string NloptMethod::minimize(const Conversation::Objective& objective) const {
  const Method& method = method_named(settings_.method);
  const auto n = static_cast<unsigned>(axes_.size());
  const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> problem(nlopt_create(method.algorithm, n),
                                                                       &nlopt_destroy);
  std::vector<double> low(n), high(n), first(n), x(n, 0.0);
  for (unsigned k = 0; k < n; ++k) {
    const auto [i, sign] = axes_[k];
    double a = (lower_[i] - start_[i]) / step_[i], b = (upper_[i] - start_[i]) / step_[i];
    if (method.global) {
      if (std::isinf(a)) a = -settings_.half_box;
      if (std::isinf(b)) b = settings_.half_box;
    }
    low[k] = sign > 0 ? a : -b;
    high[k] = sign > 0 ? b : -a;
    first[k] = std::min(1.0, (b - a) / 4);
  }
  Call call{objective, problem.get()};
  nlopt_srand(static_cast<unsigned long>(seed_));
  nlopt_set_min_objective(problem.get(), evaluate, &call);
  nlopt_set_lower_bounds(problem.get(), low.data());
  nlopt_set_upper_bounds(problem.get(), high.data());
  nlopt_set_initial_step(problem.get(), first.data());
  nlopt_set_xtol_abs1(problem.get(), settings_.tolx);
  nlopt_set_ftol_abs(problem.get(), settings_.tolfun);
  double least = 0;
  return reason(nlopt_optimize(problem.get(), x.data(), &least));
}

void NloptMethod::ask(MatrixView candidates) { candidates.col(0) = next_; }

void NloptMethod::tell(ConstMatrixView candidates, const Evaluations& evaluations) {
  const double loss = evaluations.loss[0];
  if (loss < best_loss_) {
    best_loss_ = loss;
    best_ = candidates.col(0);
  }
  told_.push_back(loss);
  conversation_->answer(loss);
  take_next();
}

void NloptMethod::save(StateWriter& out) const {
  out.vector("told", ConstVectorView(told_.data(), static_cast<Eigen::Index>(told_.size())));
  out.vector("next", view_of(next_));
  out.vector("best", view_of(best_));
  out.real("best_loss", best_loss_);
  out.text("stop", stop_);
}

void NloptMethod::restore(const StateReader& in) {
  const ConstVectorView told = in.vector("told");
  start({told.data(), told.data() + told.size()});
  if (in.vector("next") != next_ || in.text("stop") != stop_)
    throw Error("NLopt's '" + settings_.method +
                "' proposes something else than before on the same losses: is it another version of NLopt?");
  best_ = vector_of(in, "best", next_.size());
  best_loss_ = in.real("best_loss");
}

}  // namespace hebbforge::nlopt_methods
