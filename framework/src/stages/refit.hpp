// Few terms instead of many: searches within a stage.
#pragma once

#include <hebbforge/host/run.hpp>

#include "stages/variants.hpp"

namespace hebbforge {

/// The stage `rank_and_refit`: for each number k, a search over the k coefficients that the dropout ranks
/// highest and the time constants of their terms, from the full rule's values; the others are 0 (Bell et
/// al. 2024, Fig. 3 d). Each search is a run directory of its own, `terms_k`.
StageSummary rank_and_refit(const StageContext& context);

/// The stage `forward_selection`: starts without terms; in every step one search for each coefficient that
/// is not chosen yet, together with the chosen ones; the one whose picked rule is best on the select
/// networks is chosen.
StageSummary forward_selection(const StageContext& context);

}  // namespace hebbforge
