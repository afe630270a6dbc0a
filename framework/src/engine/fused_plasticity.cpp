#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/fused_kernel.hpp"
#include "engine/fused_plan.hpp"
#include "engine/mask_kernel.hpp"
#include "engine/plasticity.hpp"
#include "engine/signs.hpp"
#include "engine/synapse_kernel.hpp"

namespace hebbforge::engine {
namespace {

// Exactly 0 wherever the activity is.
bool sparse(const SideFactor& f) noexcept {
  return f.factor == Factor::activity || f.factor == Factor::activity_squared ||
         f.factor == Factor::signal_times_activity;
}

PaddedMatrix columns_of(Eigen::Index cells, std::size_t count) {
  return {cells, std::max<Eigen::Index>(1, static_cast<Eigen::Index>(count))};
}

/// One side's vectors, and where each factor of the plan is found.
struct SideVectors {
  struct Trace {
    int signal;  ///< index within its side
    bool kept, plain;
    double gain;
  };
  Eigen::Index cells;
  PaddedMatrix rates;                ///< columns: before, after, activity, sum over time
  std::vector<std::int32_t> active;  ///< where rates come without their list
  PaddedMatrix traces, starts, products, magnitudes, one;
  std::vector<Trace> trace_list;
  std::vector<const double*> factors;  ///< as the plan's
  std::vector<const double*> effects;  ///< their magnitudes: the same where nothing is negative

  SideVectors(FusedSide& out, Side side, Eigen::Index n, const RuleBasis& rule,
              std::span<const double> values, double dt, const std::vector<SideFactor>& wanted,
              const PathwayState& state)
      : cells(n),
        rates(n, 4),
        active(static_cast<std::size_t>(n)),
        products(columns_of(n, wanted.size())),
        magnitudes(columns_of(n, wanted.size())),
        one(n, 1) {
    out.cells = static_cast<std::size_t>(n);
    out.per_rate = 1 / state.rate_scale;
    out.activity = rates.col(2);
    std::fill_n(one.data(), n, 1.0);
    int count = 0;
    for (const Signal& signal : rule.signals()) count += signal.side == side;
    traces = columns_of(n, static_cast<std::size_t>(count));
    starts = columns_of(n, static_cast<std::size_t>(count));
    int index = 0;
    for (const Signal& signal : rule.signals()) {
      if (signal.side != side) continue;
      const int own = index++;
      // Signals that no term with a coefficient uses cost nothing.
      if (std::ranges::none_of(wanted, [&](const SideFactor& f) { return f.signal == own; })) continue;
      const bool squared = signal.source == Source::activity_squared, filtered = signal.tau >= 0;
      const double gain = filtered ? dt / values[static_cast<std::size_t>(signal.tau)] : 1;
      const double scale = squared    ? state.rate_scale * state.rate_scale
                           : filtered ? state.trace_scale
                                      : state.rate_scale;
      trace_list.push_back({own, signal.kept_for_life, filtered && !squared, gain});
      out.traces.push_back({traces.col(own), 1 - gain, gain / scale, squared, filtered});
    }
    for (std::size_t f = 0; f < wanted.size(); ++f) {
      const double* z = wanted[f].signal < 0 ? nullptr : traces.col(wanted[f].signal);
      double* product = products.col(static_cast<Eigen::Index>(f));
      const double* at = nullptr;
      switch (wanted[f].factor) {
        case Factor::one:
          at = one.data();
          break;
        case Factor::activity:
          at = out.activity;
          break;
        case Factor::signal:
          at = z;
          break;
        case Factor::activity_squared:
          out.products.push_back({product, out.activity, out.activity});
          break;
        case Factor::signal_squared:
          out.products.push_back({product, z, z});
          break;
        case Factor::signal_times_activity:
          out.products.push_back({product, z, out.activity});
          break;
      }
      factors.push_back(at ? at : product);
      effects.push_back(factors.back());
      if (state.non_negative || wanted[f].factor == Factor::one) continue;
      double* magnitude = magnitudes.col(static_cast<Eigen::Index>(f));
      out.magnitudes.push_back({magnitude, factors.back()});
      effects.back() = magnitude;
    }
  }

  void begin_trial(bool reset, FusedSide& out) noexcept {
    for (const Trace& t : trace_list) {
      if (reset && !t.kept) std::fill_n(traces.col(t.signal), traces.pitch(), 0.0);
      std::copy_n(traces.col(t.signal), traces.pitch(), starts.col(t.signal));
    }
    if (out.rate_sum) std::fill_n(out.rate_sum, rates.pitch(), 0.0);
  }

