// What a rule asks of each synapse for itself: signals of a synapse, and terms that are no outer product.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/population_kernel.hpp"

namespace hebbforge::engine {

/// z_ij <- keep z_ij + take y_i x_j. All matrices here are laid out as the weights.
struct SynapseTrace {
  double* z;
  double keep, take;
  bool filtered;  ///< the rates before the step, else after
};

/// change_ij += coefficient post_i pre_j z_ij w_ij^weight_power
struct SynapseTerm {
  const double *post, *pre;
  const double* z;  ///< null: 1
  int weight_power;
  double coefficient;
  double* total;        ///< += scale * sum over j of the masked magnitude, without the coefficient; (rows)
  const double* scale;  ///< null: 1
};

/// The part of a pathway's step that comes before the sweep.
struct SynapseStep {
  const double *weights = nullptr, *mask = nullptr;
  std::size_t pitch = 0, rows = 0, columns = 0;
  std::vector<SynapseTrace> traces;
  std::vector<SynapseTerm> terms;
  double* change = nullptr;
};

/// Traces, then the terms' change from them and from the weights before the step.
void step_synapses(const SynapseStep& step, const CellRates& pre, const CellRates& post) noexcept;

}  // namespace hebbforge::engine
