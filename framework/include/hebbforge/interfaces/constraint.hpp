// Bounds the weights of one pathway.
#pragma once

#include <hebbforge/interfaces/life.hpp>
#include <hebbforge/plugin_abi.hpp>

namespace hebbforge {

/// Applied after the rule and before the sign clamp, in every step. May be non-local: summed weight,
/// synaptic scaling.
class HEBBFORGE_API Constraint : public LifePart {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::constraint;
  ~Constraint() override;
  /// For one that follows rates: its recordings hold those of the trial before. Called whether or not the
  /// trial's phase is plastic.
  /// \param pathway  whose weights apply() gets
  virtual void before_trial(std::int64_t trial, std::string_view pathway, const LifeView& life);
  /// \param[in,out] weights  shape (n_post, n_pre)
  /// \param mask  1 where plastic and alive, else 0
  virtual void apply(MatrixView weights, ConstMatrixView mask) = 0;
};

}  // namespace hebbforge