  /// Rates that are neither padded nor listed.
  CellRates own_rates(const double* before, const double* after) noexcept {
    std::copy_n(before, cells, rates.col(0));
    std::copy_n(after, cells, rates.col(1));
    CellRates own{rates.col(0), rates.col(1), nullptr, active.data(), 0, 0};
    list_active_cells(own, static_cast<std::size_t>(cells));
    return own;
  }

  const Trace* trace_of(const SideFactor& factor) const noexcept {
    const auto found = std::ranges::find(trace_list, factor.signal, &Trace::signal);
    return found == trace_list.end() ? nullptr : &*found;
  }
  /// The sum over the trial's steps of such a factor follows from the sum of rates.
  bool sums_itself(const SideFactor& factor) const noexcept {
    return factor.factor == Factor::signal && trace_of(factor)->plain;
  }
};

/// Grouped outer products in one sweep over the weights; effects from row sums and sums over time.
class FusedPlasticity final : public Plasticity {
 public:
  FusedPlasticity(const RuleBasis& rule, std::span<const double> values, double dt, PathwayState& state,
                  GlobalSignals global_signals)
      : plan_(FusedPlan::make(rule, values)),
        state_(state),
        datasets_(std::move(global_signals)),
        n_pre_(state.weights.cols()),
        n_post_(state.weights.rows()),
        pre_(step_.pre, Side::pre, n_pre_, rule, values, dt, plan_.pre, state),
        post_(step_.post, Side::post, n_post_, rule, values, dt, plan_.post, state),
        mask_transposed_(n_pre_, n_post_),
        zero_pre_(n_pre_, 1),
        zero_post_(n_post_, 1),
        sign_(n_post_, n_pre_),
        sums_(n_post_, 2 + FusedStep::most_sums),
        pre_total_(columns_of(n_pre_, plan_.terms.size())),
        post_total_(columns_of(n_post_, plan_.terms.size())),
        rows_together_(n_post_, FusedStep::vectors_over_rows) {
    for (const Signal& signal : rule.signals()) {
      if (signal.side != Side::global) continue;
      global_gain_.push_back(signal.tau < 0 ? 1 : dt / values[static_cast<std::size_t>(signal.tau)]);
      global_keep_.push_back(signal.kept_for_life ? 1 : 0);
    }
    global_.assign(global_gain_.size(), 0);
    scale_.assign(plan_.terms.size(), 1);
    state.frozen = PaddedMatrix(n_post_, n_pre_);
    step_.weights = state.weights.data();
    step_.mask = state.mask.data();
    step_.pitch = static_cast<std::size_t>(state.weights.pitch());
    step_.floor = state.floor;
    for (const int power : {0, 1}) {
      step_.row[power] = zero_post_.data();
      step_.column[power] = zero_pre_.data();
      const auto& forms = plan_.forms[power];
      form_vectors_[power] = columns_of(std::max(n_pre_, n_post_), forms.size());
      for (std::size_t f = 0; f < forms.size(); ++f)
        add_form(power, forms[f], form_vectors_[power].col(static_cast<Eigen::Index>(f)));
    }
    step_.slope = !plan_.forms[1].empty();
    // Forms of nothing, so that the kernel finds as many of both powers.
    for (auto* forms : {step_.column_forms, step_.row_forms}) {
      const std::size_t count = std::max({forms[0].size(), forms[1].size(), std::size_t{1}});
      for (const int power : {0, 1}) forms[power].resize(count, {zero_post_.data(), zero_pre_.data()});
    }
    step_.row_sum_total = sums_.col(0);
    for (std::size_t q = 0; q <= FusedStep::most_sums; ++q)
      step_.row_sums[q] = sums_.col(1 + static_cast<Eigen::Index>(q));
    step_.rows_together = rows_together_.data();
    plan_effects();
    plan_synapses(rule, values, dt);
  }

