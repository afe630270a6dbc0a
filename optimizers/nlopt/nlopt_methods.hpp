// NLopt's derivative-free methods, asked and told.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <hebbforge/interfaces/optimizer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "conversation.hpp"

namespace hebbforge::nlopt_methods {

/// The names that `method` may have.
inline constexpr const char* method_names[] = {"bobyqa", "cobyla", "sbplx",   "crs2",
                                               "isres",  "esch",   "direct_l"};

struct Settings {
  std::string method = "bobyqa";
  double tolx = 1e-8;    ///< in initial steps
  double tolfun = 0;     ///< 0: not a reason to stop
  double half_box = 10;  ///< of a global method where a bound is infinite: initial steps on either side
};

/// One candidate at a time. Coordinates are divided by their steps, without fixed ones; the seed permutes and
/// mirrors them, since most of these methods draw nothing. The state is the losses that were told: restoring
/// runs the method again on them.
class NloptMethod : public Optimizer {
 public:
  explicit NloptMethod(const Settings& settings) : settings_(settings) {}
  void begin(const SearchSpace& space) override;
  Eigen::Index population_size() const noexcept override { return 1; }
  void ask(MatrixView candidates) override;
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override;
  std::string_view stop() const noexcept override { return stop_; }
  void save(StateWriter& out) const override;
  void restore(const StateReader& in) override;
  void best(VectorView parameters) const override { parameters = best_; }

 private:
  struct Axis {
    Eigen::Index coordinate;
    double sign;  // +1 or -1
  };
  void start(std::vector<double> known);
  void take_next();
  std::string minimize(const Conversation::Objective& objective) const;

  Settings settings_;
  Eigen::VectorXd start_, step_, lower_, upper_;
  std::uint64_t seed_ = 0;
  std::vector<Axis> axes_;  // of NLopt's coordinates
  std::vector<double> told_;
  Eigen::VectorXd next_, best_;
  double best_loss_ = 0;
  std::string stop_;
  std::unique_ptr<Conversation> conversation_;  // last: its thread uses the others
};

}  // namespace hebbforge::nlopt_methods
