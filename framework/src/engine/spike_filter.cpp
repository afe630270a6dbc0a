#include "engine/spike_filter.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <numbers>
#include <string>

namespace hebbforge::engine {

SpikeFilter::SpikeFilter(Kernel kernel, double tau, double cut, double amplitude, double dt,
                         std::int64_t steps)
    : kernel_(kernel), tau_(tau), cut_(cut), amplitude_(amplitude), steps_(steps) {
  if (!(tau > 0)) throw Error("a stimulus gave spikes without a time constant for their filter");
  const double length = std::min(std::round(cut / dt), static_cast<double>(steps));
  values_.resize(static_cast<std::size_t>(std::max(length, 1.0)));
  for (std::size_t k = 0; k < values_.size(); ++k) {
    const double t = static_cast<double>(k) * dt / tau;
    values_[k] = amplitude * (kernel == Kernel::alpha ? std::numbers::e * t : 1.0) * std::exp(-t);
  }
}

bool SpikeFilter::matches(const Input& input, std::int64_t steps) const noexcept {
  return kernel_ == input.kernel && tau_ == input.tau && cut_ == input.cut && amplitude_ == input.amplitude &&
         steps_ == steps;
}

void SpikeFilter::add(std::span<const Spike> spikes, MatrixView drive) const {
  for (const Spike& spike : spikes) {
    if (spike.step < 0 || spike.step >= drive.cols() || spike.cell < 0 || spike.cell >= drive.rows()) {
      throw Error("a stimulus gave a spike at step " + std::to_string(spike.step) + " in cell " +
                  std::to_string(spike.cell) + ", outside of the trial's " + std::to_string(drive.cols()) +
                  " steps and " + std::to_string(drive.rows()) + " cells");
    }
    const auto end =
        std::min<Eigen::Index>(drive.cols(), spike.step + static_cast<Eigen::Index>(values_.size()));
    for (Eigen::Index i = spike.step; i < end; ++i) {
      drive(spike.cell, i) += values_[static_cast<std::size_t>(i - spike.step)];
    }
  }
}

}  // namespace hebbforge::engine
