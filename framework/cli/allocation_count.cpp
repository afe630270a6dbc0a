#include "allocation_count.hpp"

#include <cstddef>
#include <hebbforge/register.hpp>

#if defined(__GLIBC__)
#define HEBBFORGE_COUNTS_ALLOCATIONS \
  (!HEBBFORGE_HAS_FEATURE(address_sanitizer) && !HEBBFORGE_HAS_FEATURE(thread_sanitizer))
#else
#define HEBBFORGE_COUNTS_ALLOCATIONS 0
#endif

#if HEBBFORGE_COUNTS_ALLOCATIONS && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
thread_local std::uint64_t count = 0;
}

extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* malloc(std::size_t size) {
  ++count;
  return __libc_malloc(size);
}

namespace hebbforge::cli {
AllocationCount allocation_count() noexcept {
  return []() noexcept { return count; };
}
}  // namespace hebbforge::cli

#else

namespace hebbforge::cli {
AllocationCount allocation_count() noexcept { return nullptr; }
}  // namespace hebbforge::cli

#endif
