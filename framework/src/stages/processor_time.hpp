// Time that a thread has spent computing.
#pragma once

#include <ctime>

namespace hebbforge {

/// Processor time of the calling thread in s: other programs on a shared machine disturb it least.
inline double processor_seconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace hebbforge
