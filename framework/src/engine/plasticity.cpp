#include "engine/plasticity.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/fused_plan.hpp"
#include "engine/kernels.hpp"

namespace hebbforge::engine {
namespace {

// Keeps each weight on the side of 0 that it was on at the start of the trial (experiments: Dale's law).
void clamp_signs(PaddedMatrix& weights, const PaddedMatrix& sign, double floor) noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    double* w = weights.col(j);
    const double* s = sign.col(j);
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      if (s[i] * w[i] < 0) w[i] = s[i] * floor;
    }
  }
}

void set_signs(const PaddedMatrix& weights, PaddedMatrix& sign) noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) sign(i, j) = weights(i, j) >= 0 ? 1 : -1;
  }
}

// The value a signal takes in before each step.
double source_of(Source source, double rate, double rate_scale) noexcept {
  const double x = rate / rate_scale;
  return source == Source::activity ? rate : x * x;
}

/// Plain loops: the definition of a step. Also runs rules that are not separable.
class ReferencePlasticity final : public Plasticity {
 public:
  ReferencePlasticity(const RuleBasis& rule, std::span<const double> values, double dt, PathwayState& state,
                      GlobalSignals global_signals)
      : rule_(rule),
        values_(ConstVectorView(values.data(), static_cast<Eigen::Index>(values.size()))),
        dt_(dt),
        state_(state),
        datasets_(std::move(global_signals)) {
    const Eigen::Index post = state.weights.rows(), pre = state.weights.cols();
    Eigen::Index pre_count = 0, post_count = 0, global_count = 0;
    for (const Signal& signal : rule.signals()) {
      pre_count += signal.side == Side::pre;
      post_count += signal.side == Side::post;
      global_count += signal.side == Side::global;
      if (signal.side == Side::synapse) synapse_.emplace_back(Eigen::MatrixXd::Zero(post, pre));
    }
    pre_signals_ = scaled_pre_ = Eigen::MatrixXd::Zero(pre, pre_count);
    post_signals_ = scaled_post_ = Eigen::MatrixXd::Zero(post, post_count);
    global_ = Eigen::VectorXd::Zero(global_count);
    x_ = Eigen::VectorXd::Zero(pre);
    y_ = Eigen::VectorXd::Zero(post);
    delta_ = Eigen::MatrixXd::Zero(post, pre);
    sign_ = PaddedMatrix(post, pre);
    effect_ = total_ =
        Eigen::VectorXd::Zero(std::max<Eigen::Index>(1, static_cast<Eigen::Index>(rule.terms().size())));
    for (const auto& s : synapse_) synapse_views_.push_back(view_of(s));
  }

  void begin_trial(std::int64_t trial, bool reset) override {
    trial_ = trial;
    set_signs(state_.weights, sign_);
    total_.setZero();
    if (!reset) return;
    Eigen::Index pre = 0, post = 0, global = 0;
    std::size_t synapse = 0;
    for (const Signal& signal : rule_.signals()) {
      if (signal.side == Side::pre) pre_signals_.col(pre++) *= signal.kept_for_life ? 1 : 0;
      if (signal.side == Side::post) post_signals_.col(post++) *= signal.kept_for_life ? 1 : 0;
      if (signal.side == Side::synapse) synapse_[synapse++] *= signal.kept_for_life ? 1 : 0;
      if (signal.side == Side::global) global_[global++] *= signal.kept_for_life ? 1 : 0;
    }
  }

