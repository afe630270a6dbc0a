// A part of a trial, as losses look at it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <hebbforge/config.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/life.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <string>

namespace hebbforge {

/// A time as messages write it: "0.02 s".
inline std::string seconds(double time) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", time);
  return text;
}

/// Time steps from one sample to the next. \param interval  s; 0: one step
/// \throws Error if it is not a whole number of steps
inline std::int64_t steps_of_interval(double interval, double dt) {
  if (interval <= 0) return 1;
  const double steps = std::round(interval / dt);
  if (steps < 1 || std::abs(steps * dt - interval) > 1e-6 * interval)
    throw Error("'interval' is " + seconds(interval) + "; expected a whole number of time steps of " +
                seconds(dt));
  return static_cast<std::int64_t>(steps);
}

/// The parameter `window`: time points of a trial from its first time to before its second; the whole trial
/// if it is empty.
class TimeWindow {
 public:
  static constexpr abi::List<double> whole_trial{};
  static constexpr abi::Parameter parameter{
      .name = "window",
      .unit = "s",
      .summary = "First time of a trial that counts, and the end; an empty list: the whole trial.",
      .type = abi::ParameterType::real_list,
      .minimum = 0,
      .default_numbers = whole_trial};

  explicit TimeWindow(const Config& config) {
    const auto times = config.reals("window");
    if (times.empty()) return;
    if (times.size() != 2 || times[1] <= times[0])
      throw Error("'window' needs two times, the first before the second");
    begin_ = times[0];
    end_ = times[1];
  }
  /// \throws Error if the window is longer than one of the trials, or holds no time point
  void begin_life(const LifeContext& life, std::string_view trials) {
    dt_ = life.dt();
    for (const std::int64_t trial : life.trials_named(trials)) {
      const std::int64_t steps = life.steps(trial);
      if (end_ > 0 && std::llround(end_ / dt_) > steps)
        throw Error("'window' ends at " + seconds(end_) + ", after the trials '" + std::string(trials) +
                    "', which last " + seconds(static_cast<double>(steps) * dt_));
      if (last(steps) <= first()) throw Error("'window' holds no time point");
    }
  }
  std::int64_t first() const { return std::llround(begin_ / dt_); }
  /// The time point after the last.
  std::int64_t last(std::int64_t steps) const {
    return end_ > 0 ? std::min<std::int64_t>(steps, std::llround(end_ / dt_)) : steps;
  }
  /// The columns of a trial's recording that lie in the window.
  ConstMatrixView of(const ConstMatrixView& rates) const {
    const std::int64_t from = first();
    return {rates.data() + from * rates.outerStride(), rates.rows(), last(rates.cols()) - from,
            Eigen::OuterStride<>(rates.outerStride())};
  }

 private:
  double begin_ = 0, end_ = 0, dt_ = 0;  // s; end 0: that of the trial
};

}  // namespace hebbforge
