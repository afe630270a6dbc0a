#include "engine/plasticity.hpp"

#include <cmath>
#include <utility>

#include "engine/instruction_set.hpp"

namespace hebbforge::engine {

double most_blocks(double share) noexcept { return has_vectors_of_eight() ? 0.65 * share : share; }

void PathwayState::begin_trial() noexcept {
  in_blocks = false;
  for (Eigen::Index j = 0; j < weights.cols(); ++j) {
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      mask(i, j) = plastic(i, j) != 0 && std::abs(weights(i, j)) > absent_below ? 1 : 0;
    }
  }
}

void PathwayState::begin_fixed_trial() {
  in_blocks = blocks.take(weights, mask, SynapseBlocks::Which::all_entries, most_blocks_fixed);
}

std::unique_ptr<Plasticity> make_plasticity(const RuleBasis& rule, std::span<const double> values, double dt,
                                            PathwayState& state, GlobalSignals global_signals,
                                            KernelChoice choice) {
  const bool fused = choice == KernelChoice::fused && rule.separable();
  return (fused ? make_fused_plasticity : make_reference_plasticity)(rule, values, dt, state,
                                                                     std::move(global_signals));
}

}  // namespace hebbforge::engine
