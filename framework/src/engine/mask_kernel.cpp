// Compiled once per instruction set by Google Highway, like fused_kernel.cpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/mask_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include "engine/cells-inl.hpp"
#include "engine/mask_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {

bool FreezeWeights(double* weights, const double* mask, double* frozen, std::size_t size) {
  const Doubles d;
  auto any = hn::Zero(d);
  for (std::size_t k = 0; k < size; k += hn::MaxLanes(d)) {
    const auto w = hn::Load(d, weights + k);
    const auto left_out = hn::Eq(hn::Load(d, mask + k), hn::Zero(d));
    const auto moved = hn::IfThenElseZero(left_out, w);
    any = hn::Or(any, moved);
    hn::Store(moved, d, frozen + k);
    hn::Store(hn::IfThenZeroElse(left_out, w), d, weights + k);
  }
  // Whatever bits came together: -0 alone is 0, and is nothing to move.
  return !hn::AllTrue(d, hn::Eq(any, hn::Zero(d)));
}

void ThawWeights(double* weights, const double* mask, double* frozen, std::size_t size) {
  const Doubles d;
  for (std::size_t k = 0; k < size; k += hn::MaxLanes(d)) {
    const auto left_out = hn::Eq(hn::Load(d, mask + k), hn::Zero(d));
    hn::Store(hn::IfThenElse(left_out, hn::Load(d, frozen + k), hn::Load(d, weights + k)), d, weights + k);
    hn::Store(hn::Zero(d), d, frozen + k);
  }
}

void ClampToSigns(double* weights, const double* sign, double floor, std::size_t size) {
  const Doubles d;
  const auto least = hn::Set(d, floor);
  for (std::size_t k = 0; k < size; k += hn::MaxLanes(d)) {
    const auto w = hn::Load(d, weights + k), s = hn::Load(d, sign + k);
    hn::Store(hn::IfThenElse(hn::Lt(hn::Mul(s, w), hn::Zero(d)), hn::Mul(s, least), w), d, weights + k);
  }
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(FreezeWeights);
HWY_EXPORT(ThawWeights);
HWY_EXPORT(ClampToSigns);

bool freeze_weights(double* weights, const double* mask, double* frozen, std::size_t size) noexcept {
  return HWY_DYNAMIC_DISPATCH(FreezeWeights)(weights, mask, frozen, size);
}
void thaw_weights(double* weights, const double* mask, double* frozen, std::size_t size) noexcept {
  HWY_DYNAMIC_DISPATCH(ThawWeights)(weights, mask, frozen, size);
}
void clamp_to_signs(double* weights, const double* sign, double floor, std::size_t size) noexcept {
  HWY_DYNAMIC_DISPATCH(ClampToSigns)(weights, sign, floor, size);
}

}  // namespace hebbforge::engine
#endif
