// Disturbs a network between trials.
#pragma once

#include <hebbforge/interfaces/life.hpp>
#include <hebbforge/plugin_abi.hpp>

namespace hebbforge {

/// Acts before a trial is simulated: synaptic turnover, ablation, noise. The host calls it only in the
/// networks and trials that the pipeline names.
class HEBBFORGE_API Perturbation : public LifePart {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::perturbation;
  ~Perturbation() override;
  /// \param random  a stream of this network, perturbation and trial
  virtual void before_trial(std::int64_t trial, LifeView& life, Random& random) = 0;
};

}  // namespace hebbforge
