// How the engine will run a rule, for people to read.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <string>

namespace hebbforge::engine {

/// The terms of a pathway's rule with their coefficients, whether they run fused and with how many outer
/// products, or which term forbids it, and what each signal costs per step. \param pathway  has a rule
HEBBFORGE_API std::string rule_outline(const Pipeline& pipeline, const PathwaySpec& pathway);

}  // namespace hebbforge::engine