  void begin_trial(std::int64_t trial, bool reset) override {
    trial_ = trial;
    steps_ = 0;
    pre_.begin_trial(reset, step_.pre);
    post_.begin_trial(reset, step_.post);
    for (std::size_t g = 0; reset && g < global_.size(); ++g) global_[g] *= global_keep_[g];
    for (std::size_t e = 0; reset && e < traces_.size(); ++e) {
      if (!trace_kept_[e]) traces_[e].fill(0);
    }
    // One sign for all weights lets the sweep clamp. Zeros count as positive; a constraint may move them, so
    // only without one do they join either sign.
    const auto w = std::as_const(state_.weights).view();
    const bool any_negative = (w.array() < 0).any(), any_positive = (w.array() > 0).any();
    const bool constrained = !state_.constraints.empty();
    clamp_apart_ = state_.dale && (constrained || (any_negative && any_positive));
    step_.sign = !state_.dale || clamp_apart_ ? 0 : any_negative ? -1 : 1;
    if (clamp_apart_) set_signs(state_.weights, sign_);
    mask_transposed_.view() = std::as_const(state_.mask).view().transpose();
    state_.in_blocks = take_blocks();
    step_.blocks = state_.in_blocks ? &state_.blocks.view() : nullptr;
    pre_total_.fill(0);
    post_total_.fill(0);
    sums_.fill(0);
    if (!state_.in_blocks) freeze();
  }

  void step(std::int64_t step, const double* pre_before, const double* post_before, const double* pre,
            const double* post) override {
    this->step(step, pre_.own_rates(pre_before, pre), post_.own_rates(post_before, post));
  }

  void step(std::int64_t step, const CellRates& pre, const CellRates& post) override {
    ++steps_;
    advance_cells(step_, pre, post);
    if (!global_.empty()) advance_globals(step);
    if (step_.change) step_synapses(synapses_, pre, post);
    sweep_fused(step_);
    // Constraints see all weights, and may move those that the rule may not.
    if (!state_.constraints.empty()) thaw();
    for (const auto& constraint : state_.constraints)
      constraint->apply(state_.weights.view(), std::as_const(state_.mask).view());
    if (clamp_apart_) clamp_to_signs(state_.weights.data(), sign_.data(), state_.floor, padded_size());
    if (!state_.constraints.empty()) freeze();
  }

  void end_trial(Eigen::VectorXd& effects) override {
    if (state_.in_blocks)
      state_.blocks.put(state_.weights);
    else
      thaw();
    if (!std::isfinite(row_sum_total())) state_.weights.view().setConstant(std::nan(""));
    const Eigen::VectorXd rows = std::as_const(state_.mask).view().rowwise().sum();
    const Eigen::VectorXd columns = std::as_const(state_.mask).view().colwise().sum();
    for (std::size_t k = 0; k < plan_.terms.size(); ++k) {
      const auto column = static_cast<Eigen::Index>(k);
      const PlannedTerm& term = plan_.terms[k];
      double sum = 0;
      switch (gathered_[k]) {
        case Gathered::steps:
          sum = static_cast<double>(steps_) * rows.sum();
          break;
        case Gathered::over_time_pre:
          if (closed(term, pre_, plan_.pre[term.pre]))
            finish(pre_, step_.pre, plan_.pre[term.pre], column, pre_total_);
          for (Eigen::Index j = 0; j < n_pre_; ++j) sum += pre_total_(j, column) * columns[j];
          break;
        case Gathered::over_time_post:
          if (closed(term, post_, plan_.post[term.post]))
            finish(post_, step_.post, plan_.post[term.post], column, post_total_);
          for (Eigen::Index i = 0; i < n_post_; ++i) sum += post_total_(i, column) * rows[i];
          break;
        case Gathered::row_sums:
          sum = row_sum_total();
          break;
        case Gathered::over_rows:
          for (Eigen::Index i = 0; i < n_post_; ++i) sum += post_total_(i, column);
          break;
        case Gathered::over_columns:
          for (Eigen::Index j = 0; j < n_pre_; ++j) sum += pre_total_(j, column);
          break;
      }
      effects[static_cast<Eigen::Index>(term.index)] += std::abs(term.coefficient) * sum;
    }
  }

 private:
  /// How a term's effect comes together; the last three already are sums over synapses.
  enum class Gathered { steps, over_time_pre, over_time_post, row_sums, over_rows, over_columns };

