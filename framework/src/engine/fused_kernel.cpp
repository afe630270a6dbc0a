// Compiled once per instruction set by Google Highway; nothing but these loops leaves the baseline.
// ISA-specific code must not share inline functions with other files, so no project header but plain-data
// ones and cells-inl.hpp is included.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/fused_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include <algorithm>
#include <type_traits>

#include "engine/cells-inl.hpp"
#include "engine/fused_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {
template <class Count>
HWY_INLINE void advance_vectors(FusedSide& s, const CellRates& now, Count n) {
  const Doubles d;
  const auto per_rate = hn::Set(d, s.per_rate);
  const double* rates = now.after;
  double* activity = s.activity;
  for_cells(n, [=](std::size_t i)
                   HWY_ATTR { hn::Store(hn::Mul(hn::Load(d, rates + i), per_rate), d, activity + i); });
  if (s.rate_sum) {
    const double* earlier = now.before;
    double* sum = s.rate_sum;
    for_cells(n, [=](std::size_t i) HWY_ATTR {
      hn::Store(hn::Add(hn::Load(d, sum + i), hn::Load(d, earlier + i)), d, sum + i);
    });
  }
  for (const TraceUpdate& t : s.traces) {
    const auto keep = hn::Set(d, t.keep), take = hn::Set(d, t.take);
    const double* source = t.filtered ? now.before : now.after;
    double* z = t.z;
    if (t.squared) {
      for_cells(n, [=](std::size_t i) HWY_ATTR {
        const auto value = hn::Load(d, source + i);
        hn::Store(hn::MulAdd(hn::Mul(value, value), take, hn::Mul(hn::Load(d, z + i), keep)), d, z + i);
      });
    } else {
      for_cells(n, [=](std::size_t i) HWY_ATTR {
        hn::Store(hn::MulAdd(hn::Load(d, source + i), take, hn::Mul(hn::Load(d, z + i), keep)), d, z + i);
      });
    }
  }
  for (const ProductUpdate& p : s.products) {
    const double *a = p.a, *b = p.b;
    double* out = p.out;
    for_cells(n, [=](std::size_t i)
                     HWY_ATTR { hn::Store(hn::Mul(hn::Load(d, a + i), hn::Load(d, b + i)), d, out + i); });
  }
  for (const MagnitudeUpdate& m : s.magnitudes) {
    for_cells(n, [&](std::size_t i) HWY_ATTR { hn::Store(hn::Abs(hn::Load(d, m.in + i)), d, m.out + i); });
  }
}

HWY_INLINE void advance_side(FusedSide& s, const CellRates& now) {
  s.active = now.active;
  s.active_count = now.active_count;
  with_count(s.cells, [&](auto n) HWY_ATTR { advance_vectors(s, now, n); });
}

void AdvanceCells(FusedStep& s, const CellRates& pre, const CellRates& post) {
  advance_side(s.pre, pre);
  advance_side(s.post, post);
}

template <std::size_t Parts, class Count>
HWY_INLINE void combine_parts(const Combination& c, Count n) {
  const Doubles d;
  const double* factor[4];
  double coefficient[4];
  for (std::size_t p = 0; p < 4; ++p) {
    factor[p] = c.parts[p < Parts ? p : 0].factor;
    coefficient[p] = c.parts[p < Parts ? p : 0].coefficient;
  }
  const double *f0 = factor[0], *f1 = factor[1], *f2 = factor[2], *f3 = factor[3];
  const auto c0 = hn::Set(d, coefficient[0]), c1 = hn::Set(d, coefficient[1]),
             c2 = hn::Set(d, coefficient[2]), c3 = hn::Set(d, coefficient[3]);
  double* out = c.out;
  for_cells(n, [=](std::size_t i) HWY_ATTR {
    auto sum = hn::Mul(hn::Load(d, f0 + i), c0);
    if constexpr (Parts > 1) sum = hn::MulAdd(hn::Load(d, f1 + i), c1, sum);
    if constexpr (Parts > 2) sum = hn::MulAdd(hn::Load(d, f2 + i), c2, sum);
    if constexpr (Parts > 3) sum = hn::MulAdd(hn::Load(d, f3 + i), c3, sum);
    hn::Store(sum, d, out + i);
  });
}

