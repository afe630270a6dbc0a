// What follows when a run of CMA-ES ends.
#pragma once

#include <cstdint>
#include <hebbforge/state.hpp>

namespace hebbforge::cma_es {

/// none; ipop: the population doubles (Auger and Hansen, CEC 2005); bipop: such large runs take turns with
/// small ones, and both kinds get the same number of evaluations (Hansen, GECCO 2009).
enum class Restarts { none, ipop, bipop };

/// A run to be made.
struct Run {
  std::int64_t population = 0;
  double sigma = 1;              ///< in initial steps
  bool start_elsewhere = false;  ///< from a point drawn around the start, not from the start
  std::int64_t evaluations = 0;  ///< at most; 0: no limit
};

class RestartPlan {
 public:
  /// \param ceiling  the population grows no further
  void begin(Restarts kind, std::int64_t first_population, std::int64_t ceiling, std::int64_t max_restarts,
             std::uint64_t seed);
  const Run& run() const noexcept { return run_; }
  std::uint64_t index() const noexcept { return index_; }  ///< of the run; 0: the first
  /// Goes on to the next run; false: there is none. \param evaluations  of the run that ended
  bool next(std::int64_t evaluations);

  void save(StateWriter& out) const;
  void restore(const StateReader& in);

 private:
  void grow();
  Restarts kind_ = Restarts::none;
  std::int64_t first_ = 0, ceiling_ = 0, max_restarts_ = 0;
  std::uint64_t seed_ = 0, index_ = 0;
  Run run_;
  bool small_ = true;                                                // the first run counts as small
  std::int64_t large_ = 0;                                           // population of the last large run
  std::int64_t spent_large_ = 0, spent_small_ = 0, last_large_ = 0;  // evaluations
};

}  // namespace hebbforge::cma_es