  void add_form(int power, const Form& form, double* vector) {
    const bool builds_post = form.pre_anchor;
    const auto& anchors = builds_post ? plan_.pre : plan_.post;
    const auto& others = builds_post ? plan_.post : plan_.pre;
    Combination combination{vector, {}};
    bool other_sparse = true;
    for (const Form::Part& part : form.parts) {
      other_sparse = other_sparse && sparse(others[part.factor]);
      combination.parts.push_back({(builds_post ? post_ : pre_).factors[part.factor],
                                   plan_.terms[part.term].coefficient * state_.learning_rate});
    }
    FusedSide& side = builds_post ? step_.post : step_.pre;
    if (anchors[form.anchor].factor == Factor::one) {
      (builds_post ? step_.row : step_.column)[power] = vector;
      place(side.always, std::move(combination), form, builds_post);
      return;
    }
    const double* anchor = (builds_post ? pre_ : post_).factors[form.anchor];
    const OuterForm outer = builds_post ? OuterForm{vector, anchor} : OuterForm{anchor, vector};
    const bool anchor_sparse = sparse(anchors[form.anchor]);
    const bool pre_sparse = builds_post ? anchor_sparse : other_sparse;
    const bool post_sparse = builds_post ? other_sparse : anchor_sparse;
    (pre_sparse ? step_.column_forms : step_.row_forms)[power].push_back(outer);
    if (!pre_sparse && !post_sparse) step_.rows_always = true;
    // A vector whose partner is 0 in silent cells is not needed while all of these are silent.
    place(anchor_sparse ? side.if_active : side.always, std::move(combination), form, builds_post);
  }

  void place(std::vector<Combination>& list, Combination combination, const Form& form, bool builds_post) {
    for (std::size_t p = 0; p < form.parts.size(); ++p) {
      const std::size_t k = form.parts[p].term;
      if (plan_.terms[k].global_signal >= 0)
        scaled_parts_.push_back({builds_post, &list == &step_.pre.if_active || &list == &step_.post.if_active,
                                 list.size(), p, k});
    }
    list.push_back(std::move(combination));
  }

  bool closed(const PlannedTerm& term, const SideVectors& side, const SideFactor& factor) const noexcept {
    return state_.non_negative && term.global_signal < 0 && side.sums_itself(factor);
  }

  void plan_effects() {
    // Slots for row sums in the sweep: those that silent rows need come first.
    std::vector<std::size_t> slots;
    const auto claim = [&](bool sparse_post) {
      for (const PlannedTerm& t : plan_.terms) {
        const SideFactor& q = plan_.pre[t.pre];
        if (t.weight_power != 1 || t.by_synapse() || q.factor == Factor::one || sparse(q)) continue;
        if (sparse(plan_.post[t.post]) != sparse_post || slots.size() == FusedStep::most_sums) continue;
        if (std::ranges::find(slots, t.pre) == slots.end()) slots.push_back(t.pre);
      }
    };
    claim(false);
    step_.dense_sums = slots.size();
    claim(true);
    step_.all_sums = slots.size();
    for (std::size_t q = 0; q < slots.size(); ++q) step_.sum_pre[1 + q] = pre_.effects[slots[q]];
    column_sums_ = columns_of(std::max(n_pre_, n_post_), plan_.terms.size());

    for (std::size_t k = 0; k < plan_.terms.size(); ++k) {
      const PlannedTerm& t = plan_.terms[k];
      const SideFactor &q = plan_.pre[t.pre], &p = plan_.post[t.post];
      const auto column = static_cast<Eigen::Index>(k);
      const double* scale = t.global_signal >= 0 ? &scale_[k] : nullptr;
      const double* q_at = pre_.effects[t.pre];
      const double* p_at = p.factor == Factor::one ? nullptr : post_.effects[t.post];
      const EffectTerm by_row{post_total_.col(column), p_at, scale};
      const auto add_sum_over_rows = [&](const double* matrix, bool of_mask) {
        add_column_sum({matrix,
                        &state_.blocks.view(),
                        of_mask,
                        step_.pitch,
                        step_.post.cells,
                        false,
                        sparse(q),
                        q_at,
                        nullptr,
                        {}},
                       by_row);
      };
      Gathered how = Gathered::over_rows;
      if (t.by_synapse()) {
        synapses_.terms.push_back({post_.factors[t.post], pre_.factors[t.pre], nullptr, t.weight_power,
                                   t.coefficient * state_.learning_rate, post_total_.col(column), scale});
        synapse_terms_.push_back(k);
      } else if (t.weight_power == 1) {
        const auto slot = std::ranges::find(slots, t.pre);
        if (q.factor == Factor::one && p.factor == Factor::one && !scale) {
          how = Gathered::row_sums;
        } else if (q.factor == Factor::one || slot != slots.end()) {
          const std::size_t sum =
              q.factor == Factor::one ? 0 : 1 + static_cast<std::size_t>(slot - slots.begin());
          (sparse(p) ? step_.sparse_terms : step_.dense_terms).push_back({by_row, sum});
        } else {
          add_sum_over_rows(state_.weights.data(), false);
        }
      } else if (q.factor == Factor::one && p.factor == Factor::one && !scale) {
        how = Gathered::steps;
      } else if (q.factor == Factor::one) {
        how = Gathered::over_time_post;
        sum_over_time(step_.post, post_, p, closed(t, post_, p),
                      {post_total_.col(column), post_.effects[t.post], scale});
      } else if (p.factor == Factor::one) {
        how = Gathered::over_time_pre;
        sum_over_time(step_.pre, pre_, q, closed(t, pre_, q), {pre_total_.col(column), q_at, scale});
      } else if (!sparse(q) && sparse(p)) {
        how = Gathered::over_columns;
        add_column_sum({mask_transposed_.data(),
                        &transposed_blocks_.view(),
                        true,
                        static_cast<std::size_t>(mask_transposed_.pitch()),
                        step_.pre.cells,
                        true,
                        true,
                        p_at,
                        nullptr,
                        {}},
                       {pre_total_.col(column), q_at, scale});
      } else {
        add_sum_over_rows(step_.mask, true);
      }
      gathered_.push_back(how);
    }
  }