template <class Count>
HWY_INLINE void combine(const std::vector<Combination>& list, Count n) {
  const Doubles d;
  for (const Combination& c : list) {
    switch (c.parts.size()) {
      case 1:
        combine_parts<1>(c, n);
        break;
      case 2:
        combine_parts<2>(c, n);
        break;
      case 3:
        combine_parts<3>(c, n);
        break;
      default:
        combine_parts<4>(c, n);
    }
    for (std::size_t p = 4; p < c.parts.size(); ++p) {
      const auto coefficient = hn::Set(d, c.parts[p].coefficient);
      for_cells(n, [&](std::size_t i) HWY_ATTR {
        hn::Store(hn::MulAdd(hn::Load(d, c.parts[p].factor + i), coefficient, hn::Load(d, c.out + i)), d,
                  c.out + i);
      });
    }
  }
}

// total += scale factor value(i), value being a vector or 1.
template <class Count, class Value>
HWY_INLINE void add_to_total(const EffectTerm& t, Count cells, const Value& value) {
  const Doubles d;
  double* total = t.total;
  const double* factor = t.factor;
  if (t.scale) {
    const auto scale = hn::Set(d, *t.scale);
    for_cells(cells, [&](std::size_t i) HWY_ATTR {
      auto scaled = hn::Mul(value(i), scale);
      if (factor) scaled = hn::Mul(scaled, hn::Load(d, factor + i));
      hn::Store(hn::Add(hn::Load(d, total + i), scaled), d, total + i);
    });
  } else if (factor) {
    for_cells(cells, [&](std::size_t i) HWY_ATTR {
      hn::Store(hn::MulAdd(value(i), hn::Load(d, factor + i), hn::Load(d, total + i)), d, total + i);
    });
  } else {
    for_cells(cells, [&](std::size_t i)
                         HWY_ATTR { hn::Store(hn::Add(hn::Load(d, total + i), value(i)), d, total + i); });
  }
}

HWY_INLINE void add_active(const EffectTerm& t, const FusedSide& side, const double* value) {
  const double scale = t.scale ? *t.scale : 1;
  for (std::size_t k = 0; k < side.active_count; ++k) {
    const std::int32_t i = side.active[k];
    t.total[i] += scale * t.factor[i] * (value ? value[i] : 1);
  }
}

template <class Count>
HWY_INLINE void sum_over_time(const FusedSide& s, Count n) {
  const Doubles d;
  for (const EffectTerm& t : s.every_cell)
    add_to_total(t, n, [&](std::size_t) HWY_ATTR { return hn::Set(d, 1.0); });
  for (const EffectTerm& t : s.active_cells) add_active(t, s, nullptr);
}

HWY_INLINE void add_blocks(const ColumnSum& c, const FusedSide& side, std::size_t count) {
  const Quad d;
  const std::uint32_t* place = c.blocks->place;
  const double* values = c.blocks->values;
  const auto entry = [=](std::size_t b, std::size_t v)
                         HWY_ATTR { return hn::Load(d, entries_of.rows[place[b] % 16] + v); };
  const auto magnitude = [=](std::size_t b, std::size_t v)
                             HWY_ATTR { return hn::Abs(hn::Load(d, values + b * Blocks::rows + v)); };
  if (c.of_mask && c.active_only)
    multiply_blocks<true>(*c.blocks, side.active, count, c.factor, c.sums, entry);
  else if (c.of_mask)
    multiply_blocks<false>(*c.blocks, nullptr, count, c.factor, c.sums, entry);
  else if (c.active_only)
    multiply_blocks<true>(*c.blocks, side.active, count, c.factor, c.sums, magnitude);
  else
    multiply_blocks<false>(*c.blocks, nullptr, count, c.factor, c.sums, magnitude);
}

template <class Count>
HWY_INLINE void add_column_sum(const FusedStep& s, const ColumnSum& c, Count rows) {
  const Doubles d;
  const auto magnitude = [](Vector v) HWY_ATTR { return hn::Abs(v); };
  const FusedSide& side = c.columns_are_post ? s.post : s.pre;
  const std::size_t count = c.active_only ? side.active_count : side.cells;
  if (count == 0) return;
  double* sums = c.sums;
  if (s.blocks) {
    for_cells(rows, [=](std::size_t i) HWY_ATTR { hn::Store(hn::Zero(d), d, sums + i); });
    add_blocks(c, side, count);
  } else if (c.active_only) {
    multiply_columns<true, true>(c.matrix, c.pitch, rows, side.active, count, c.factor, sums, magnitude);
  } else {
    multiply_columns<false, true>(c.matrix, c.pitch, rows, nullptr, count, c.factor, sums, magnitude);
  }
  for (const EffectTerm& t : c.terms)
    add_to_total(t, rows, [=](std::size_t i) HWY_ATTR { return hn::Load(d, sums + i); });
}

