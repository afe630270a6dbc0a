// Compiled once per instruction set by Google Highway, like kernels.cpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/fused_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include "engine/fused_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::ScalableTag<double>;
using Vector = hn::Vec<Doubles>;

HWY_INLINE void copy_cells(const double* from, std::size_t n, double* to) {
  const Doubles d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) hn::Store(hn::LoadU(d, from + i), d, to + i);
  for (; i < n; ++i) to[i] = from[i];
}

HWY_INLINE void advance_side(FusedSide& s, const double* before, const double* after) {
  const Doubles d;
  const std::size_t n = s.cells, lanes = hn::Lanes(d);
  copy_cells(before, n, s.before);
  copy_cells(after, n, s.after);
  const auto per_rate = hn::Set(d, s.per_rate);
  std::size_t active = 0;
  for (std::size_t i = 0; i < n; i += lanes) {
    const auto x = hn::Mul(hn::Load(d, s.after + i), per_rate);
    hn::Store(x, d, s.activity + i);
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, hn::Ne(x, hn::Zero(d)), bytes);
    for (unsigned bits = bytes[0]; bits != 0; bits &= bits - 1) {
      s.active[active++] = static_cast<std::int32_t>(i) + __builtin_ctz(bits);
    }
  }
  s.active_count = active;
  s.active[active] = static_cast<std::int32_t>(n);
  if (s.rate_sum) {
    for (std::size_t i = 0; i < n; i += lanes) {
      hn::Store(hn::Add(hn::Load(d, s.rate_sum + i), hn::Load(d, s.before + i)), d, s.rate_sum + i);
    }
  }
  for (const TraceUpdate& t : s.traces) {
    const auto keep = hn::Set(d, t.keep), take = hn::Set(d, t.take);
    const double* source = t.filtered ? s.before : s.after;
    for (std::size_t i = 0; i < n; i += lanes) {
      auto value = hn::Load(d, source + i);
      if (t.squared) value = hn::Mul(value, value);
      hn::Store(hn::MulAdd(value, take, hn::Mul(hn::Load(d, t.z + i), keep)), d, t.z + i);
    }
  }
  for (const ProductUpdate& p : s.products) {
    for (std::size_t i = 0; i < n; i += lanes)
      hn::Store(hn::Mul(hn::Load(d, p.a + i), hn::Load(d, p.b + i)), d, p.out + i);
  }
  for (const MagnitudeUpdate& m : s.magnitudes) {
    for (std::size_t i = 0; i < n; i += lanes) hn::Store(hn::Abs(hn::Load(d, m.in + i)), d, m.out + i);
  }
}

void AdvanceCells(FusedStep& s, const double* pre_before, const double* post_before, const double* pre,
                  const double* post) {
  advance_side(s.pre, pre_before, pre);
  advance_side(s.post, post_before, post);
}

HWY_INLINE void combine(const std::vector<Combination>& list, std::size_t n) {
  const Doubles d;
  for (const Combination& c : list) {
    for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
      auto sum = hn::Zero(d);
      for (const Combination::Part& p : c.parts)
        sum = hn::MulAdd(hn::Load(d, p.factor + i), hn::Set(d, p.coefficient), sum);
      hn::Store(sum, d, c.out + i);
    }
  }
}

HWY_INLINE void add_to_total(const EffectTerm& t, Vector value, std::size_t i) {
  const Doubles d;
  if (t.scale) value = hn::Mul(value, hn::Set(d, *t.scale));
  const auto total = hn::Load(d, t.total + i);
  hn::Store(t.factor ? hn::MulAdd(value, hn::Load(d, t.factor + i), total) : hn::Add(total, value), d,
            t.total + i);
}

HWY_INLINE void sum_over_time(const FusedSide& s) {
  const Doubles d;
  for (const EffectTerm& t : s.every_cell) {
    for (std::size_t i = 0; i < s.cells; i += hn::Lanes(d)) add_to_total(t, hn::Set(d, 1.0), i);
  }
  if (s.active_count == 0) return;
  for (const EffectTerm& t : s.active_cells) {
    const double scale = t.scale ? *t.scale : 1;
    for (std::size_t k = 0; k < s.active_count; ++k) {
      const std::int32_t i = s.active[k];
      t.total[i] += scale * t.factor[i];
    }
  }
}