  void plan_synapses(const RuleBasis& rule, std::span<const double> values, double dt) {
    if (synapses_.terms.empty()) return;
    const double unit = 1 / (state_.rate_scale * state_.rate_scale);
    for (const Signal& signal : rule.signals()) {
      if (signal.side != Side::synapse) continue;
      const bool filtered = signal.tau >= 0;
      const double gain = filtered ? dt / values[static_cast<std::size_t>(signal.tau)] : 1;
      trace_kept_.push_back(signal.kept_for_life);
      synapses_.traces.push_back(
          {traces_.emplace_back(n_post_, n_pre_).data(), 1 - gain, unit * gain, filtered});
    }
    for (std::size_t s = 0; s < synapse_terms_.size(); ++s) {
      const int signal = plan_.terms[synapse_terms_[s]].synapse_signal;
      if (signal >= 0) synapses_.terms[s].z = traces_[static_cast<std::size_t>(signal)].data();
    }
    change_ = PaddedMatrix(n_post_, n_pre_);
    synapses_.weights = step_.weights;
    synapses_.mask = step_.mask;
    synapses_.pitch = step_.pitch;
    synapses_.rows = static_cast<std::size_t>(n_post_);
    synapses_.columns = static_cast<std::size_t>(n_pre_);
    synapses_.change = change_.data();
    step_.change = change_.data();
  }

  // Terms that need the same sum share it.
  void add_column_sum(ColumnSum sum, const EffectTerm& term) {
    const auto same = std::ranges::find_if(step_.column_sums, [&](const ColumnSum& other) {
      return other.matrix == sum.matrix && other.factor == sum.factor;
    });
    if (same != step_.column_sums.end()) return same->terms.push_back(term);
    sum.terms.push_back(term);
    sum.sums = column_sums_.col(static_cast<Eigen::Index>(step_.column_sums.size()));
    step_.column_sums.push_back(std::move(sum));
  }

  void sum_over_time(FusedSide& side, SideVectors& vectors, const SideFactor& factor, bool is_closed,
                     const EffectTerm& term) {
    if (is_closed)
      side.rate_sum = vectors.rates.col(3);
    else
      (sparse(factor) ? side.active_cells : side.every_cell).push_back(term);
  }

  // z_{t+1} = keep z_t + take r_t, summed over the steps: sum z = (take sum r + keep (z_first - z_last)) /
  // gain.
  void finish(const SideVectors& side, const FusedSide& kernel_side, const SideFactor& factor,
              Eigen::Index column, PaddedMatrix& total) const noexcept {
    const auto& trace = *side.trace_of(factor);
    const double* z = side.traces.col(trace.signal);
    const double* start = side.starts.col(trace.signal);
    for (Eigen::Index i = 0; i < side.cells; ++i) {
      total(i, column) =
          kernel_side.rate_sum[i] / state_.trace_scale + (1 - trace.gain) / trace.gain * (start[i] - z[i]);
    }
  }