  void step(std::int64_t step, const double* pre_before, const double* post_before, const double* pre,
            const double* post) override {
    for (Eigen::Index j = 0; j < x_.size(); ++j) x_[j] = pre[j] / state_.rate_scale;
    for (Eigen::Index i = 0; i < y_.size(); ++i) y_[i] = post[i] / state_.rate_scale;
    advance_signals(step, pre_before, post_before, pre, post);
    delta_.setZero();
    effect_.setZero();
    const SynapseView view{dt_,
                           view_of(std::as_const(x_)),
                           view_of(std::as_const(y_)),
                           view_of(std::as_const(scaled_pre_)),
                           view_of(std::as_const(scaled_post_)),
                           synapse_views_,
                           view_of(std::as_const(global_)),
                           std::as_const(state_.weights).view(),
                           std::as_const(state_.mask).view()};
    rule_.accumulate(view_of(std::as_const(values_)), view, view_of(delta_), view_of(effect_));
    total_ += effect_;
    for (Eigen::Index j = 0; j < delta_.cols(); ++j) {
      for (Eigen::Index i = 0; i < delta_.rows(); ++i) {
        state_.weights(i, j) += state_.learning_rate * state_.mask(i, j) * delta_(i, j);
      }
    }
    for (const auto& constraint : state_.constraints) {
      constraint->apply(state_.weights.view(), std::as_const(state_.mask).view());
    }
    if (state_.dale) clamp_signs(state_.weights, sign_, state_.floor);
  }

  void end_trial(Eigen::VectorXd& effects) override { effects += total_; }

 private:
  // z <- z (1 - dt/tau) + source dt/tau with the rates before the step; unfiltered ones follow the rates
  // after it, as x and y do.
  void advance_signals(std::int64_t step, const double* pre_before, const double* post_before,
                       const double* pre, const double* post) {
    Eigen::Index p = 0, q = 0, g = 0;
    std::size_t e = 0, d = 0;
    for (const Signal& signal : rule_.signals()) {
      const double gain = signal.tau < 0 ? 1 : dt_ / values_[signal.tau];
      const bool filtered = signal.tau >= 0;
      if (signal.side == Side::pre || signal.side == Side::post) {
        const bool is_pre = signal.side == Side::pre;
        const double* now = is_pre ? (filtered ? pre_before : pre) : (filtered ? post_before : post);
        auto z = is_pre ? pre_signals_.col(p) : post_signals_.col(q);
        auto scaled = is_pre ? scaled_pre_.col(p++) : scaled_post_.col(q++);
        const double scale =
            signal.source == Source::activity ? (filtered ? state_.trace_scale : state_.rate_scale) : 1;
        for (Eigen::Index i = 0; i < z.size(); ++i) {
          z[i] = z[i] * (1 - gain) + source_of(signal.source, now[i], state_.rate_scale) * gain;
          scaled[i] = z[i] / scale;
        }
      } else if (signal.side == Side::synapse) {
        Eigen::MatrixXd& z = synapse_[e++];
        const double unit = 1 / (state_.rate_scale * state_.rate_scale);
        for (Eigen::Index j = 0; j < z.cols(); ++j) {
          for (Eigen::Index i = 0; i < z.rows(); ++i) {
            const double product = filtered ? post_before[i] * pre_before[j] : post[i] * pre[j];
            z(i, j) = z(i, j) * (1 - gain) + unit * product * gain;
          }
        }
      } else {
        const ConstMatrixView& data = datasets_[d++];
        global_[g] = global_[g] * (1 - gain) + data(trial_ % data.rows(), step % data.cols()) * gain;
        ++g;
      }
    }
  }

  const RuleBasis& rule_;
  Eigen::VectorXd values_;
  double dt_;
  PathwayState& state_;
  GlobalSignals datasets_;
  std::int64_t trial_ = 0;
  Eigen::MatrixXd pre_signals_, post_signals_, scaled_pre_, scaled_post_, delta_;
  std::vector<Eigen::MatrixXd> synapse_;
  std::vector<ConstMatrixView> synapse_views_;
  Eigen::VectorXd global_, x_, y_, effect_, total_;
  PaddedMatrix sign_;
};

/// A factor's vector over one side's cells in the current step.
struct FactorVector {
  SideFactor what;
  const double* data = nullptr;
};

/// One side's activity, traces and distinct factors.
struct SideState {
  struct Trace {
    int signal;  ///< index within its side
    bool squared, filtered, kept;
    double gain;
  };
  Eigen::Index n = 0;
  PaddedMatrix activity, traces, products, one;
  std::vector<Trace> trace_list;
  std::vector<FactorVector> factors;

