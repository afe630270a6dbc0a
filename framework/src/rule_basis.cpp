// The plain reference of a separable rule: nested loops that look like the equation.
#include <cmath>
#include <hebbforge/interfaces/rule_basis.hpp>

namespace hebbforge {
namespace {

double factor(Factor kind, double activity, double signal) noexcept {
  switch (kind) {
    case Factor::one:
      return 1;
    case Factor::activity:
      return activity;
    case Factor::activity_squared:
      return activity * activity;
    case Factor::signal:
      return signal;
    case Factor::signal_squared:
      return signal * signal;
    case Factor::signal_times_activity:
      return signal * activity;
  }
  return 0;
}

double power(double base, int exponent) noexcept {
  double value = 1;
  for (int i = 0; i < exponent; ++i) value *= base;
  return value;
}

}  // namespace

void RuleBasis::accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                           VectorView effect) const {
  const std::span<const Term> all = terms();
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Term& term = all[k];
    const double coefficient = values[term.coefficient] * term.sign *
                               (term.global_signal < 0 ? 1 : view.global_signals[term.global_signal]);
    double total = 0;
    for (Eigen::Index j = 0; j < delta.cols(); ++j) {
      const double x_signal = term.pre_signal < 0 ? 0 : view.pre_signals(j, term.pre_signal);
      const double x = factor(term.pre, view.pre_activity[j], x_signal);
      for (Eigen::Index i = 0; i < delta.rows(); ++i) {
        const double y_signal = term.post_signal < 0 ? 0 : view.post_signals(i, term.post_signal);
        double phi = factor(term.post, view.post_activity[i], y_signal) * x *
                     power(view.weights(i, j), term.weight_power);
        if (term.synapse_signal >= 0)
          phi *= view.synapse_signals[static_cast<std::size_t>(term.synapse_signal)](i, j);
        const double change = coefficient * phi;
        delta(i, j) += change;
        total += std::abs(change) * view.mask(i, j);
      }
    }
    effect[static_cast<Eigen::Index>(k)] += total;
  }
}

}  // namespace hebbforge