enum class Clamp { positive, any };  // positive: no weight is below 0 before the step

// Highway 1.0.3 blends by all bits there, not by the sign.
constexpr bool has_blend_by_sign = HWY_TARGET != HWY_SSSE3;

/// Columns [begin, end), and those of them that are active.
struct Columns {
  std::size_t begin, end;
  const std::int32_t *active, *last_active;
};

/// What one column brings to all rows.
template <class D>
struct Column {
  using Vector = hn::Vec<D>;
  const double *column_post0, *column_post1;
  Vector column0, column1, row_pre0, row_pre1, column_pre0, column_pre1, sum_pre0, sum_pre1;
};

/// Where columns are found: pointers of its own, which no store of weights can change.
struct ColumnVectors {
  const double *column0, *column1, *row_pre0, *row_pre1, *column_pre0, *column_pre1, *column_post0,
      *column_post1, *sum_pre0, *sum_pre1;

  explicit HWY_INLINE ColumnVectors(const FusedStep& s)
      : column0(s.column[0]),
        column1(s.column[1]),
        row_pre0(s.row_forms[0][0].pre),
        row_pre1(s.row_forms[1][0].pre),
        column_pre0(s.column_forms[0][0].pre),
        column_pre1(s.column_forms[1][0].pre),
        column_post0(s.column_forms[0][0].post),
        column_post1(s.column_forms[1][0].post),
        sum_pre0(s.sum_pre[1]),
        sum_pre1(s.sum_pre[2]) {}

  template <class D, bool Active, bool ActiveRows, bool Slope, std::size_t Sums>
  HWY_INLINE Column<D> column(std::size_t j) const {
    const D d;
    Column<D> c;
    c.column0 = hn::Set(d, column0[j]);
    if constexpr (Slope) c.column1 = hn::Set(d, column1[j]);
    if constexpr (ActiveRows) {
      c.row_pre0 = hn::Set(d, row_pre0[j]);
      if constexpr (Slope) c.row_pre1 = hn::Set(d, row_pre1[j]);
    }
    if constexpr (Active) {
      c.column_post0 = column_post0;
      c.column_post1 = column_post1;
      c.column_pre0 = hn::Set(d, column_pre0[j]);
      if constexpr (Slope) c.column_pre1 = hn::Set(d, column_pre1[j]);
    }
    if constexpr (Sums > 0) c.sum_pre0 = hn::Set(d, sum_pre0[j]);
    if constexpr (Sums > 1) c.sum_pre1 = hn::Set(d, sum_pre1[j]);
    return c;
  }
};

/// Where a strip's rows are found: `at` elements from these.
struct RowVectors {
  const double *row0, *row1, *form0, *form1;
  double *ones, *sum0, *sum1;

  explicit HWY_INLINE RowVectors(const FusedStep& s)
      : row0(s.row[0]),
        row1(s.row[1]),
        form0(s.row_forms[0][0].post),
        form1(s.row_forms[1][0].post),
        ones(s.row_sums[0]),
        sum0(s.row_sums[1]),
        sum1(s.row_sums[2]) {}
  // Blocks come in no order of rows: theirs lie together, after each other as here, then column_post.
  explicit HWY_INLINE RowVectors(double* together)
      : row0(together),
        row1(together + Blocks::rows),
        form0(together + 2 * Blocks::rows),
        form1(together + 3 * Blocks::rows),
        ones(together + 4 * Blocks::rows),
        sum0(together + 5 * Blocks::rows),
        sum1(together + 6 * Blocks::rows) {}
};

/// One vector of rows through all columns; its members stay in registers.
template <class D, bool ActiveRows, bool ManyForms, Clamp clamp, bool Slope, std::size_t Sums>
struct Strip {
  using Vector = hn::Vec<D>;
  Vector row0, row1, form0, form1, ones, sum0, sum1;

