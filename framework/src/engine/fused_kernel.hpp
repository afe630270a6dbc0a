// The whole step of a fused rule, compiled for every instruction set and chosen when the program runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/population_kernel.hpp"

namespace hebbforge::engine {

// Plain data throughout. Vectors over cells are padded like PaddedMatrix columns, 64-byte aligned, and 0 in
// the padding. "Sparse" means exactly 0 wherever the side's activity is 0, as it is for most threshold-linear
// cells at most times.

/// z <- keep z + take source, the source being the rate (or its square) before or after the step.
struct TraceUpdate {
  double* z;
  double keep, take;
  bool squared, filtered;
};

/// out = a b
struct ProductUpdate {
  double* out;
  const double *a, *b;
};

/// out = |in|
struct MagnitudeUpdate {
  double* out;
  const double* in;
};

/// out = sum of coefficient * factor over the parts
struct Combination {
  struct Part {
    const double* factor;
    double coefficient;
  };
  double* out;
  std::vector<Part> parts;
};

/// total[i] += scale * factor[i] * sum[i]; null: factor or scale is 1
struct EffectTerm {
  double* total;
  const double* factor;
  const double* scale;
};

/// One side of a pathway in a step.
struct FusedSide {
  std::size_t cells = 0;
  double per_rate = 0;         ///< 1 / rate_scale
  double* activity = nullptr;  ///< after * per_rate
  double* rate_sum = nullptr;  ///< sum of `before` over the trial's steps; null: not wanted
  std::vector<TraceUpdate> traces;
  std::vector<ProductUpdate> products;
  std::vector<MagnitudeUpdate> magnitudes;
  std::vector<Combination> always;       ///< built in every step
  std::vector<Combination> if_active;    ///< built only if the other side has an active cell
  std::vector<EffectTerm> every_cell;    ///< totals over time of dense factors
  std::vector<EffectTerm> active_cells;  ///< the same of sparse factors
  const std::int32_t* active = nullptr;  ///< cells with activity, ascending
  std::size_t active_count = 0;
};

/// u_ij += post[i] pre[j]
struct OuterForm {
  const double *post, *pre;
};

/// sum[i] = sum_j |matrix(i, j)| factor[j] over the active columns or all, and what it is for.
struct ColumnSum {
  const double* matrix;
  const Blocks* blocks;  ///< the same where the step goes by blocks
  bool of_mask;          ///< 1 for every entry
  std::size_t pitch;
  std::size_t rows;
  bool columns_are_post;  ///< the matrix is transposed
  bool active_only;
  const double* factor;
  double* sums;
  std::vector<EffectTerm> terms;
};

/// An effect of the sweep's row sum number `sum`; 0 is sum_j |W_ij|.
struct RowSumTerm {
  EffectTerm effect;
  std::size_t sum;
};

/// A pathway's step. The update is
///   u_ij  = row0[i] + column0[j] + column forms (where x_j is active) + row forms (where y_i is active)
///           + change_ij
///   u'_ij = the same with the forms of power 1
///   W_ij <- clamp(W_ij + m_ij u_ij + W_ij u'_ij)
/// with the learning rate in the forms' coefficients. W is 0 where the mask is 0 (see
/// PathwayState::frozen), so that only u needs the mask. Each element and each sum is computed in one fixed
/// order whatever the vector width. A weight that is NaN may be clamped: then row_sum_total is not finite.
struct FusedStep {
  static constexpr std::size_t most_sums = 2;

  double* weights = nullptr;
  const double* mask = nullptr;
  const Blocks* blocks = nullptr;  ///< not null: instead of `weights` and `mask`, without `change`
  std::size_t pitch = 0;
  FusedSide pre, post;
  const double* row[2] = {};  ///< by power of w
  const double* column[2] = {};
  std::vector<OuterForm> column_forms[2];  ///< pre is sparse; as many of each power, at least one
  std::vector<OuterForm> row_forms[2];     ///< post is sparse, or not: then rows_always; the same
  bool rows_always = false;
  const double* change = nullptr;  ///< u_ij of step_synapses(); null: none
  bool slope = false;              ///< there are terms with w
  double sign = 0;                 ///< +1 or -1: weights that would cross 0 become sign * floor; 0: no clamp
  double floor = 0;
  /// Row sums sum_j |W_ij| sum_pre[q][j] before the update, q from 1, and sum_j |W_ij|. Rows that are silent
  /// get the first `dense_sums` only.
  const double* sum_pre[1 + most_sums] = {};
  double* row_sums[1 + most_sums] = {};
  std::size_t dense_sums = 0, all_sums = 0;
  /// For the blocks, the vectors over rows strip by strip: `vectors_over_rows` of Blocks::rows numbers each.
  static constexpr std::size_t vectors_over_rows = 9;
  double* rows_together = nullptr;
  double* row_sum_total = nullptr;       ///< sum_j |W_ij| over the trial's steps
  std::vector<RowSumTerm> dense_terms;   ///< gathered for all rows
  std::vector<RowSumTerm> sparse_terms;  ///< gathered for active rows
  std::vector<ColumnSum> column_sums;
};

/// Activities, traces, factors. \param step  changed in what its pointers refer to, and the active cells
void advance_cells(FusedStep& step, const CellRates& pre, const CellRates& post) noexcept;
/// Forms, effects, weights; after advance_cells().
void sweep_fused(FusedStep& step) noexcept;

}  // namespace hebbforge::engine
