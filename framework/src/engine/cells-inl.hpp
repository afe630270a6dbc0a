// Loops over a population's cells, for the files that Highway compiles once per instruction set.
// Highway's idiom: included anew for each, hence no #pragma once.
#if defined(HEBBFORGE_ENGINE_CELLS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef HEBBFORGE_ENGINE_CELLS_INL
#undef HEBBFORGE_ENGINE_CELLS_INL
#else
#define HEBBFORGE_ENGINE_CELLS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "engine/blocks.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most a cache line, to which vectors over cells are padded.
using Doubles = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Doubles>;

// Calls f(cells), or f(a constant of as many vectors) for the published circuit's 25 cells: their loops are
// unrolled without asking how many vectors there are.
template <class Function>
HWY_INLINE void with_count(std::size_t cells, const Function& f) {
  constexpr std::size_t lanes = hn::MaxLanes(Doubles()), published = (25 + lanes - 1) / lanes;
  if ((cells + lanes - 1) / lanes == published)
    f(std::integral_constant<std::size_t, published * lanes>{});
  else
    f(cells);
}

template <class Function, std::size_t... I>
HWY_INLINE void for_vectors(const Function& f, std::index_sequence<I...>) {
  (f(I * hn::MaxLanes(Doubles())), ...);
}

// Calls f(i) for every vector of a side's cells, with constant offsets.
template <std::size_t Cells, class Function>
HWY_INLINE void for_cells(std::integral_constant<std::size_t, Cells>, const Function& f) {
  for_vectors(f, std::make_index_sequence<Cells / hn::MaxLanes(Doubles())>{});
}

// The same where only the run tells how many. Most populations have few: those are unrolled too.
template <class Function>
HWY_INLINE void for_cells(std::size_t cells, const Function& f) {
  constexpr std::size_t lanes = hn::MaxLanes(Doubles());
  const std::size_t vectors = (cells + lanes - 1) / lanes;
  if (vectors > 8) {
    std::size_t i = 0;
    for (std::size_t n = vectors / 2; n > 0; --n, i += 2 * lanes) {
      f(i);
      f(i + lanes);
    }
    if (vectors % 2 != 0) f(i);
    return;
  }
  switch (vectors) {
    case 8:
      f(7 * lanes);
      [[fallthrough]];
    case 7:
      f(6 * lanes);
      [[fallthrough]];
    case 6:
      f(5 * lanes);
      [[fallthrough]];
    case 5:
      f(4 * lanes);
      [[fallthrough]];
    case 4:
      f(3 * lanes);
      [[fallthrough]];
    case 3:
      f(2 * lanes);
      [[fallthrough]];
    case 2:
      f(lanes);
      [[fallthrough]];
    case 1:
      f(0);
      [[fallthrough]];
    default:
      break;
  }
}

// out[i] += sum_k value(matrix(i, columns[k])) factor[columns[k]] for N vectors of rows. Fresh: = the sum.
template <std::size_t N, bool Listed, bool Fresh, class Value>
HWY_INLINE void multiply_block(const double* matrix, std::size_t pitch, const std::int32_t* columns,
                               std::size_t count, const double* factor, double* out, const Value& value) {
  const Doubles d;
  constexpr std::size_t lanes = hn::MaxLanes(Doubles());
  const auto start = [=](std::size_t v)
                         HWY_ATTR { return v < N && !Fresh ? hn::Load(d, out + v * lanes) : hn::Zero(d); };
  auto s0 = start(0), s1 = start(1), s2 = start(2), s3 = start(3), s4 = start(4), s5 = start(5),
       s6 = start(6), s7 = start(7);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t j = Listed ? static_cast<std::size_t>(columns[k]) : k;
    const double* at = matrix + j * pitch;
    const auto x = hn::Set(d, factor[j]);
    const auto add = [=](std::size_t v, Vector sum)
                         HWY_ATTR { return hn::MulAdd(value(hn::Load(d, at + v * lanes)), x, sum); };
    s0 = add(0, s0);
    if constexpr (N > 1) s1 = add(1, s1);
    if constexpr (N > 2) s2 = add(2, s2);
    if constexpr (N > 3) s3 = add(3, s3);
    if constexpr (N > 4) s4 = add(4, s4);
    if constexpr (N > 5) s5 = add(5, s5);
    if constexpr (N > 6) s6 = add(6, s6);
    if constexpr (N > 7) s7 = add(7, s7);
  }
  hn::Store(s0, d, out);
  if constexpr (N > 1) hn::Store(s1, d, out + lanes);
  if constexpr (N > 2) hn::Store(s2, d, out + 2 * lanes);
  if constexpr (N > 3) hn::Store(s3, d, out + 3 * lanes);
  if constexpr (N > 4) hn::Store(s4, d, out + 4 * lanes);
  if constexpr (N > 5) hn::Store(s5, d, out + 5 * lanes);
  if constexpr (N > 6) hn::Store(s6, d, out + 6 * lanes);
  if constexpr (N > 7) hn::Store(s7, d, out + 7 * lanes);
}