  // \param fresh  sums begin at 0
  HWY_INLINE void begin(const RowVectors& rows, std::size_t at, bool fresh) {
    const D d;
    row0 = hn::Load(d, rows.row0 + at);
    const auto sum_from = [=](const double* sums)
                              HWY_ATTR { return fresh ? hn::Zero(d) : hn::Load(d, sums + at); };
    if constexpr (Slope) ones = sum_from(rows.ones);
    if constexpr (Sums > 0) sum0 = sum_from(rows.sum0);
    if constexpr (Sums > 1) sum1 = sum_from(rows.sum1);
    if constexpr (Slope) row1 = hn::Load(d, rows.row1 + at);
    if constexpr (ActiveRows) {
      form0 = hn::Load(d, rows.form0 + at);
      if constexpr (Slope) form1 = hn::Load(d, rows.form1 + at);
    }
  }

  template <bool Active>
  HWY_INLINE void move(const FusedStep& s, const Column<D>& c, std::size_t at, std::size_t i, std::size_t j,
                       double* w_at, const double* m_at, Vector floor) {
    const D d;
    auto u0 = hn::Add(row0, c.column0);
    Vector u1;
    if constexpr (Slope) u1 = hn::Add(row1, c.column1);
    if constexpr (ActiveRows) {
      u0 = hn::MulAdd(form0, c.row_pre0, u0);
      if constexpr (Slope) u1 = hn::MulAdd(form1, c.row_pre1, u1);
    }
    if constexpr (ManyForms) {
      if (s.change) u0 = hn::Add(u0, hn::Load(d, s.change + (w_at - s.weights)));
    }
    if constexpr (ActiveRows && ManyForms) {
      for (std::size_t f = 1; f < s.row_forms[0].size(); ++f) add_form(s.row_forms, f, i, j, u0, u1);
    }
    if constexpr (Active) {
      u0 = hn::MulAdd(hn::Load(d, c.column_post0 + at), c.column_pre0, u0);
      if constexpr (Slope) u1 = hn::MulAdd(hn::Load(d, c.column_post1 + at), c.column_pre1, u1);
      if constexpr (ManyForms) {
        for (std::size_t f = 1; f < s.column_forms[0].size(); ++f) add_form(s.column_forms, f, i, j, u0, u1);
      }
    }
    const auto w = hn::Load(d, w_at);
    auto moved = hn::MulAdd(hn::Load(d, m_at), u0, w);
    if constexpr (Slope) {
      moved = hn::MulAdd(w, u1, moved);
      const auto magnitude = clamp == Clamp::positive ? w : hn::Abs(w);
      ones = hn::Add(ones, magnitude);
      if constexpr (Sums > 0) sum0 = hn::MulAdd(magnitude, c.sum_pre0, sum0);
      if constexpr (Sums > 1) sum1 = hn::MulAdd(magnitude, c.sum_pre1, sum1);
    }
    if constexpr (clamp == Clamp::positive && has_blend_by_sign) {
      moved = hn::IfNegativeThenElse(moved, floor, moved);
    } else if constexpr (clamp == Clamp::positive) {
      moved = hn::IfThenElse(hn::Lt(moved, hn::Zero(d)), floor, moved);
    } else {
      const auto sign = hn::Set(d, s.sign);
      moved = hn::IfThenElse(hn::Lt(hn::Mul(sign, moved), hn::Zero(d)), floor, moved);
    }
    hn::Store(moved, d, w_at);
  }

  HWY_INLINE void end(const RowVectors& rows, std::size_t at) const {
    const D d;
    if constexpr (Slope) hn::Store(ones, d, rows.ones + at);
    if constexpr (Sums > 0) hn::Store(sum0, d, rows.sum0 + at);
    if constexpr (Sums > 1) hn::Store(sum1, d, rows.sum1 + at);
  }

 private:
  static HWY_INLINE void add_form(const std::vector<OuterForm> (&forms)[2], std::size_t f, std::size_t i,
                                  std::size_t j, Vector& u0, Vector& u1) {
    const D d;
    u0 = hn::MulAdd(hn::Load(d, forms[0][f].post + i), hn::Set(d, forms[0][f].pre[j]), u0);
    if constexpr (Slope)
      u1 = hn::MulAdd(hn::Load(d, forms[1][f].post + i), hn::Set(d, forms[1][f].pre[j]), u1);
  }
};

