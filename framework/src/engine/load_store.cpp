// Compiled once per instruction set by Google Highway, like fused_kernel.cpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/load_store.cpp"
#include <hwy/foreach_target.h>
// Highway asks for this order.
#include <hwy/highway.h>

#include "engine/load_store.hpp"

HWY_BEFORE_NAMESPACE();
namespace hebbforge::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void Touch(double* data, std::size_t n, double change) {
  const hn::ScalableTag<double> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d))
    hn::Store(hn::Add(hn::Load(d, data + i), hn::Set(d, change)), d, data + i);
}

}  // namespace hebbforge::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hebbforge::engine {
HWY_EXPORT(Touch);

void touch(double* data, std::size_t n, double change) noexcept {
  HWY_DYNAMIC_DISPATCH(Touch)(data, n, change);
}

}  // namespace hebbforge::engine
#endif
