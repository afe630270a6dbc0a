// Compiled once per instruction set by Google Highway, like fused_kernel.cpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/synapse_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include "engine/cells-inl.hpp"
#include "engine/synapse_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {

HWY_INLINE void advance_trace(const SynapseTrace& t, std::size_t at, std::size_t rows, double x,
                              const double* y) {
  const Doubles d;
  double* z = t.z + at;
  const auto keep = hn::Set(d, t.keep);
  if (x == 0) {
    for_cells(rows, [=](std::size_t i) HWY_ATTR { hn::Store(hn::Mul(hn::Load(d, z + i), keep), d, z + i); });
    return;
  }
  const auto take = hn::Set(d, t.take * x);
  for_cells(rows, [=](std::size_t i) HWY_ATTR {
    hn::Store(hn::MulAdd(hn::Load(d, y + i), take, hn::Mul(hn::Load(d, z + i), keep)), d, z + i);
  });
}

// A column under one term; First: the change starts from 0. Power 2 stands for any above 1.
template <bool First, bool Signal, int Power>
HWY_INLINE void add_column(const SynapseStep& s, const SynapseTerm& t, std::size_t j) {
  const Doubles d;
  const std::size_t at = j * s.pitch;
  const double x = t.pre[j], scale = t.scale ? *t.scale : 1;
  const auto coefficient = hn::Set(d, t.coefficient * x);
  const auto weight = hn::Set(d, scale * (x < 0 ? -x : x));
  const double *post = t.post, *z = t.z + (Signal ? at : 0), *w = s.weights + at, *m = s.mask + at;
  double *change = s.change + at, *total = t.total;
  const int power = t.weight_power;
  for_cells(s.rows, [=](std::size_t i) HWY_ATTR {
    auto value = hn::Load(d, post + i);
    if constexpr (Signal) value = hn::Mul(value, hn::Load(d, z + i));
    if constexpr (Power > 0) {
      const auto base = hn::Load(d, w + i);
      value = hn::Mul(value, base);
      for (int p = 1; Power > 1 && p < power; ++p) value = hn::Mul(value, base);
    }
    if constexpr (First)
      hn::Store(hn::Mul(value, coefficient), d, change + i);
    else
      hn::Store(hn::MulAdd(value, coefficient, hn::Load(d, change + i)), d, change + i);
    const auto magnitude = hn::Mul(hn::Abs(value), hn::Load(d, m + i));
    hn::Store(hn::MulAdd(magnitude, weight, hn::Load(d, total + i)), d, total + i);
  });
}

template <bool First, bool Signal>
HWY_INLINE void add_column_of(const SynapseStep& s, const SynapseTerm& t, std::size_t j) {
  if (t.weight_power == 0) return add_column<First, Signal, 0>(s, t, j);
  if (t.weight_power == 1) return add_column<First, Signal, 1>(s, t, j);
  return add_column<First, Signal, 2>(s, t, j);
}

void StepSynapses(const SynapseStep& s, const CellRates& pre, const CellRates& post) {
  const Doubles d;
  for (std::size_t j = 0; j < s.columns; ++j) {
    for (const SynapseTrace& t : s.traces)
      advance_trace(t, j * s.pitch, s.rows, (t.filtered ? pre.before : pre.after)[j],
                    t.filtered ? post.before : post.after);
    bool first = true;
    for (const SynapseTerm& t : s.terms) {
      // Silent cells bring nothing to terms with their rate.
      if (t.pre[j] == 0) continue;
      if (first)
        t.z ? add_column_of<true, true>(s, t, j) : add_column_of<true, false>(s, t, j);
      else
        t.z ? add_column_of<false, true>(s, t, j) : add_column_of<false, false>(s, t, j);
      first = false;
    }
    if (!first) continue;
    double* change = s.change + j * s.pitch;
    for_cells(s.rows, [=](std::size_t i) HWY_ATTR { hn::Store(hn::Zero(d), d, change + i); });
  }
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(StepSynapses);

void step_synapses(const SynapseStep& step, const CellRates& pre, const CellRates& post) noexcept {
  HWY_DYNAMIC_DISPATCH(StepSynapses)(step, pre, post);
}

}  // namespace hebbforge::engine
#endif
