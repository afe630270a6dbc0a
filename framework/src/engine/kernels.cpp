// Compiled once per instruction set by Google Highway; nothing but these loops leaves the baseline.
// ISA-specific code must not share inline functions with other files, so no project header but the
// plain-data one is included.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include "engine/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::ScalableTag<double>;
using Vector = hn::Vec<Doubles>;

// Rank0, Rank1, Sums are upper bounds known to the compiler, so that factors and sums stay in registers.
template <std::size_t Rank0, std::size_t Rank1, std::size_t Sums>
void sweep_of_rank(const WeightSweep& s) {
  const Doubles d;
  const auto rate = hn::Set(d, s.rate);
  const auto sign = hn::Set(d, s.sign);
  const auto floor = hn::Set(d, s.sign * s.floor);
  const auto zero = hn::Zero(d);
  for (std::size_t i = 0; i < s.pitch; i += hn::Lanes(d)) {
    Vector post0[Rank0 + 1], post1[Rank1 + 1], sums[Sums + 1];
    for (std::size_t r = 0; r < Rank0; ++r) post0[r] = r < s.rank0 ? hn::Load(d, s.post0[r] + i) : zero;
    for (std::size_t r = 0; r < Rank1; ++r) post1[r] = r < s.rank1 ? hn::Load(d, s.post1[r] + i) : zero;
    for (std::size_t q = 0; q < Sums; ++q) sums[q] = zero;
    const double *pre0[Rank0 + 1], *pre1[Rank1 + 1], *sum_pre[Sums + 1];
    for (std::size_t r = 0; r < Rank0; ++r) pre0[r] = s.pre0[r < s.rank0 ? r : 0];
    for (std::size_t r = 0; r < Rank1; ++r) pre1[r] = s.pre1[r < s.rank1 ? r : 0];
    for (std::size_t q = 0; q < Sums; ++q) sum_pre[q] = s.sum_pre[q < s.sums ? q : 0];
    double* w_at = s.weights + i;
    const double* m_at = s.mask + i;
    for (std::size_t j = 0; j < s.cols; ++j, w_at += s.pitch, m_at += s.pitch) {
      const auto w = hn::Load(d, w_at);
      const auto m = hn::Load(d, m_at);
      auto change = zero;
      for (std::size_t r = 0; r < Rank0; ++r) change = hn::MulAdd(post0[r], hn::Set(d, pre0[r][j]), change);
      if constexpr (Rank1 > 0) {
        auto slope = zero;
        for (std::size_t r = 0; r < Rank1; ++r) slope = hn::MulAdd(post1[r], hn::Set(d, pre1[r][j]), slope);
        change = hn::MulAdd(w, slope, change);
      }
      if constexpr (Sums > 0) {
        const auto magnitude = hn::Mul(m, hn::Abs(w));
        for (std::size_t q = 0; q < Sums; ++q)
          sums[q] = hn::MulAdd(magnitude, hn::Set(d, sum_pre[q][j]), sums[q]);
      }
      const auto moved = hn::MulAdd(hn::Mul(m, rate), change, w);
      hn::Store(hn::IfThenElse(hn::Lt(hn::Mul(sign, moved), zero), floor, moved), d, w_at);
    }
    for (std::size_t q = 0; q < Sums; ++q) {
      if (q < s.sums) hn::Store(sums[q], d, s.sum_out[q] + i);
    }
  }
}

