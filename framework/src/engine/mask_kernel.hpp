// What surrounds constraints in every step: weights that the mask leaves out, and Dale's law weight by
// weight.
#pragma once

#include <cstddef>

namespace hebbforge::engine {

/// Moves the weights that the mask leaves out to `frozen`, so that the sweep needs no mask for w; 0 takes
/// their place. \param size  entries of all columns with their padding, where everything is 0
/// \returns whether any of these is not 0
bool freeze_weights(double* weights, const double* mask, double* frozen, std::size_t size) noexcept;
/// Puts them back.
void thaw_weights(double* weights, const double* mask, double* frozen, std::size_t size) noexcept;
/// A weight that has left its sign becomes that sign's floor; the same as clamp_signs().
void clamp_to_signs(double* weights, const double* sign, double floor, std::size_t size) noexcept;

}  // namespace hebbforge::engine
