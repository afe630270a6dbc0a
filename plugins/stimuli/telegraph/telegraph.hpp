// A signal that jumps between two or three levels: a Markov chain.
#pragma once

#include <hebbforge/random.hpp>
#include <span>
#include <vector>

namespace hebbforge::telegraph {

/// One path: starts in any state with equal probability; at every interval it stays with probability `stay`,
/// or else goes to one of the other states, each with equal probability. \param states  at least two
inline std::vector<double> path(std::span<const double> states, double stay, std::size_t intervals,
                                Random& random) {
  const auto count = static_cast<std::int64_t>(states.size());
  std::vector<double> values;
  std::int64_t now = random.index(count);
  for (std::size_t k = 0; k < intervals; ++k) {
    if (k > 0 && random.uniform() >= stay) now = (now + 1 + random.index(count - 1)) % count;
    values.push_back(states[static_cast<std::size_t>(now)]);
  }
  return values;
}

}  // namespace hebbforge::telegraph