HWY_INLINE void add_column_sums(const FusedStep& s) {
  const Doubles d;
  for (const ColumnSum& c : s.column_sums) {
    const FusedSide& side = c.columns_are_post ? s.post : s.pre;
    const std::size_t count = c.active_only ? side.active_count : side.cells;
    if (count == 0) continue;
    for (std::size_t i = 0; i < c.rows; i += hn::Lanes(d)) {
      auto sum = hn::Zero(d);
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t j = c.active_only ? static_cast<std::size_t>(side.active[k]) : k;
        sum = hn::MulAdd(hn::Abs(hn::Load(d, c.matrix + j * c.pitch + i)), hn::Set(d, c.factor[j]), sum);
      }
      for (const EffectTerm& t : c.terms) add_to_total(t, sum, i);
    }
  }
}

enum class Rows { silent, one_form, any };
enum class Clamp { positive, any };  // positive: weights >= 0 before the step

// Blocks of `Size` vectors of rows, all columns; what stays in registers is known to the compiler.
template <Rows rows, Clamp clamp, bool Slope, std::size_t Sums, std::size_t Size>
void sweep_block(const FusedStep& s, std::size_t begin) {
  const Doubles d;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d);
  const auto sign = hn::Set(d, s.sign);
  const auto floor = hn::Set(d, s.sign * s.floor);
  Vector row0[Size], row1[Size], form0[Size], form1[Size], ones[Size], sums[Sums * Size + 1];
  for (std::size_t v = 0; v < Size; ++v) {
    const std::size_t i = begin + v * lanes;
    row0[v] = hn::Load(d, s.row[0] + i);
    if constexpr (Slope) row1[v] = hn::Load(d, s.row[1] + i);
    if constexpr (rows == Rows::one_form) {
      form0[v] = hn::Load(d, s.row_forms[0][0].post + i);
      if constexpr (Slope) form1[v] = hn::Load(d, s.row_forms[1][0].post + i);
    }
    ones[v] = zero;
    for (std::size_t q = 0; q < Sums; ++q) sums[q * Size + v] = zero;
  }
  const double *column0 = s.column[0], *column1 = s.column[1];
  const double *row_pre0 = nullptr, *row_pre1 = nullptr;
  if constexpr (rows == Rows::one_form) {
    row_pre0 = s.row_forms[0][0].pre;
    if constexpr (Slope) row_pre1 = s.row_forms[1][0].pre;
  }
  const std::int32_t* next_active = s.pre.active.data();
  const double *sum_pre0 = s.sums[0], *sum_pre1 = s.sums[1];
  double* w_at = s.weights + begin;
  const double* m_at = s.mask + begin;
  for (std::size_t j = 0; j < s.pre.cells; ++j, w_at += s.pitch, m_at += s.pitch) {
    const bool active = static_cast<std::size_t>(*next_active) == j;
    if (active) ++next_active;
    Vector u0[Size], u1[Size];
    for (std::size_t v = 0; v < Size; ++v) {
      u0[v] = hn::Add(row0[v], hn::Set(d, column0[j]));
      if constexpr (Slope) u1[v] = hn::Add(row1[v], hn::Set(d, column1[j]));
      if constexpr (rows == Rows::one_form) {
        u0[v] = hn::MulAdd(form0[v], hn::Set(d, row_pre0[j]), u0[v]);
        if constexpr (Slope) u1[v] = hn::MulAdd(form1[v], hn::Set(d, row_pre1[j]), u1[v]);
      }
      if constexpr (rows == Rows::any) {
        const std::size_t i = begin + v * lanes;
        for (const OuterForm& f : s.row_forms[0])
          u0[v] = hn::MulAdd(hn::Load(d, f.post + i), hn::Set(d, f.pre[j]), u0[v]);
        if constexpr (Slope) {
          for (const OuterForm& f : s.row_forms[1])
            u1[v] = hn::MulAdd(hn::Load(d, f.post + i), hn::Set(d, f.pre[j]), u1[v]);
        }
      }
    }
    if (active) {
      for (std::size_t v = 0; v < Size; ++v) {
        const std::size_t i = begin + v * lanes;
        for (const OuterForm& f : s.column_forms[0])
          u0[v] = hn::MulAdd(hn::Load(d, f.post + i), hn::Set(d, f.pre[j]), u0[v]);
        if constexpr (Slope) {
          for (const OuterForm& f : s.column_forms[1])
            u1[v] = hn::MulAdd(hn::Load(d, f.post + i), hn::Set(d, f.pre[j]), u1[v]);
        }
      }
    }
    for (std::size_t v = 0; v < Size; ++v) {
      const auto w = hn::Load(d, w_at + v * lanes);
      auto moved = hn::MulAdd(hn::Load(d, m_at + v * lanes), u0[v], w);
      if constexpr (Slope) {
        moved = hn::MulAdd(w, u1[v], moved);
        const auto magnitude = clamp == Clamp::positive ? w : hn::Abs(w);
        ones[v] = hn::Add(ones[v], magnitude);
        if constexpr (Sums > 0) sums[v] = hn::MulAdd(magnitude, hn::Set(d, sum_pre0[j]), sums[v]);
        if constexpr (Sums > 1)
          sums[Size + v] = hn::MulAdd(magnitude, hn::Set(d, sum_pre1[j]), sums[Size + v]);
      }
      const auto crossed =
          clamp == Clamp::positive ? hn::Lt(moved, zero) : hn::Lt(hn::Mul(sign, moved), zero);
      hn::Store(hn::IfThenElse(crossed, floor, moved), d, w_at + v * lanes);
    }
  }
  if constexpr (Slope) {
    for (std::size_t v = 0; v < Size; ++v) {
      const std::size_t i = begin + v * lanes;
      const auto gather = [&](const std::vector<SweepTerm>& terms) {
        for (const SweepTerm& t : terms) {
          auto sum = ones[v];
          if constexpr (Sums > 0) {
            if (t.sum == 1) sum = sums[v];
          }
          if constexpr (Sums > 1) {
            if (t.sum == 2) sum = sums[Size + v];
          }
          add_to_total(t.effect, sum, i);
        }
      };
      gather(s.dense_terms);
      if constexpr (rows != Rows::silent) gather(s.sparse_terms);
    }
  }
}

