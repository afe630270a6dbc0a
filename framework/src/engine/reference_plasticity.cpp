#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/plasticity.hpp"
#include "engine/signs.hpp"

namespace hebbforge::engine {
namespace {

// The value a signal takes in before each step.
double source_of(Source source, double rate, double rate_scale) noexcept {
  const double x = rate / rate_scale;
  return source == Source::activity ? rate : x * x;
}

/// Plain loops: the definition of a step. Also runs rules that are not separable.
class ReferencePlasticity final : public Plasticity {
 public:
  using Plasticity::step;
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

}  // namespace

std::unique_ptr<Plasticity> make_reference_plasticity(const RuleBasis& rule, std::span<const double> values,
                                                      double dt, PathwayState& state,
                                                      GlobalSignals global_signals) {
  return std::make_unique<ReferencePlasticity>(rule, values, dt, state, std::move(global_signals));
}

}  // namespace hebbforge::engine
