// The loops over synapses, compiled for every instruction set and chosen when the program runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hebbforge/export.hpp>

#include "engine/instruction_set.hpp"

namespace hebbforge::engine {

/// One sweep over a pathway's weights, shape (pitch, cols), pitch a multiple of 8 and 64-byte aligned:
///   u_ij  = sum_r post0[r][i] pre0[r][j]          terms without w
///   u'_ij = sum_r post1[r][i] pre1[r][j]          terms with w
///   sums_q[i] = sum_j m_ij |W_ij| sum_pre[q][j]   before the update
///   W_ij <- clamp(W_ij + rate m_ij (u_ij + W_ij u'_ij))
/// Each element and each row sum is computed in one fixed order, so the result does not depend on the
/// vector width: equal bits on all instruction sets that have fused multiply-add.
struct WeightSweep {
  double* weights = nullptr;
  const double* mask = nullptr;
  std::size_t pitch = 0, cols = 0;
  const double* const* post0 = nullptr;  ///< rank0 pointers to pitch doubles
  const double* const* pre0 = nullptr;   ///< rank0 pointers to cols doubles
  std::size_t rank0 = 0;
  const double* const* post1 = nullptr;
  const double* const* pre1 = nullptr;
  std::size_t rank1 = 0;
  const double* const* sum_pre = nullptr;  ///< sums pointers to cols doubles
  double* const* sum_out = nullptr;        ///< sums pointers to pitch doubles, overwritten
  std::size_t sums = 0;
  double rate = 0;
  double sign = 0;  ///< +1 or -1: weights that would cross 0 become sign * floor; 0: no clamp
  double floor = 0;
};
HEBBFORGE_API void sweep_weights(const WeightSweep& sweep) noexcept;

/// out[i] += sum over the listed columns j, in order, of matrix(i, j) factor[j].
/// \param out  pitch doubles, 64-byte aligned like the columns of `matrix`
HEBBFORGE_API void add_columns(const double* matrix, std::size_t pitch, const std::int32_t* columns,
                               std::size_t count, const double* factor, double* out) noexcept;

/// Adds `change` to n doubles, 64-byte aligned, n a multiple of 8: nothing but loads and stores, the bound
/// that benchmarks compare a sweep with.
HEBBFORGE_API void touch(double* data, std::size_t n, double change) noexcept;

}  // namespace hebbforge::engine