// The same for all rows, eight vectors at a time; without a list: all columns from 0 on.
template <bool Listed, bool Fresh, class Count, class Value>
HWY_INLINE void multiply_columns(const double* matrix, std::size_t pitch, Count rows,
                                 const std::int32_t* columns, std::size_t count, const double* factor,
                                 double* out, const Value& value) {
  constexpr std::size_t lanes = hn::MaxLanes(Doubles());
  std::size_t vectors = (rows + lanes - 1) / lanes;
  for (; vectors > 8; vectors -= 8, matrix += 8 * lanes, out += 8 * lanes)
    multiply_block<8, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
  switch (vectors) {
    case 1:
      return multiply_block<1, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 2:
      return multiply_block<2, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 3:
      return multiply_block<3, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 4:
      return multiply_block<4, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 5:
      return multiply_block<5, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 6:
      return multiply_block<6, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 7:
      return multiply_block<7, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    case 8:
      return multiply_block<8, Listed, Fresh>(matrix, pitch, columns, count, factor, out, value);
    default:
      return;
  }
}

// A block's rows: one vector, or two.
using Quad = hn::CappedTag<double, Blocks::rows>;

// 1 where a block has an entry, by the low bits of its place.
struct alignas(64) EntryTable {
  double rows[16][Blocks::rows];
};
inline constexpr EntryTable entries_of = [] {
  EntryTable table{};
  for (unsigned bits = 0; bits < 16; ++bits) {
    for (unsigned r = 0; r < Blocks::rows; ++r) table.rows[bits][r] = bits >> r & 1;
  }
  return table;
}();

// out[i] += sum_k value(block, i) factor[columns[k]] over the blocks' rows i; without a list: all columns
// from 0 on. The same sums as those of multiply_columns(), which adds 0 where there is no entry.
template <bool Listed, class Value>
HWY_INLINE void multiply_blocks(const Blocks& blocks, const std::int32_t* columns, std::size_t count,
                                const double* factor, double* out, const Value& value) {
  const Quad d;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t j = Listed ? static_cast<std::size_t>(columns[k]) : k;
    const auto x = hn::Set(d, factor[j]);
    for (std::size_t b = blocks.first[j]; b < blocks.first[j + 1]; ++b) {
      double* at = out + blocks.place[b] / 16 * Blocks::rows;
      for (std::size_t v = 0; v < Blocks::rows; v += hn::MaxLanes(d))
        hn::Store(hn::MulAdd(value(b, v), x, hn::Load(d, at + v)), d, at + v);
    }
  }
}

// Lists the cells whose entry is not 0, ascending. Returns how many. The padding is left out: in a life that
// runs away it may hold anything.
HWY_INLINE std::size_t list_active(const double* x, std::size_t cells, std::int32_t* out) {
  const Doubles d;
  std::int32_t* next = out;
  for (std::size_t i = 0; i < cells; i += hn::MaxLanes(d)) {
    std::uint8_t bytes[8];
    hn::StoreMaskBits(d, hn::Ne(hn::Load(d, x + i), hn::Zero(d)), bytes);
    const std::size_t left = cells - i;
    const unsigned real = left < 8 ? (1u << left) - 1 : 0xffu;
    for (unsigned bits = bytes[0] & real; bits != 0; bits &= bits - 1)
      *next++ = static_cast<std::int32_t>(i) + __builtin_ctz(bits);
  }
  return static_cast<std::size_t>(next - out);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