// A block of 1 to 4 vectors of rows, so that a column's numbers are loaded once for all of them.
template <bool ActiveRows, bool ManyForms, Clamp clamp, bool Slope, std::size_t Sums, std::size_t Size>
void sweep_block(const FusedStep& s, const Columns& columns, std::size_t i) {
  const Doubles d;
  const std::size_t lanes = hn::Lanes(d), pitch = s.pitch;
  const auto floor = hn::Set(d, s.sign * s.floor);
  const RowVectors rows(s);
  Strip<Doubles, ActiveRows, ManyForms, clamp, Slope, Sums> a, b, c, e;
  const bool fresh = columns.begin == 0;
  a.begin(rows, i, fresh);
  if constexpr (Size > 1) b.begin(rows, i + lanes, fresh);
  if constexpr (Size > 2) c.begin(rows, i + 2 * lanes, fresh);
  if constexpr (Size > 3) e.begin(rows, i + 3 * lanes, fresh);
  const ColumnVectors from(s);
  const std::int32_t* next_active = columns.active;
  double* w_at = s.weights + columns.begin * pitch + i;
  const double* m_at = s.mask + columns.begin * pitch + i;
  const auto move = [&](auto active, std::size_t j) HWY_ATTR {
    constexpr bool Active = decltype(active)::value;
    const auto column = from.template column<Doubles, Active, ActiveRows, Slope, Sums>(j);
    a.template move<Active>(s, column, i, i, j, w_at, m_at, floor);
    if constexpr (Size > 1)
      b.template move<Active>(s, column, i + lanes, i + lanes, j, w_at + lanes, m_at + lanes, floor);
    if constexpr (Size > 2)
      c.template move<Active>(s, column, i + 2 * lanes, i + 2 * lanes, j, w_at + 2 * lanes, m_at + 2 * lanes,
                              floor);
    if constexpr (Size > 3)
      e.template move<Active>(s, column, i + 3 * lanes, i + 3 * lanes, j, w_at + 3 * lanes, m_at + 3 * lanes,
                              floor);
    w_at += pitch;
    m_at += pitch;
  };
  for (std::size_t j = columns.begin; j < columns.end; ++j) {
    const auto silent_to =
        next_active == columns.last_active ? columns.end : static_cast<std::size_t>(*next_active++);
    for (; j < silent_to; ++j) move(std::false_type{}, j);
    if (j < columns.end) move(std::true_type{}, j);
  }
  a.end(rows, i);
  if constexpr (Size > 1) b.end(rows, i + lanes);
  if constexpr (Size > 2) c.end(rows, i + 2 * lanes);
  if constexpr (Size > 3) e.end(rows, i + 3 * lanes);
}

template <bool ActiveRows, bool ManyForms, Clamp clamp, std::size_t Size>
HWY_INLINE void sweep_block_of(const FusedStep& s, const Columns& columns, std::size_t i) {
  const std::size_t sums = ActiveRows ? s.all_sums : s.dense_sums;
  if (!s.slope) return sweep_block<ActiveRows, ManyForms, clamp, false, 0, Size>(s, columns, i);
  if (sums == 0) return sweep_block<ActiveRows, ManyForms, clamp, true, 0, Size>(s, columns, i);
  if (sums == 1) return sweep_block<ActiveRows, ManyForms, clamp, true, 1, Size>(s, columns, i);
  return sweep_block<ActiveRows, ManyForms, clamp, true, 2, Size>(s, columns, i);
}

