// How a separable rule with given values is grouped into few outer products.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <span>
#include <vector>

namespace hebbforge::engine {

/// One side's part of a term, with the signal it needs.
struct SideFactor {
  Factor factor = Factor::one;
  int signal = -1;
  bool operator==(const SideFactor&) const = default;
};

/// An outer product of one vector per side that stands for several terms. All its terms share the factor
/// on one side (the anchor); the other side's vector is a sum over terms of coefficient times factor.
struct Form {
  struct Part {
    std::size_t term;    ///< index into FusedPlan::terms
    std::size_t factor;  ///< on the other side
  };
  bool pre_anchor = true;
  std::size_t anchor = 0;  ///< index into the anchor side's factors
  std::vector<Part> parts;
};

/// A term with a coefficient that is not 0.
struct PlannedTerm {
  std::size_t index;  ///< into the rule's terms()
  double coefficient;
  std::size_t pre, post;  ///< indices into the sides' factors
  int weight_power;
  int synapse_signal, global_signal;  ///< -1: none

  /// No outer product, also not times w: evaluated synapse by synapse.
  bool by_synapse() const noexcept { return synapse_signal >= 0 || weight_power > 1; }
};

/// Terms grouped by distinct presynaptic or postsynaptic factors, whichever cover them with fewer outer
/// products: the published basis of 20 terms has rank 4 without w and rank 4 with w.
struct HEBBFORGE_API FusedPlan {
  std::vector<SideFactor> pre, post;  ///< distinct factors in use
  std::vector<PlannedTerm> terms;
  std::vector<Form> forms[2];  ///< by weight power; of terms that are not by_synapse()

  /// Terms whose coefficient is 0 are left out.
  static FusedPlan make(const RuleBasis& rule, std::span<const double> values);
};

}  // namespace hebbforge::engine
