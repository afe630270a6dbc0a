// Compiled once per instruction set by Google Highway, like fused_kernel.cpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/population_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include "engine/cells-inl.hpp"
#include "engine/population_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {

// input += W r
HWY_INLINE void add_blocks(const Blocks& blocks, const CellRates& from, double* input) {
  const Quad d;
  const double* values = blocks.values;
  multiply_blocks<true>(blocks, from.active_before, from.active_count_before, from.before, input,
                        [=](std::size_t b, std::size_t v)
                            HWY_ATTR { return hn::Load(d, values + b * Blocks::rows + v); });
}

template <class Count>
HWY_INLINE void step_cells(const PopulationStep& p, const double* drive, Count n) {
  const Doubles d;
  double* input = p.input;
  for_cells(n, [=](std::size_t i) HWY_ATTR { hn::Store(hn::Load(d, drive + i), d, input + i); });
  const auto as_is = [](Vector w) HWY_ATTR { return w; };
  for (const Incoming& in : p.incoming) {
    const CellRates& from = *in.from;
    if (from.active_count_before == 0) continue;
    if (*in.in_blocks) {
      add_blocks(*in.blocks, from, input);
      if (in.frozen_blocks->count > 0) add_blocks(*in.frozen_blocks, from, input);
      continue;
    }
    multiply_columns<true, false>(in.weights, in.pitch, n, from.active_before, from.active_count_before,
                                  from.before, input, as_is);
    if (*in.any_frozen)
      multiply_columns<true, false>(in.frozen, in.pitch, n, from.active_before, from.active_count_before,
                                    from.before, input, as_is);
  }
  if (!p.threshold_linear) return;
  const auto part = hn::Set(d, p.part), threshold = hn::Set(d, p.threshold), gain = hn::Set(d, p.gain);
  double *state = p.state, *rate = p.rates->after;
  // Rounded as the neuron's own step rounds: no fused multiply-add.
  for_cells(n, [=](std::size_t i) HWY_ATTR {
    const auto s = hn::Load(d, state + i);
    const auto above = hn::Sub(s, threshold);
    const auto active = hn::Gt(above, hn::Zero(d));
    hn::Store(hn::IfThenElseZero(active, hn::Mul(gain, above)), d, rate + i);
    hn::Store(hn::Add(s, hn::Mul(hn::Sub(hn::Load(d, input + i), s), part)), d, state + i);
  });
  // The padding's state may be above a negative threshold.
  if (p.threshold < 0) {
    for (std::size_t i = p.cells; i % 8 != 0; ++i) rate[i] = 0;
  }
  p.rates->active_count = list_active(rate, p.cells, p.rates->active);
}

void StepPopulation(const PopulationStep& p, const double* drive) {
  with_count(p.cells, [&](auto n) HWY_ATTR { step_cells(p, drive, n); });
}

void ListActiveCells(CellRates& rates, std::size_t cells) {
  rates.active_count = list_active(rates.after, cells, rates.active);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(StepPopulation);
HWY_EXPORT(ListActiveCells);

void step_population(const PopulationStep& population, const double* drive) noexcept {
  HWY_DYNAMIC_DISPATCH(StepPopulation)(population, drive);
}

void list_active_cells(CellRates& rates, std::size_t cells) noexcept {
  HWY_DYNAMIC_DISPATCH(ListActiveCells)(rates, cells);
}

}  // namespace hebbforge::engine
#endif