template <bool ManyForms, Clamp clamp>
HWY_INLINE void sweep_columns(const FusedStep& s, const Columns& columns) {
  const Doubles d;
  const std::size_t lanes = hn::Lanes(d), vectors = (s.post.cells + lanes - 1) / lanes;
  const std::int32_t *next = s.post.active, *last = next + s.post.active_count;
  for (std::size_t v = 0; v < vectors;) {
    const std::size_t i = v * lanes, left = vectors - v;
    // As many silent vectors as there are, up to 4; active ones by two, so that few silent ones join them.
    const std::size_t silent = s.rows_always  ? 0
                               : next == last ? left
                                              : static_cast<std::size_t>(*next) / lanes - v;
    std::size_t size = 2;
    if (silent == 0 && left >= 2) {
      sweep_block_of<true, ManyForms, clamp, 2>(s, columns, i);
    } else if (silent == 0) {
      sweep_block_of<true, ManyForms, clamp, 1>(s, columns, i);
    } else if (silent >= 4 && !ManyForms) {
      sweep_block_of<false, false, clamp, 4>(s, columns, i);
      size = 4;
    } else if (silent == 3 && !ManyForms) {
      sweep_block_of<false, false, clamp, 3>(s, columns, i);
      size = 3;
    } else if (silent >= 2) {
      sweep_block_of<false, ManyForms, clamp, 2>(s, columns, i);
    } else {
      sweep_block_of<false, ManyForms, clamp, 1>(s, columns, i);
      size = 1;
    }
    v += size;
    while (next != last && static_cast<std::size_t>(*next) < v * lanes) ++next;
  }
}

// A large matrix goes by tiles of few columns, so that the processor's prefetcher follows all of them; a
// small one is one tile.
template <bool ManyForms, Clamp clamp>
HWY_INLINE void sweep_all(const FusedStep& s) {
  constexpr std::size_t in_cache = 32768;  // weights: with their mask half a megabyte
  const std::size_t tile = s.pitch * s.pre.cells <= in_cache ? s.pre.cells : 16;
  const std::int32_t *active = s.pre.active, *last = active + s.pre.active_count;
  for (std::size_t begin = 0; begin < s.pre.cells; begin += tile) {
    Columns columns{begin, std::min(begin + tile, s.pre.cells), active, active};
    while (columns.last_active != last && static_cast<std::size_t>(*columns.last_active) < columns.end)
      ++columns.last_active;
    active = columns.last_active;
    sweep_columns<ManyForms, clamp>(s, columns);
  }
}

// Copies vectors over rows to where the blocks find them, with sums of 0; or sums back.
HWY_INLINE void collect_rows(const FusedStep& s) {
  const Quad d;
  const double* from[] = {s.row[0], s.row[1], s.row_forms[0][0].post,    s.row_forms[1][0].post,   nullptr,
                          nullptr,  nullptr,  s.column_forms[0][0].post, s.column_forms[1][0].post};
  double* out = s.rows_together;
  for (std::size_t i = 0; i < s.post.cells; i += Blocks::rows) {
    for (const double* vector : from) {
      for (std::size_t v = 0; v < Blocks::rows; v += hn::MaxLanes(d), out += hn::MaxLanes(d))
        hn::Store(vector ? hn::Load(d, vector + i + v) : hn::Zero(d), d, out);
    }
  }
}
HWY_INLINE void spread_sums(const FusedStep& s, std::size_t sums) {
  const Quad d;
  const double* in = s.rows_together + 4 * Blocks::rows;
  for (std::size_t i = 0; i < s.post.cells;
       i += Blocks::rows, in += FusedStep::vectors_over_rows * Blocks::rows) {
    for (std::size_t q = 0; q < sums; ++q) {
      for (std::size_t v = 0; v < Blocks::rows; v += hn::MaxLanes(d))
        hn::Store(hn::Load(d, in + q * Blocks::rows + v), d, s.row_sums[q] + i + v);
    }
  }
}

// The same by blocks, one column after the other.
template <bool ActiveRows, bool ManyForms, Clamp clamp, bool Slope, std::size_t Sums>
void sweep_blocks(const FusedStep& s) {
  const Quad d;
  const auto floor = hn::Set(d, s.sign * s.floor);
  ColumnVectors from(s);
  from.column_post0 = s.rows_together + 7 * Blocks::rows;
  from.column_post1 = s.rows_together + 8 * Blocks::rows;
  const RowVectors rows(s.rows_together);
  const Blocks blocks = *s.blocks;
  collect_rows(s);
  const auto move = [&](auto active, std::size_t j) HWY_ATTR {
    constexpr bool Active = decltype(active)::value;
    const auto column = from.template column<Quad, Active, ActiveRows, Slope, Sums>(j);
    for (std::size_t b = blocks.first[j]; b < blocks.first[j + 1]; ++b) {
      const std::size_t i = blocks.place[b] / 16 * Blocks::rows, at = i * FusedStep::vectors_over_rows;
      const double* entries = entries_of.rows[blocks.place[b] % 16];
      double* w = blocks.values + b * Blocks::rows;
      for (std::size_t v = 0; v < Blocks::rows; v += hn::MaxLanes(d)) {
        Strip<Quad, ActiveRows, ManyForms, clamp, Slope, Sums> strip;
        strip.begin(rows, at + v, false);
        strip.template move<Active>(s, column, at + v, i + v, j, w + v, entries + v, floor);
        strip.end(rows, at + v);
      }
    }
  };
  const std::int32_t *next = s.pre.active, *last = next + s.pre.active_count;
  for (std::size_t j = 0; j < s.pre.cells; ++j) {
    const auto silent_to = next == last ? s.pre.cells : static_cast<std::size_t>(*next++);
    for (; j < silent_to; ++j) move(std::false_type{}, j);
    if (j < s.pre.cells) move(std::true_type{}, j);
  }
  if constexpr (Slope) spread_sums(s, 1 + Sums);
}