  double coefficient_now(std::size_t k) const noexcept {
    const PlannedTerm& term = plan_.terms[k];
    return term.coefficient * state_.learning_rate *
           (term.global_signal < 0 ? 1 : global_[static_cast<std::size_t>(term.global_signal)]);
  }

  double row_sum_total() const noexcept {
    double sum = 0;
    for (Eigen::Index i = 0; i < n_post_; ++i) sum += sums_(i, 0);
    return sum;
  }

  // Constraints and signs of their own ask for the dense matrix, and so do signals of a synapse.
  bool take_blocks() {
    using enum SynapseBlocks::Which;
    if (!state_.constraints.empty() || clamp_apart_ || step_.change) return false;
    constexpr Eigen::Index small = 32768, in_cache = 524288;  // entries
    const Eigen::Index size = n_pre_ * n_post_;
    const double most = size <= small      ? state_.most_blocks_small
                        : size <= in_cache ? state_.most_blocks_large
                                           : state_.most_blocks_memory;
    if (!state_.blocks.take(state_.weights, state_.mask, masked, most)) return false;
    transposed_blocks_.take(mask_transposed_, mask_transposed_, masked);
    state_.frozen_blocks.take(state_.weights, state_.mask, left_out);
    return true;
  }

  std::size_t padded_size() const noexcept {
    return static_cast<std::size_t>(state_.weights.pitch() * n_pre_);
  }
  void freeze() noexcept {
    state_.any_frozen =
        freeze_weights(state_.weights.data(), state_.mask.data(), state_.frozen.data(), padded_size());
  }
  void thaw() noexcept {
    thaw_weights(state_.weights.data(), state_.mask.data(), state_.frozen.data(), padded_size());
    state_.any_frozen = false;
  }

  void advance_globals(std::int64_t step) noexcept {
    for (std::size_t g = 0; g < global_.size(); ++g) {
      const ConstMatrixView& data = datasets_[g];
      global_[g] = global_[g] * (1 - global_gain_[g]) +
                   data(trial_ % data.rows(), step % data.cols()) * global_gain_[g];
    }
    for (std::size_t k = 0; k < plan_.terms.size(); ++k) {
      if (plan_.terms[k].global_signal >= 0)
        scale_[k] = std::abs(global_[static_cast<std::size_t>(plan_.terms[k].global_signal)]);
    }
    for (const ScaledPart& s : scaled_parts_) {
      FusedSide& side = s.post ? step_.post : step_.pre;
      (s.if_active ? side.if_active : side.always)[s.combination].parts[s.part].coefficient =
          coefficient_now(s.term);
    }
    for (std::size_t s = 0; s < synapse_terms_.size(); ++s)
      synapses_.terms[s].coefficient = coefficient_now(synapse_terms_[s]);
  }

  /// A part of a form whose coefficient follows a global signal.
  struct ScaledPart {
    bool post, if_active;
    std::size_t combination, part, term;
  };

  FusedPlan plan_;
  PathwayState& state_;
  GlobalSignals datasets_;
  std::vector<double> global_, global_gain_, global_keep_;
  std::vector<double> scale_;  ///< |global signal| of each term
  std::vector<ScaledPart> scaled_parts_;
  Eigen::Index n_pre_, n_post_;
  FusedStep step_;
  SideVectors pre_, post_;
  PaddedMatrix form_vectors_[2], mask_transposed_, zero_pre_, zero_post_, sign_, sums_, column_sums_;
  SynapseBlocks transposed_blocks_;      ///< of mask_transposed_
  PaddedMatrix pre_total_, post_total_;  ///< column k: of term k
  PaddedMatrix rows_together_;
  std::vector<Gathered> gathered_;
  SynapseStep synapses_;
  std::vector<std::size_t> synapse_terms_;  ///< index into the plan's terms of each of synapses_.terms
  std::vector<PaddedMatrix> traces_;        ///< signals of a synapse
  std::vector<bool> trace_kept_;
  PaddedMatrix change_;
  std::int64_t trial_ = 0, steps_ = 0;
  bool clamp_apart_ = false;
};

}  // namespace

std::unique_ptr<Plasticity> make_fused_plasticity(const RuleBasis& rule, std::span<const double> values,
                                                  double dt, PathwayState& state,
                                                  GlobalSignals global_signals) {
  return std::make_unique<FusedPlasticity>(rule, values, dt, state, std::move(global_signals));
}

}  // namespace hebbforge::engine