  SideState(Eigen::Index cells, Side side, const RuleBasis& rule, std::span<const double> values, double dt,
            const std::vector<SideFactor>& wanted)
      : n(cells), activity(cells, 1), one(cells, 1) {
    for (Eigen::Index i = 0; i < cells; ++i) one(i, 0) = 1;
    int index = 0;
    for (const Signal& signal : rule.signals()) {
      if (signal.side != side) continue;
      trace_list.push_back({index++, signal.source == Source::activity_squared, signal.tau >= 0,
                            signal.kept_for_life,
                            signal.tau < 0 ? 1 : dt / values[static_cast<std::size_t>(signal.tau)]});
    }
    traces = PaddedMatrix(cells, std::max(index, 1));
    // Signals that no term with a coefficient uses cost nothing.
    std::erase_if(trace_list, [&](const Trace& t) {
      return std::ranges::none_of(wanted, [&](const SideFactor& f) { return f.signal == t.signal; });
    });
    products = PaddedMatrix(cells, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(wanted.size())));
    for (std::size_t f = 0; f < wanted.size(); ++f) {
      const double* data = products.col(static_cast<Eigen::Index>(f));
      if (wanted[f].factor == Factor::one) data = one.data();
      if (wanted[f].factor == Factor::activity) data = activity.data();
      if (wanted[f].factor == Factor::signal) data = traces.col(wanted[f].signal);
      factors.push_back({wanted[f], data});
    }
  }

  void begin_trial(bool reset) noexcept {
    if (!reset) return;
    for (const Trace& t : trace_list) {
      if (!t.kept) std::fill_n(traces.col(t.signal), traces.pitch(), 0.0);
    }
  }

  void advance(const double* before, const double* after, double rate_scale, double trace_scale) noexcept {
    double* x = activity.data();
    const double per_rate = 1 / rate_scale;
    for (Eigen::Index i = 0; i < n; ++i) x[i] = after[i] * per_rate;
    for (const Trace& t : trace_list) {
      double* z = traces.col(t.signal);
      const double* now = t.filtered ? before : after;
      const double keep = 1 - t.gain;
      if (t.squared) {
        const double take = t.gain * per_rate * per_rate;
        for (Eigen::Index i = 0; i < n; ++i) z[i] = z[i] * keep + now[i] * now[i] * take;
      } else {
        const double take = t.gain / (t.filtered ? trace_scale : rate_scale);
        for (Eigen::Index i = 0; i < n; ++i) z[i] = z[i] * keep + now[i] * take;
      }
    }
    for (std::size_t f = 0; f < factors.size(); ++f) {
      double* out = products.col(static_cast<Eigen::Index>(f));
      const double* z = factors[f].what.signal < 0 ? nullptr : traces.col(factors[f].what.signal);
      switch (factors[f].what.factor) {
        case Factor::activity_squared:
          for (Eigen::Index i = 0; i < n; ++i) out[i] = x[i] * x[i];
          break;
        case Factor::signal_squared:
          for (Eigen::Index i = 0; i < n; ++i) out[i] = z[i] * z[i];
          break;
        case Factor::signal_times_activity:
          for (Eigen::Index i = 0; i < n; ++i) out[i] = z[i] * x[i];
          break;
        case Factor::one:
        case Factor::activity:
        case Factor::signal:
          break;
      }
    }
  }
};