template <Rows rows, Clamp clamp, std::size_t Size>
HWY_INLINE void sweep_block_of(const FusedStep& s, std::size_t i) {
  const std::size_t sums = rows == Rows::silent ? s.dense_sums : s.all_sums;
  if (!s.slope) return sweep_block<rows, clamp, false, 0, Size>(s, i);
  if (sums == 0) return sweep_block<rows, clamp, true, 0, Size>(s, i);
  if (sums == 1) return sweep_block<rows, clamp, true, 1, Size>(s, i);
  return sweep_block<rows, clamp, true, 2, Size>(s, i);
}

template <Clamp clamp, std::size_t Size>
HWY_INLINE void sweep_rows(const FusedStep& s, std::size_t i) {
  const Doubles d;
  bool active = s.rows_always;
  for (std::size_t v = 0; v < Size && !active; ++v) {
    active = !hn::AllFalse(d, hn::Ne(hn::Load(d, s.post.activity + i + v * hn::Lanes(d)), hn::Zero(d)));
  }
  if (!active) return sweep_block_of<Rows::silent, clamp, Size>(s, i);
  const bool one = s.row_forms[0].size() == 1 && s.row_forms[1].size() == (s.slope ? 1 : 0);
  if (one) return sweep_block_of<Rows::one_form, clamp, Size>(s, i);
  sweep_block_of<Rows::any, clamp, Size>(s, i);
}

template <Clamp clamp>
HWY_INLINE void sweep_all(const FusedStep& s) {
  const Doubles d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t block = 2;
  std::size_t i = 0;
  for (; i + block * lanes <= s.pitch && i + lanes < s.post.cells; i += block * lanes)
    sweep_rows<clamp, block>(s, i);
  for (; i < s.post.cells; i += lanes) sweep_rows<clamp, 1>(s, i);
}

void SweepFused(FusedStep& s) {
  combine(s.pre.always, s.pre.cells);
  combine(s.post.always, s.post.cells);
  if (s.post.active_count > 0) combine(s.pre.if_active, s.pre.cells);
  if (s.pre.active_count > 0) combine(s.post.if_active, s.post.cells);
  sum_over_time(s.pre);
  sum_over_time(s.post);
  add_column_sums(s);
  if (s.sign > 0) return sweep_all<Clamp::positive>(s);
  sweep_all<Clamp::any>(s);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(AdvanceCells);
HWY_EXPORT(SweepFused);

void advance_cells(FusedStep& step, const double* pre_before, const double* post_before, const double* pre,
                   const double* post) noexcept {
  HWY_DYNAMIC_DISPATCH(AdvanceCells)(step, pre_before, post_before, pre, post);
}

void sweep_fused(FusedStep& step) noexcept { HWY_DYNAMIC_DISPATCH(SweepFused)(step); }

}  // namespace hebbforge::engine
#endif
