// One pathway under a rule, driven by given rates: what the tests of the kernels share.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <hebbforge/random.hpp>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "engine/plasticity.hpp"

namespace hebbforge::engine {
inline std::ostream& operator<<(std::ostream& out, KernelChoice k) {
  return out << (k == KernelChoice::fused ? "fused" : "reference");
}
}  // namespace hebbforge::engine

namespace hebbforge::test {

/// A rule whose parts a test puts together.
class WrittenRule : public RuleBasis {
 public:
  std::vector<abi::Parameter> parameter_list;
  std::vector<Signal> signal_list;
  std::vector<Term> term_list;
  std::span<const abi::Parameter> parameters() const noexcept override { return parameter_list; }
  std::span<const Signal> signals() const noexcept override { return signal_list; }
  std::span<const Term> terms() const noexcept override { return term_list; }
};

/// A pathway from given weights, and the engine's plasticity on it.
class Pathway {
 public:
  using Adjust = std::function<void(engine::PathwayState&)>;

  /// \param adjust  sets what differs from the published pathway
  Pathway(const Eigen::MatrixXd& weights, const RuleBasis& rule, const std::vector<double>& values,
          engine::KernelChoice choice, const Adjust& adjust = {}, engine::GlobalSignals globals = {},
          double dt = 1e-4)
      : effects(Eigen::VectorXd::Zero(
            std::max<Eigen::Index>(1, static_cast<Eigen::Index>(rule.terms().size())))) {
    state.weights = engine::PaddedMatrix(weights.rows(), weights.cols());
    state.plastic = engine::PaddedMatrix(weights.rows(), weights.cols());
    state.mask = engine::PaddedMatrix(weights.rows(), weights.cols());
    state.weights.view() = weights;
    state.plastic.view() = (weights.array() != 0).cast<double>();
    if (adjust) adjust(state);
    plasticity_ = engine::make_plasticity(rule, values, dt, state, std::move(globals), choice);
  }

  /// \param pre, post  rates at the trial's time points, shape (cells, time points)
  void run_trial(const Eigen::MatrixXd& pre, const Eigen::MatrixXd& post, bool reset = true) {
    state.begin_trial();
    plasticity_->begin_trial(trial_++, reset);
    for (Eigen::Index i = 0; i + 1 < pre.cols(); ++i) {
      plasticity_->step(i, pre.col(i).data(), post.col(i).data(), pre.col(i + 1).data(),
                        post.col(i + 1).data());
    }
    plasticity_->end_trial(effects);
  }

  Eigen::MatrixXd weights() const { return state.weights.view(); }

  engine::PathwayState state;
  Eigen::VectorXd effects;

 private:
  std::unique_ptr<engine::Plasticity> plasticity_;
  std::int64_t trial_ = 0;
};

/// Rates as threshold-linear cells have them: exactly 0 for most cells at most times.
inline Eigen::MatrixXd sparse_rates(Eigen::Index cells, Eigen::Index points, double largest, Random& random) {
  Eigen::MatrixXd rates(cells, points);
  for (double& r : rates.reshaped()) {
    const double active = random.uniform(), value = largest * random.uniform();
    r = active < 0.25 ? value : 0;
  }
  return rates;
}

inline Eigen::MatrixXd uniform_matrix(Eigen::Index rows, Eigen::Index cols, double low, double high,
                                      Random& random) {
  Eigen::MatrixXd values(rows, cols);
  for (double& v : values.reshaped()) v = low + (high - low) * random.uniform();
  return values;
}

}  // namespace hebbforge::test
