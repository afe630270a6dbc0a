// Turns spikes into a drive.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/interfaces/stimulus.hpp>
#include <hebbforge/types.hpp>
#include <span>
#include <vector>

namespace hebbforge::engine {

/// Adds each spike's kernel, amplitude included, to its cell's drive. Spikes are few (about 40 fresh ones a
/// trial in the published model), so stamping their kernels costs less than filtering every cell at every
/// step, and the cut kernel needs no correction.
class HEBBFORGE_API SpikeFilter {
 public:
  /// \throws Error if tau is not positive
  SpikeFilter(Kernel kernel, double tau, double cut, double amplitude, double dt, std::int64_t steps);
  bool matches(const Input& input, std::int64_t steps) const noexcept;
  /// \param[in,out] drive  shape (cells, steps); \throws Error for a spike outside of it
  void add(std::span<const Spike> spikes, MatrixView drive) const;

 private:
  Kernel kernel_;
  double tau_, cut_, amplitude_;
  std::int64_t steps_;
  std::vector<double> values_;  ///< kernel at 0, dt, 2 dt, …
};

}  // namespace hebbforge::engine
