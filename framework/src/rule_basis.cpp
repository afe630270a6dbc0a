// The plain reference of a separable rule: one term after the other, one column of synapses after the other.
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

/// A column of synapses under one term: where its quantities are; null: 1.
struct TermColumn {
  const double *activity, *signal, *weights, *mask, *synapse_signal;
  double coefficient;  ///< with everything that is the same for the whole column
  int weight_power;
};

// Adds the column's change; returns the sum of its magnitude over masked synapses, in four partial sums so
// that one addition need not wait for the last. `Post` is known to the compiler: the loops are vectorized.
template <Factor Post, int Power, bool HasSynapseSignal>  // Power 2: any
double add_column(const TermColumn& column, Eigen::Index rows, double* delta) noexcept {
  const TermColumn c = column;  // which no store can change
  const auto change_at = [&](Eigen::Index i) {
    double change = c.coefficient;
    if constexpr (Post != Factor::one) change *= factor(Post, c.activity[i], c.signal[i]);
    if constexpr (Power == 1) change *= c.weights[i];
    if constexpr (Power == 2) change *= power(c.weights[i], c.weight_power);
    if constexpr (HasSynapseSignal) change *= c.synapse_signal[i];
    return change;
  };
  double sums[4] = {};
  Eigen::Index i = 0;
  for (; i + 4 <= rows; i += 4) {
    for (Eigen::Index k = 0; k < 4; ++k) {
      const double change = change_at(i + k);
      delta[i + k] += change;
      sums[k] += std::abs(change) * c.mask[i + k];
    }
  }
  for (; i < rows; ++i) {
    const double change = change_at(i);
    delta[i] += change;
    sums[0] += std::abs(change) * c.mask[i];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <Factor Post, bool HasSynapseSignal>
double add_column(const TermColumn& c, Eigen::Index rows, double* delta) noexcept {
  if (c.weight_power == 0) return add_column<Post, 0, HasSynapseSignal>(c, rows, delta);
  if (c.weight_power == 1) return add_column<Post, 1, HasSynapseSignal>(c, rows, delta);
  return add_column<Post, 2, HasSynapseSignal>(c, rows, delta);
}

template <Factor Post>
double add_column(const TermColumn& c, Eigen::Index rows, double* delta) noexcept {
  return c.synapse_signal ? add_column<Post, true>(c, rows, delta) : add_column<Post, false>(c, rows, delta);
}

double add_column(Factor post, const TermColumn& c, Eigen::Index rows, double* delta) noexcept {
  switch (post) {
    case Factor::one:
      return add_column<Factor::one>(c, rows, delta);
    case Factor::activity:
      return add_column<Factor::activity>(c, rows, delta);
    case Factor::activity_squared:
      return add_column<Factor::activity_squared>(c, rows, delta);
    case Factor::signal:
      return add_column<Factor::signal>(c, rows, delta);
    case Factor::signal_squared:
      return add_column<Factor::signal_squared>(c, rows, delta);
    case Factor::signal_times_activity:
      return add_column<Factor::signal_times_activity>(c, rows, delta);
  }
  return 0;
}

}  // namespace

double RuleBasis::multiplier(std::size_t term, ConstVectorView values) const noexcept {
  return terms()[term].sign * values[terms()[term].coefficient];
}

void RuleBasis::accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                           VectorView effect) const {
  const std::span<const Term> all = terms();
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Term& term = all[k];
    double total = 0;
    for (Eigen::Index j = 0; j < delta.cols(); ++j) {
      const double x_signal = term.pre_signal < 0 ? 0 : view.pre_signals(j, term.pre_signal);
      TermColumn c;
      c.activity = view.post_activity.data();
      // Without a signal nothing reads it; the activity is as good an address as any.
      c.signal = term.post_signal < 0 ? c.activity : &view.post_signals.coeffRef(0, term.post_signal);
      c.weights = &view.weights.coeffRef(0, j);
      c.mask = &view.mask.coeffRef(0, j);
      c.synapse_signal =
          term.synapse_signal < 0
              ? nullptr
              : &view.synapse_signals[static_cast<std::size_t>(term.synapse_signal)].coeffRef(0, j);
      c.coefficient = multiplier(k, values) *
                      (term.global_signal < 0 ? 1 : view.global_signals[term.global_signal]) *
                      factor(term.pre, view.pre_activity[j], x_signal);
      c.weight_power = term.weight_power;
      total += add_column(term.post, c, delta.rows(), &delta.coeffRef(0, j));
    }
    effect[static_cast<Eigen::Index>(k)] += total;
  }
}

}  // namespace hebbforge
