// How one pathway's weights change within a trial.
#pragma once

#include <Eigen/Core>
#include <hebbforge/export.hpp>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/padded.hpp"
#include "engine/population_kernel.hpp"
#include "engine/synapse_blocks.hpp"

namespace hebbforge::engine {

/// A share of blocks that was measured with vectors of four, for the vectors in use: those of eight make the
/// dense sweep faster, and blocks of four rows not.
HEBBFORGE_API double most_blocks(double share) noexcept;

/// A pathway's weights and what the engine keeps beside them, W(post, pre).
struct HEBBFORGE_API PathwayState {
  PaddedMatrix weights;
  PaddedMatrix plastic;  ///< 1 where the rule may act for the whole life
  PaddedMatrix mask;     ///< plastic and alive: |w| > absent_below at the start of the trial
  /// Within a trial the fused kernel keeps the weights that the mask leaves out here, and 0 in `weights`;
  /// between trials `weights` holds all. Empty where nothing is moved.
  PaddedMatrix frozen;
  bool any_frozen = false;  ///< some entry of `frozen` is not 0
  /// Within a trial the weights of a sparse pathway are here instead, and those that the mask leaves out in
  /// `frozen_blocks`; `weights` holds what they were before the trial.
  SynapseBlocks blocks, frozen_blocks;
  bool in_blocks = false;
  /// Shares of all blocks up to which these are faster than the dense matrix, as measured: with a rule, if
  /// the matrix is small and stays in a cache near the core; if it is larger; if it comes from memory;
  /// without a rule. Either way results are the same to the bit.
  double most_blocks_small = most_blocks(0.4), most_blocks_large = most_blocks(0.65),
         most_blocks_memory = 0.65, most_blocks_fixed = most_blocks(0.2);
  double absent_below = 2e-6, floor = 1e-6, rate_scale = 0.02, trace_scale = 0.01, learning_rate = 0.0005;
  bool dale = true;
  bool non_negative = false;  ///< the rates of both populations are never negative
  std::vector<std::shared_ptr<Constraint>> constraints;

  /// Sets the mask from the present weights.
  void begin_trial() noexcept;
  /// Instead, for a trial in which no weight moves.
  void begin_fixed_trial();
};

/// A signal's samples over the life, for global signals: entry (trial, step).
using GlobalSignals = std::vector<ConstMatrixView>;

/// Applies a rule to one pathway, step by step. Nothing is allocated after construction.
class Plasticity {
 public:
  virtual ~Plasticity() = default;
  /// Call after PathwayState::begin_trial(). \param reset  traces start from 0
  virtual void begin_trial(std::int64_t trial, bool reset) = 0;
  /// One step: traces take in the rates before it, the rule sees those traces and the rates after it.
  /// \param pre_before, post_before  r_i
  /// \param pre, post                r_{i+1}
  virtual void step(std::int64_t step, const double* pre_before, const double* post_before, const double* pre,
                    const double* post) = 0;
  /// The same with what the engine knows of both populations.
  virtual void step(std::int64_t step, const CellRates& pre, const CellRates& post) {
    this->step(step, pre.before, post.before, pre.after, post.after);
  }
  /// Adds the trial's effects, sum of |c_k phi_k| over steps and masked synapses, shape (terms).
  virtual void end_trial(Eigen::VectorXd& effects) = 0;
};

enum class KernelChoice { fused, reference };

/// As make_plasticity(); the fused one only for separable rules.
std::unique_ptr<Plasticity> make_fused_plasticity(const RuleBasis& rule, std::span<const double> values,
                                                  double dt, PathwayState& state,
                                                  GlobalSignals global_signals);
std::unique_ptr<Plasticity> make_reference_plasticity(const RuleBasis& rule, std::span<const double> values,
                                                      double dt, PathwayState& state,
                                                      GlobalSignals global_signals);

/// The fused kernel where the rule allows it and `choice` does not ask for the reference.
/// \param values  as rule.parameters()
HEBBFORGE_API std::unique_ptr<Plasticity> make_plasticity(const RuleBasis& rule,
                                                          std::span<const double> values, double dt,
                                                          PathwayState& state, GlobalSignals global_signals,
                                                          KernelChoice choice);

}  // namespace hebbforge::engine
