// A plasticity rule: which local terms change a weight.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/types.hpp>
#include <span>
#include <string_view>

namespace hebbforge {

/// What one pathway sees in one time step: local quantities only. Signals are filtered activity
/// divided by the pathway's trace_scale; column s of `pre_signals` is the s-th declared signal of the
/// presynaptic side, and so on.
struct SynapseView {
  double dt;                                         ///< s
  ConstVectorView pre_activity, post_activity;       ///< x (n_pre), y (n_post): rate / rate_scale
  ConstMatrixView pre_signals, post_signals;         ///< (cells, signals of that side)
  std::span<const ConstMatrixView> synapse_signals;  ///< each (n_post, n_pre); often none
  ConstVectorView global_signals;                    ///< often none
  ConstMatrixView weights, mask;                     ///< (n_post, n_pre); mask: 1 where plastic and alive
};

enum class Side { pre, post, synapse, global };
enum class Source { activity, activity_squared, pre_times_post, dataset };

/// What the host filters for a rule, or reads from a task.
struct Signal {
  std::string_view name;  ///< of the dataset, if global
  Side side;
  Source source;
  int tau;                     ///< index into parameters(); -1: not filtered
  bool kept_for_life = false;  ///< else reset every trial
};

/// One side's part of a term.
enum class Factor { one, activity, activity_squared, signal, signal_squared, signal_times_activity };

/// phi_k = p(y_i) q(x_j) [signals] w^r. Signal indices count within their own side; -1: none.
struct Term {
  std::string_view name, latex;  ///< what reports print
  int coefficient;               ///< index into parameters(); terms may share one
  Factor post, pre;
  int weight_power = 0, post_signal = -1, pre_signal = -1, synapse_signal = -1, global_signal = -1;
  double sign = 1;  ///< -1 where brackets were expanded: y (y - theta)
};

/// Local plasticity rules \f$ \dot w_{ij} = \sum_k c_k\, \phi_k(x_j, y_i, \tilde x_j, \tilde y_i, w_{ij})
/// \f$. A separable one only declares terms: no plugin code runs in the time loop. Any other (sign function,
/// threshold, network, products of coefficients) overrides accumulate(). No member allocates or throws;
/// const ones may run concurrently. What the spans refer to lives as long as the rule.
class HEBBFORGE_API RuleBasis {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::rule;
  virtual ~RuleBasis();

  /// What may be searched: coefficients ("c.NAME"), time constants ("tau.NAME"), anything else.
  virtual std::span<const abi::Parameter> parameters() const noexcept = 0;
  virtual std::span<const Signal> signals() const noexcept { return {}; }
  virtual std::span<const Term> terms() const noexcept { return {}; }  ///< none: accumulate() is all
  /// The number before a term: its sign times its coefficient. A rule whose terms have products of parameters
  /// before them says here what they amount to. Asked once per life where separable.
  /// \param values  shape (parameters().size())
  virtual double multiplier(std::size_t term, ConstVectorView values) const noexcept;
  /// False: the engine calls accumulate() once per pathway and step.
  virtual bool separable() const noexcept { return !terms().empty(); }
  /// Why a term keeps the rule from being separable, for people to read; "": it does not.
  virtual std::string_view obstacle(std::size_t /*term*/) const noexcept { return {}; }
  /// Adds sum_k c_k phi_k to delta, and each term's |c_k phi_k| summed over masked synapses to effect
  /// (Bell et al. 2024, Eq. 3). By default: plain loops over terms(), the definition that the fused
  /// kernel is tested against.
  /// \param values  shape (parameters().size())
  /// \param[in,out] delta  shape (n_post, n_pre); the engine applies learning rate and mask
  /// \param[in,out] effect  shape (terms().size()); without terms one entry, sum |delta|
  virtual void accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                          VectorView effect) const;
};

/// A coefficient with the published search bounds (+-10), start 0 and step 0.003 (Bell et al. 2024).
constexpr abi::Parameter coefficient(const char* name, const char* summary = "Coefficient of the term.") {
  abi::Parameter p;
  p.name = name;
  p.summary = summary;
  p.minimum = -10;
  p.maximum = 10;
  p.step = 0.003;
  return p;
}

/// A time constant with the published search bounds (0.5 to 40 ms) and start (5 ms).
constexpr abi::Parameter time_constant(const char* name,
                                       const char* summary = "Time constant of the trace.") {
  abi::Parameter p;
  p.name = name;
  p.unit = "s";
  p.summary = summary;
  p.default_value = 5e-3;
  p.minimum = 0.5e-3;
  p.maximum = 40e-3;
  p.step = 3e-3;
  return p;
}

}  // namespace hebbforge
