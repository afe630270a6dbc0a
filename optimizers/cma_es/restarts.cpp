#include "restarts.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/random.hpp>

namespace hebbforge::cma_es {
namespace {
constexpr std::int64_t large_per_small = 2;  // evaluations
}

void RestartPlan::begin(Restarts kind, std::int64_t first_population, std::int64_t ceiling,
                        std::int64_t max_restarts, std::uint64_t seed) {
  *this = {};
  kind_ = kind;
  first_ = large_ = first_population;
  ceiling_ = std::max(ceiling, first_population);
  max_restarts_ = max_restarts;
  seed_ = seed;
  run_.population = first_population;
}

void RestartPlan::grow() {
  large_ = std::min(2 * large_, ceiling_);
  run_ = {large_, 1, false, 0};
}

bool RestartPlan::next(std::int64_t evaluations) {
  if (kind_ == Restarts::none || static_cast<std::int64_t>(index_) >= max_restarts_) return false;
  ++index_;
  if (kind_ == Restarts::ipop) {
    grow();
    return true;
  }
  (small_ ? spent_small_ : spent_large_) += evaluations;
  if (!small_) last_large_ = evaluations;
  small_ = spent_small_ < spent_large_ / large_per_small;
  if (!small_) {
    grow();
    return true;
  }
  Random random(seed_, "cma_es small run", index_);
  const double u = random.uniform(), v = random.uniform(),
               ratio = std::max(1.0, 0.5 * static_cast<double>(large_) / static_cast<double>(first_));
  const double population = std::floor(static_cast<double>(first_) * std::pow(ratio, u * u));
  run_ = {static_cast<std::int64_t>(population), std::pow(10, -2 * v), true,
          std::max<std::int64_t>(1, last_large_ / 2)};
  return true;
}

void RestartPlan::save(StateWriter& out) const {
  out.integer("run", index_);
  out.integer("run_population", static_cast<std::uint64_t>(run_.population));
  out.real("run_sigma", run_.sigma);
  out.integer("run_start_elsewhere", run_.start_elsewhere);
  out.integer("run_evaluations_limit", static_cast<std::uint64_t>(run_.evaluations));
  out.integer("small_run", small_);
  out.integer("large_population", static_cast<std::uint64_t>(large_));
  out.integer("spent_in_large_runs", static_cast<std::uint64_t>(spent_large_));
  out.integer("spent_in_small_runs", static_cast<std::uint64_t>(spent_small_));
  out.integer("spent_in_last_large_run", static_cast<std::uint64_t>(last_large_));
}

void RestartPlan::restore(const StateReader& in) {
  const auto integer = [&](const char* name) { return static_cast<std::int64_t>(in.integer(name)); };
  index_ = in.integer("run");
  run_ = {integer("run_population"), in.real("run_sigma"), in.integer("run_start_elsewhere") != 0,
          integer("run_evaluations_limit")};
  small_ = in.integer("small_run") != 0;
  large_ = integer("large_population");
  spent_large_ = integer("spent_in_large_runs");
  spent_small_ = integer("spent_in_small_runs");
  last_large_ = integer("spent_in_last_large_run");
}

}  // namespace hebbforge::cma_es