template <bool ActiveRows, bool ManyForms, Clamp clamp>
HWY_INLINE void sweep_blocks_of(const FusedStep& s) {
  const std::size_t sums = ActiveRows ? s.all_sums : s.dense_sums;
  if (!s.slope) return sweep_blocks<ActiveRows, ManyForms, clamp, false, 0>(s);
  if (sums == 0) return sweep_blocks<ActiveRows, ManyForms, clamp, true, 0>(s);
  if (sums == 1) return sweep_blocks<ActiveRows, ManyForms, clamp, true, 1>(s);
  return sweep_blocks<ActiveRows, ManyForms, clamp, true, 2>(s);
}

template <bool ManyForms, Clamp clamp>
HWY_INLINE void sweep(const FusedStep& s) {
  if (!s.blocks) return sweep_all<ManyForms, clamp>(s);
  if (s.rows_always || s.post.active_count > 0)
    sweep_blocks_of<true, ManyForms, clamp>(s);
  else
    sweep_blocks_of<false, ManyForms, clamp>(s);
}

// Everything but the sweep: forms, and effects from sums over time and over columns.
HWY_NOINLINE void prepare_sweep(const FusedStep& s) {
  const auto prepare_side = [](const FusedSide& side, const FusedSide& other) HWY_ATTR {
    with_count(side.cells, [&](auto n) HWY_ATTR {
      combine(side.always, n);
      if (other.active_count > 0) combine(side.if_active, n);
      sum_over_time(side, n);
    });
  };
  prepare_side(s.pre, s.post);
  prepare_side(s.post, s.pre);
  for (const ColumnSum& c : s.column_sums)
    with_count(c.rows, [&](auto rows) HWY_ATTR { add_column_sum(s, c, rows); });
}

HWY_NOINLINE void add_row_sums(const FusedStep& s) {
  const Doubles d;
  with_count(s.post.cells, [&](auto n) HWY_ATTR {
    add_to_total({s.row_sum_total, nullptr, nullptr}, n,
                 [&](std::size_t i) HWY_ATTR { return hn::Load(d, s.row_sums[0] + i); });
    for (const RowSumTerm& t : s.dense_terms) {
      const double* sum = s.row_sums[t.sum];
      add_to_total(t.effect, n, [&](std::size_t i) HWY_ATTR { return hn::Load(d, sum + i); });
    }
  });
  for (const RowSumTerm& t : s.sparse_terms) add_active(t.effect, s.post, s.row_sums[t.sum]);
}

void SweepFused(FusedStep& s) {
  prepare_sweep(s);
  const bool many = s.change || s.row_forms[0].size() > 1 || s.column_forms[0].size() > 1;
  if (s.sign > 0)
    many ? sweep<true, Clamp::positive>(s) : sweep<false, Clamp::positive>(s);
  else
    many ? sweep<true, Clamp::any>(s) : sweep<false, Clamp::any>(s);
  if (s.slope) add_row_sums(s);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(AdvanceCells);
HWY_EXPORT(SweepFused);

void advance_cells(FusedStep& step, const CellRates& pre, const CellRates& post) noexcept {
  HWY_DYNAMIC_DISPATCH(AdvanceCells)(step, pre, post);
}

void sweep_fused(FusedStep& step) noexcept { HWY_DYNAMIC_DISPATCH(SweepFused)(step); }

}  // namespace hebbforge::engine
#endif
