#include <Random123/philox.h>

#include <cmath>
#include <hebbforge/random.hpp>
#include <numbers>

namespace hebbforge {
namespace {

// FNV-1a, 64 bits: a stable hash of the purpose, part of every recorded number.
std::uint64_t hash(std::string_view text) noexcept {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3u;
  }
  return value;
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view purpose, std::uint64_t network, std::int64_t trial)
    : key_{seed, hash(purpose)}, counter_{0, network, static_cast<std::uint64_t>(trial), 0} {}

void Random::refill() noexcept {
  const r123::Philox4x64::ctr_type counter{{counter_[0], counter_[1], counter_[2], counter_[3]}};
  const r123::Philox4x64::key_type key{{key_[0], key_[1]}};
  const auto numbers = r123::Philox4x64{}(counter, key);
  for (unsigned i = 0; i < 4; ++i) block_[i] = numbers[i];
  ++counter_[0];
  used_ = 0;
}

std::uint64_t Random::bits() noexcept {
  if (used_ == 4) refill();
  return block_[used_++];
}

double Random::uniform() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }

std::int64_t Random::index(std::int64_t n) noexcept {
  // The high word of a 64 x 64 bit product: the bias is at most n / 2^64.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::int64_t>((static_cast<Wide>(bits()) * static_cast<Wide>(n)) >> 64);
}

double Random::normal() noexcept {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::int64_t Random::poisson(double mean) noexcept {
  // A sum of independent Poisson counts is Poisson; chunks keep exp(-mean) far from underflow.
  constexpr double largest_chunk = 16;
  std::int64_t total = 0;
  while (mean > 0) {
    const double chunk = mean < largest_chunk ? mean : largest_chunk;
    mean -= chunk;
    double probability = std::exp(-chunk);
    double rest = uniform() - probability;
    // Beyond 200 a chunk's probability is below 1e-130: the bound only stops rounding from looping on.
    for (int count = 1; rest >= 0 && count < 200; ++count) {
      ++total;
      probability *= chunk / count;
      rest -= probability;
    }
  }
  return total;
}

std::uint64_t Random::position() const noexcept { return counter_[0] * 8 + used_; }

void Random::set_position(std::uint64_t position) noexcept {
  const std::uint64_t blocks = position / 8;
  counter_[0] = blocks == 0 ? 0 : blocks - 1;
  if (blocks > 0) refill();
  used_ = static_cast<unsigned>(position % 8);
}

}  // namespace hebbforge
