// Counter-based random streams.
#pragma once

#include <array>
#include <cstdint>
#include <hebbforge/export.hpp>
#include <string_view>

namespace hebbforge {

/// One stream of random numbers, named by (seed, purpose, network, trial): Philox4x64-10 (Salmon et al.,
/// SC 2011, doi 10.1145/2063384.2063405) with (seed, purpose) as key and (block, network, trial) as
/// counter. Streams with different names are independent, and none depends on candidates, threads or the
/// order of calls: all candidates meet the same networks and inputs. Not thread-safe; cheap to make.
class HEBBFORGE_API Random {
 public:
  /// \param purpose  what the numbers are for: "weights EE"; hashed into the key
  /// \param network  index that is unique over the sets of networks
  /// \param trial    -1: before the first trial
  Random(std::uint64_t seed, std::string_view purpose, std::uint64_t network = 0, std::int64_t trial = -1);

  std::uint64_t bits() noexcept;
  /// Uniform on [0, 1), 53 bits.
  double uniform() noexcept;
  /// Uniform on {0, ..., n-1}; n > 0.
  std::int64_t index(std::int64_t n) noexcept;
  /// Standard normal (Box and Muller 1958); takes two uniforms each time.
  double normal() noexcept;
  /// Poisson with the given mean >= 0, by sequential inversion in chunks: exact, time proportional to mean.
  std::int64_t poisson(double mean) noexcept;

  /// Blocks of four numbers that were begun, and the place within the last: with the name, the whole state.
  std::uint64_t position() const noexcept;
  void set_position(std::uint64_t position) noexcept;

 private:
  void refill() noexcept;
  std::array<std::uint64_t, 2> key_;
  std::array<std::uint64_t, 4> counter_;
  std::array<std::uint64_t, 4> block_{};
  unsigned used_ = 4;
};

}  // namespace hebbforge