// Any rank: factors come from memory.
void sweep_of_any_rank(const WeightSweep& s) {
  const Doubles d;
  const auto rate = hn::Set(d, s.rate);
  const auto sign = hn::Set(d, s.sign);
  const auto floor = hn::Set(d, s.sign * s.floor);
  const auto zero = hn::Zero(d);
  for (std::size_t i = 0; i < s.pitch; i += hn::Lanes(d)) {
    for (std::size_t q = 0; q < s.sums; ++q) hn::Store(zero, d, s.sum_out[q] + i);
    for (std::size_t j = 0; j < s.cols; ++j) {
      double* w_at = s.weights + j * s.pitch + i;
      const auto w = hn::Load(d, w_at);
      const auto m = hn::Load(d, s.mask + j * s.pitch + i);
      auto change = zero, slope = zero;
      for (std::size_t r = 0; r < s.rank0; ++r) {
        change = hn::MulAdd(hn::Load(d, s.post0[r] + i), hn::Set(d, s.pre0[r][j]), change);
      }
      for (std::size_t r = 0; r < s.rank1; ++r) {
        slope = hn::MulAdd(hn::Load(d, s.post1[r] + i), hn::Set(d, s.pre1[r][j]), slope);
      }
      change = hn::MulAdd(w, slope, change);
      const auto magnitude = hn::Mul(m, hn::Abs(w));
      for (std::size_t q = 0; q < s.sums; ++q) {
        double* at = s.sum_out[q] + i;
        hn::Store(hn::MulAdd(magnitude, hn::Set(d, s.sum_pre[q][j]), hn::Load(d, at)), d, at);
      }
      const auto moved = hn::MulAdd(hn::Mul(m, rate), change, w);
      hn::Store(hn::IfThenElse(hn::Lt(hn::Mul(sign, moved), zero), floor, moved), d, w_at);
    }
  }
}

template <std::size_t Rank0, std::size_t Rank1>
void sweep_of_ranks(const WeightSweep& s) {
  if (s.sums == 0) return sweep_of_rank<Rank0, Rank1, 0>(s);
  if (s.sums <= 2) return sweep_of_rank<Rank0, Rank1, 2>(s);
  if (s.sums <= 5) return sweep_of_rank<Rank0, Rank1, 5>(s);
  return sweep_of_any_rank(s);
}

template <std::size_t Rank0>
void sweep_of_first_rank(const WeightSweep& s) {
  if (s.rank1 == 0) return sweep_of_ranks<Rank0, 0>(s);
  if (s.rank1 == 1) return sweep_of_ranks<Rank0, 1>(s);
  if (s.rank1 <= 4) return sweep_of_ranks<Rank0, 4>(s);
  return sweep_of_any_rank(s);
}

void Sweep(const WeightSweep& s) {
  if (s.rank0 == 0) return sweep_of_first_rank<0>(s);
  if (s.rank0 <= 2) return sweep_of_first_rank<2>(s);
  if (s.rank0 <= 4) return sweep_of_first_rank<4>(s);
  return sweep_of_any_rank(s);
}

void AddColumns(const double* matrix, std::size_t pitch, const std::int32_t* columns, std::size_t count,
                const double* factor, double* out) {
  const Doubles d;
  for (std::size_t i = 0; i < pitch; i += hn::Lanes(d)) {
    auto sum = hn::Load(d, out + i);
    for (std::size_t k = 0; k < count; ++k) {
      const auto j = static_cast<std::size_t>(columns[k]);
      sum = hn::MulAdd(hn::Load(d, matrix + j * pitch + i), hn::Set(d, factor[j]), sum);
    }
    hn::Store(sum, d, out + i);
  }
}

void Touch(double* data, std::size_t n, double change) {
  const Doubles d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d))
    hn::Store(hn::Add(hn::Load(d, data + i), hn::Set(d, change)), d, data + i);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(Sweep);
HWY_EXPORT(AddColumns);
HWY_EXPORT(Touch);

void sweep_weights(const WeightSweep& sweep) noexcept { HWY_DYNAMIC_DISPATCH(Sweep)(sweep); }

void add_columns(const double* matrix, std::size_t pitch, const std::int32_t* columns, std::size_t count,
                 const double* factor, double* out) noexcept {
  HWY_DYNAMIC_DISPATCH(AddColumns)(matrix, pitch, columns, count, factor, out);
}

void touch(double* data, std::size_t n, double change) noexcept {
  HWY_DYNAMIC_DISPATCH(Touch)(data, n, change);
}

}  // namespace hebbforge::engine
#endif
