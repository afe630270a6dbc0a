// One summand of the objective.
#pragma once

#include <hebbforge/interfaces/life.hpp>
#include <hebbforge/plugin_abi.hpp>

namespace hebbforge {

/// Takes the by-products of a loss.
class HEBBFORGE_API Measures {
 public:
  virtual ~Measures();
  virtual void add(std::string_view name, double value) = 0;
};

/// Scores a finished life; smaller is better.
class HEBBFORGE_API Loss : public LifePart {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::loss;
  ~Loss() override;
  virtual bool may_be_negative() const noexcept { return false; }
  /// Name of the weighted value in result files: "decoder_loss"; "": the table's name.
  virtual std::string_view result_name() const noexcept { return {}; }
  /// Names of what evaluate() adds to its measures, for result files: "r2".
  virtual std::span<const std::string_view> measures() const noexcept { return {}; }
  /// Unweighted. Not finite: the life counts as failed.
  virtual double evaluate(const LifeView& life, Random& random, Measures& measures) const = 0;
};

}  // namespace hebbforge
