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

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most a cache line, to which vectors over cells are padded.
using Doubles = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Doubles>;

// Calls f(i) for every vector of a side's cells: unrolled, since most populations have few.
template <class Function>
HWY_INLINE void for_cells(std::size_t cells, const Function& f) {
  const std::size_t lanes = hn::Lanes(Doubles());
  const std::size_t vectors = (cells + lanes - 1) / lanes;
  std::size_t i = 0;
  for (std::size_t n = vectors / 4; n > 0; --n, i += 4 * lanes) {
    f(i);
    f(i + lanes);
    f(i + 2 * lanes);
    f(i + 3 * lanes);
  }
  if ((vectors & 2) != 0) {
    f(i);
    f(i + lanes);
    i += 2 * lanes;
  }
  if ((vectors & 1) != 0) f(i);
}

// out[i] = finish(i, start(i) + sum_k matrix(i, columns[k]) factor[columns[k]]), four vectors of rows at a
// time; null `columns`: all from 0 on.
template <bool Listed, class Value>
HWY_INLINE void multiply_columns(const double* matrix, std::size_t pitch, std::size_t rows,
                                 const std::int32_t* columns, std::size_t count, const double* factor,
                                 double* out, const Value& value) {
  const Doubles d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t vectors = (rows + lanes - 1) / lanes;
  std::size_t v = 0;
  for (; v + 4 <= vectors; v += 4) {
    const std::size_t i = v * lanes;
    auto a = hn::Load(d, out + i), b = hn::Load(d, out + i + lanes), c = hn::Load(d, out + i + 2 * lanes),
         e = hn::Load(d, out + i + 3 * lanes);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t j = Listed ? static_cast<std::size_t>(columns[k]) : k;
      const double* at = matrix + j * pitch + i;
      const auto x = hn::Set(d, factor[j]);
      a = hn::MulAdd(value(hn::Load(d, at)), x, a);
      b = hn::MulAdd(value(hn::Load(d, at + lanes)), x, b);
      c = hn::MulAdd(value(hn::Load(d, at + 2 * lanes)), x, c);
      e = hn::MulAdd(value(hn::Load(d, at + 3 * lanes)), x, e);
    }
    hn::Store(a, d, out + i);
    hn::Store(b, d, out + i + lanes);
    hn::Store(c, d, out + i + 2 * lanes);
    hn::Store(e, d, out + i + 3 * lanes);
  }
  if ((vectors & 2) != 0) {
    const std::size_t i = v * lanes;
    auto a = hn::Load(d, out + i), b = hn::Load(d, out + i + lanes);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t j = Listed ? static_cast<std::size_t>(columns[k]) : k;
      const double* at = matrix + j * pitch + i;
      const auto x = hn::Set(d, factor[j]);
      a = hn::MulAdd(value(hn::Load(d, at)), x, a);
      b = hn::MulAdd(value(hn::Load(d, at + lanes)), x, b);
    }
    hn::Store(a, d, out + i);
    hn::Store(b, d, out + i + lanes);
    v += 2;
  }
  if ((vectors & 1) != 0) {
    const std::size_t i = v * lanes;
    auto a = hn::Load(d, out + i);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t j = Listed ? static_cast<std::size_t>(columns[k]) : k;
      a = hn::MulAdd(value(hn::Load(d, matrix + j * pitch + i)), hn::Set(d, factor[j]), a);
    }
    hn::Store(a, d, out + i);
  }
}

// Lists the cells whose entry is not 0, ascending. Returns how many. The padding is left out: in a life that
// runs away it may hold anything.
HWY_INLINE std::size_t list_active(const double* x, std::size_t cells, std::int32_t* out) {
  const Doubles d;
  std::int32_t* next = out;
  for_cells(cells, [&](std::size_t i) HWY_ATTR {
    std::uint8_t bytes[8];
    hn::StoreMaskBits(d, hn::Ne(hn::Load(d, x + i), hn::Zero(d)), bytes);
    const std::size_t left = cells - i;
    const unsigned real = left < 8 ? (1u << left) - 1 : 0xffu;
    for (unsigned bits = bytes[0] & real; bits != 0; bits &= bits - 1)
      *next++ = static_cast<std::int32_t>(i) + __builtin_ctz(bits);
  });
  return static_cast<std::size_t>(next - out);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
