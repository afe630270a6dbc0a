// One population's step: its input, the default neuron, and which cells are active.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hebbforge/export.hpp>
#include <vector>

#include "engine/blocks.hpp"

namespace hebbforge::engine {

/// Rates of a population around a step. Vectors are padded like PaddedMatrix columns and 0 in the padding.
struct CellRates {
  double *before = nullptr, *after = nullptr;
  std::int32_t *active_before = nullptr, *active = nullptr;  ///< cells with a rate other than 0, ascending
  std::size_t active_count_before = 0, active_count = 0;
};

/// A pathway as its target population sees it.
struct Incoming {
  const CellRates* from = nullptr;
  const double* weights = nullptr;
  const double* frozen = nullptr;  ///< see PathwayState::frozen; as `weights`
  std::size_t pitch = 0;
  const bool* any_frozen = nullptr;
  /// In blocks if that is true: the same weights in the same order of sums.
  const bool* in_blocks = nullptr;
  const Blocks *blocks = nullptr, *frozen_blocks = nullptr;
};

struct PopulationStep {
  CellRates* rates = nullptr;
  std::size_t cells = 0;
  std::vector<Incoming> incoming;
  double* input = nullptr;  ///< out: drive + W r
  double* state = nullptr;  ///< used if threshold_linear
  bool threshold_linear = false;
  double part = 0, threshold = 0, gain = 0;  ///< part: dt / tau
};

/// input = drive + sum of the pathways' W r, from the rates before the step. Pathways in order, active
/// columns ascending. If threshold_linear then r = gain [s - threshold]^+, s <- s + (input - s) part, and the
/// list of active cells; else the caller goes on with the input. \param drive  padded and aligned as the rest
HEBBFORGE_API void step_population(const PopulationStep& population, const double* drive) noexcept;

/// Lists the active cells after a step or a reset; what the padding holds does not count.
HEBBFORGE_API void list_active_cells(CellRates& rates, std::size_t cells) noexcept;

}  // namespace hebbforge::engine
