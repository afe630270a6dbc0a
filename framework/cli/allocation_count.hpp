// Counts what this program allocates, for the contract checks.
#pragma once

#include <cstdint>

namespace hebbforge::cli {

/// How often the calling thread has allocated, counted in malloc, which operator new and Eigen call. Null
/// where malloc belongs to somebody else: a sanitizer, or another C library than glibc.
using AllocationCount = std::uint64_t (*)() noexcept;
AllocationCount allocation_count() noexcept;

}  // namespace hebbforge::cli