/// Grouped outer products in one sweep over the weights; effects from row sums.
class FusedPlasticity final : public Plasticity {
 public:
  FusedPlasticity(const RuleBasis& rule, std::span<const double> values, double dt, PathwayState& state,
                  GlobalSignals global_signals)
      : plan_(FusedPlan::make(rule, values)),
        state_(state),
        datasets_(std::move(global_signals)),
        pre_(state.weights.cols(), Side::pre, rule, values, dt, plan_.pre),
        post_(state.weights.rows(), Side::post, rule, values, dt, plan_.post) {
    const Eigen::Index post = state.weights.rows(), pre = state.weights.cols();
    for (const Signal& signal : rule.signals()) {
      if (signal.side != Side::global) continue;
      global_gain_.push_back(signal.tau < 0 ? 1 : dt / values[static_cast<std::size_t>(signal.tau)]);
      global_keep_.push_back(signal.kept_for_life ? 1 : 0);
    }
    global_.assign(global_gain_.size(), 0);
    sign_ = PaddedMatrix(post, pre);
    scale_.assign(plan_.terms.size(), 1);
    for (int power : {0, 1}) {
      Sweep& s = sweep_[power];
      const auto& forms = plan_.forms[power];
      s.post = PaddedMatrix(post, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(forms.size())));
      s.pre = PaddedMatrix(pre, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(forms.size())));
      for (std::size_t f = 0; f < forms.size(); ++f) {
        const auto column = static_cast<Eigen::Index>(f);
        s.post_at.push_back(forms[f].pre_anchor ? s.post.col(column) : post_.factors[forms[f].anchor].data);
        s.pre_at.push_back(forms[f].pre_anchor ? pre_.factors[forms[f].anchor].data : s.pre.col(column));
      }
      // Row sums are wanted once for every distinct presynaptic factor of these terms.
      for (const PlannedTerm& term : plan_.terms) {
        if (term.weight_power == power && std::ranges::find(s.sum_factor, term.pre) == s.sum_factor.end()) {
          s.sum_factor.push_back(term.pre);
        }
      }
      s.sums = PaddedMatrix(post, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(s.sum_factor.size())));
      s.magnitude =
          PaddedMatrix(pre, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(s.sum_factor.size())));
      for (std::size_t q = 0; q < s.sum_factor.size(); ++q) {
        s.sum_at.push_back(s.sums.col(static_cast<Eigen::Index>(q)));
        s.sum_pre.push_back(state.non_negative ? pre_.factors[s.sum_factor[q]].data
                                               : s.magnitude.col(static_cast<Eigen::Index>(q)));
      }
    }
    for (const PlannedTerm& term : plan_.terms) {
      const auto& list = sweep_[term.weight_power].sum_factor;
      sum_of_term_.push_back(static_cast<std::size_t>(std::ranges::find(list, term.pre) - list.begin()));
    }
    gathered_ = PaddedMatrix(post, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(plan_.terms.size())));
    active_.resize(static_cast<std::size_t>(pre));
    mask_rate_ = PaddedMatrix(post, 1);
  }

  void begin_trial(std::int64_t trial, bool reset) override {
    trial_ = trial;
    pre_.begin_trial(reset);
    post_.begin_trial(reset);
    for (std::size_t g = 0; reset && g < global_.size(); ++g) global_[g] *= global_keep_[g];
    uniform_sign_ = 1;
    if (state_.dale) {
      bool any_negative = false, any_positive = false;
      const auto w = std::as_const(state_.weights).view();
      any_negative = (w.array() < 0).any();
      any_positive = (w.array() > 0).any();
      // Zeros count as positive; a constraint may move them, so only without one do they join either sign.
      mixed_ = any_negative && (any_positive || !state_.constraints.empty());
      uniform_sign_ = any_negative ? -1 : 1;
      if (mixed_ || !state_.constraints.empty()) set_signs(state_.weights, sign_);
    }
    gathered_.fill(0);
    // The mask is constant within a trial, so its row sums with a trace obey the trace's own recursion.
    Sweep& s = sweep_[0];
    for (std::size_t q = 0; q < s.sum_factor.size(); ++q) {
      if (needs_columns(plan_.pre[s.sum_factor[q]])) continue;
      sum_mask(pre_.factors[s.sum_factor[q]].data, s.sum_at[q]);
    }
    std::fill_n(mask_rate_.data(), mask_rate_.pitch(), 0.0);
    fresh_trial_ = true;
  }

  void step(std::int64_t step, const double* pre_before, const double* post_before, const double* pre,
            const double* post) override {
    if (fresh_trial_ && recursion_used()) sum_mask(pre_before, mask_rate_.data());
    fresh_trial_ = false;
    advance_mask_sums();
    pre_.advance(pre_before, pre, state_.rate_scale, state_.trace_scale);
    post_.advance(post_before, post, state_.rate_scale, state_.trace_scale);
    for (std::size_t g = 0; g < global_.size(); ++g) {
      const ConstMatrixView& data = datasets_[g];
      global_[g] = global_[g] * (1 - global_gain_[g]) +
                   data(trial_ % data.rows(), step % data.cols()) * global_gain_[g];
    }
    for (std::size_t k = 0; k < plan_.terms.size(); ++k) {
      if (plan_.terms[k].global_signal >= 0)
        scale_[k] = global_[static_cast<std::size_t>(plan_.terms[k].global_signal)];
    }
    for (int power : {0, 1}) build_forms(power);
    sum_masked_columns(pre);
    sweep();
    gather();
  }

  void end_trial(Eigen::VectorXd& effects) override {
    for (std::size_t k = 0; k < plan_.terms.size(); ++k) {
      double sum = 0;
      for (Eigen::Index i = 0; i < gathered_.rows(); ++i) sum += gathered_(i, static_cast<Eigen::Index>(k));
      effects[static_cast<Eigen::Index>(plan_.terms[k].index)] += std::abs(plan_.terms[k].coefficient) * sum;
    }
  }

 private:
  struct Sweep {
    PaddedMatrix post, pre, sums, magnitude;
    std::vector<const double*> post_at, pre_at, sum_pre;
    std::vector<double*> sum_at;
    std::vector<std::size_t> sum_factor;  ///< presynaptic factor of each row sum
  };

  const SideState::Trace* trace_of(const SideFactor& factor) const noexcept {
    for (const auto& t : pre_.trace_list) {
      if (t.signal == factor.signal) return &t;
    }
    return nullptr;
  }
  // Row sums of the mask with other factors than 1 and plain traces are summed over columns.
  bool needs_columns(const SideFactor& factor) const noexcept {
    if (!state_.non_negative) return true;
    if (factor.factor == Factor::one) return false;
    if (factor.factor != Factor::signal) return true;
    const auto* t = trace_of(factor);
    return t->squared || !t->filtered;
  }
  bool recursion_used() const noexcept {
    return std::ranges::any_of(sweep_[0].sum_factor, [&](std::size_t f) {
      return plan_.pre[f].factor == Factor::signal && !needs_columns(plan_.pre[f]);
    });
  }

  void sum_columns(const double* matrix, const double* factor, double* out) noexcept {
    std::size_t count = 0;
    for (std::int32_t j = 0; j < static_cast<std::int32_t>(pre_.n); ++j) {
      if (factor[j] != 0) active_[count++] = j;
    }
    std::fill_n(out, state_.mask.pitch(), 0.0);
    add_columns(matrix, static_cast<std::size_t>(state_.mask.pitch()), active_.data(), count, factor, out);
  }
  void sum_mask(const double* factor, double* out) noexcept { sum_columns(state_.mask.data(), factor, out); }

  void advance_mask_sums() noexcept {
    Sweep& s = sweep_[0];
    for (std::size_t q = 0; q < s.sum_factor.size(); ++q) {
      const SideFactor& factor = plan_.pre[s.sum_factor[q]];
      if (factor.factor != Factor::signal || needs_columns(factor)) continue;
      const double gain = trace_of(factor)->gain;
      const double take = gain / state_.trace_scale;
      double* out = s.sum_at[q];
      const double* rate = mask_rate_.data();
      for (Eigen::Index i = 0; i < post_.n; ++i) out[i] = out[i] * (1 - gain) + rate[i] * take;
    }
  }

  void sum_masked_columns(const double* pre_rate) noexcept {
    if (recursion_used()) sum_mask(pre_rate, mask_rate_.data());
    for (int power : {0, 1}) {
      Sweep& s = sweep_[power];
      for (std::size_t q = 0; q < s.sum_factor.size(); ++q) {
        const double* factor = pre_.factors[s.sum_factor[q]].data;
        if (!state_.non_negative) {
          double* out = s.magnitude.col(static_cast<Eigen::Index>(q));
          for (Eigen::Index j = 0; j < pre_.n; ++j) out[j] = std::abs(factor[j]);
          factor = out;
        }
        if (power == 0 && needs_columns(plan_.pre[s.sum_factor[q]])) sum_mask(factor, s.sum_at[q]);
      }
    }
  }

  void build_forms(int power) noexcept {
    const auto& forms = plan_.forms[power];
    for (std::size_t f = 0; f < forms.size(); ++f) {
      const bool to_post = forms[f].pre_anchor;
      double* out = (to_post ? sweep_[power].post : sweep_[power].pre).col(static_cast<Eigen::Index>(f));
      const Eigen::Index n = to_post ? post_.n : pre_.n;
      bool first = true;
      for (const Form::Part& part : forms[f].parts) {
        const double c = plan_.terms[part.term].coefficient * scale_[part.term];
        const double* factor = (to_post ? post_ : pre_).factors[part.factor].data;
        if (first) {
          for (Eigen::Index i = 0; i < n; ++i) out[i] = c * factor[i];
        } else {
          for (Eigen::Index i = 0; i < n; ++i) out[i] += c * factor[i];
        }
        first = false;
      }
    }
  }

  void sweep() {
    const bool clamp_here = state_.dale && !mixed_ && state_.constraints.empty();
    const WeightSweep s{state_.weights.data(),
                        state_.mask.data(),
                        static_cast<std::size_t>(state_.weights.pitch()),
                        static_cast<std::size_t>(pre_.n),
                        sweep_[0].post_at.data(),
                        sweep_[0].pre_at.data(),
                        sweep_[0].post_at.size(),
                        sweep_[1].post_at.data(),
                        sweep_[1].pre_at.data(),
                        sweep_[1].post_at.size(),
                        sweep_[1].sum_pre.data(),
                        sweep_[1].sum_at.data(),
                        sweep_[1].sum_at.size(),
                        state_.learning_rate,
                        clamp_here ? uniform_sign_ : 0,
                        state_.floor};
    sweep_weights(s);
    for (const auto& constraint : state_.constraints) {
      constraint->apply(state_.weights.view(), std::as_const(state_.mask).view());
    }
    if (state_.dale && !clamp_here) clamp_signs(state_.weights, sign_, state_.floor);
  }

  void gather() noexcept {
    for (std::size_t k = 0; k < plan_.terms.size(); ++k) {
      const PlannedTerm& term = plan_.terms[k];
      double* out = gathered_.col(static_cast<Eigen::Index>(k));
      const double* sum = sweep_[term.weight_power].sum_at[sum_of_term_[k]];
      const double* factor = post_.factors[term.post].data;
      if (state_.non_negative && term.global_signal < 0) {
        for (Eigen::Index i = 0; i < post_.n; ++i) out[i] += factor[i] * sum[i];
      } else {
        const double scale = std::abs(scale_[k]);
        for (Eigen::Index i = 0; i < post_.n; ++i) out[i] += std::abs(factor[i]) * scale * sum[i];
      }
    }
  }

  FusedPlan plan_;
  PathwayState& state_;
  GlobalSignals datasets_;
  std::vector<double> global_, global_gain_, global_keep_, scale_;
  SideState pre_, post_;
  Sweep sweep_[2];
  std::vector<std::size_t> sum_of_term_;
  PaddedMatrix gathered_, mask_rate_, sign_;
  std::vector<std::int32_t> active_;
  std::int64_t trial_ = 0;
  bool mixed_ = false, fresh_trial_ = true;
  double uniform_sign_ = 1;
};

}  // namespace

void PathwayState::begin_trial() noexcept {
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      mask(i, j) = plastic(i, j) != 0 && std::abs(weights(i, j)) > absent_below ? 1 : 0;
    }
  }
}

std::unique_ptr<Plasticity> make_plasticity(const RuleBasis& rule, std::span<const double> values, double dt,
                                            PathwayState& state, GlobalSignals global_signals,
                                            KernelChoice choice) {
  if (choice == KernelChoice::fused && FusedPlan::possible(rule, values)) {
    return std::make_unique<FusedPlasticity>(rule, values, dt, state, std::move(global_signals));
  }
  return std::make_unique<ReferencePlasticity>(rule, values, dt, state, std::move(global_signals));
}

}  // namespace hebbforge::engine
