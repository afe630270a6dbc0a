// A generation scored with fewer lives.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>

#include "stages/evaluator.hpp"

namespace hebbforge {

/// Scores candidates so that the `parents` best of them are known exactly, and in which order, and leaves
/// lives of the others out (LifeEnd::unfinished). As losses are not negative, a sum over some networks
/// bounds the sum over all from below: a candidate whose bound is above the loss of enough finished ones is
/// no parent. Decided after whole rounds of networks, so nothing depends on threads. For losses that say
/// that they are never negative (Loss::may_be_negative()).
/// \param objective  of a candidate with the lives run so far: equal to its loss when all have been run,
///                   before that not above it
/// \returns false if stopped
/// \throws SimulationError if a loss is negative all the same
bool race(Evaluator& evaluator, const Pipeline& pipeline, const Eigen::MatrixXd& candidates,
          std::int64_t first, std::int64_t networks, std::size_t parents,
          const std::function<double(const Scores&, std::size_t)>& objective, Scores& scores);

}  // namespace hebbforge
