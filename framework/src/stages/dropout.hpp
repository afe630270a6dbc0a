// Which terms a rule cannot do without.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stages/variants.hpp"

namespace hebbforge {

/// A coefficient of a rule, and the time constants of the terms that it belongs to.
struct Coefficient {
  std::string path;                           ///< "EE.c.x~*y"
  std::size_t pathway = 0, index = 0;         ///< of the rule's parameters()
  std::vector<std::size_t> time_constants{};  ///< the same
};
std::vector<Coefficient> coefficients_of(const Pipeline& pipeline);

/// What the condition of a variant ends with, after its coefficient's path: "EE.c.x~*y = 0".
inline constexpr std::string_view dropped = " = 0";

/// The coefficient that a variant of this condition does without; "" of another condition.
std::string dropped_path(const std::string& condition);

/// The stage: every rule as it is, then with each of its coefficients that are not 0 set to 0, its time
/// constants untouched; all on the same networks (Bell et al. 2024, Fig. 3 b).
std::vector<Variant> dropout_variants(const StageContext& context);

/// A coefficient's rank.
struct RankedCoefficient {
  std::string path;
  double shift =
      0;  ///< median over instances of max(0, median loss without it - median loss of the full rule)
  double failed_share = 0;  ///< of the lives without it, mean over instances
  std::size_t instances = 0;
};
/// The ranking of Bell et al. (2024), Fig. 3 c: greatest shift first; of equal ones, as those without which
/// most lives fail, that with the greater share of failed lives, then in the order of the rule.
/// \param variants    of one or several stages of this kind
/// \param keep_below  instances whose full rule has a greater median loss do not count
HEBBFORGE_API std::vector<RankedCoefficient> ranking_of(const std::vector<Variant>& variants,
                                                        double keep_below);

/// ranking.csv, and the same to be read.
std::string write_ranking(const StageContext& context, const std::vector<RankedCoefficient>& ranking);

}  // namespace hebbforge
