// The least that a sweep over weights can cost.
#pragma once

#include <cstddef>
#include <hebbforge/export.hpp>

namespace hebbforge::engine {

/// Adds `change` to n doubles, 64-byte aligned, n a multiple of 8: nothing but loads and stores, the bound
/// that benchmarks compare a sweep with.
HEBBFORGE_API void touch(double* data, std::size_t n, double change) noexcept;

}  // namespace hebbforge::engine
