// A dataset of the input file, trial by trial.
#pragma once

#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/life.hpp>
#include <string>

namespace hebbforge {

/// A dataset of shape (trials), (trials, times) or (trials, times, channels), as numpy sees it. Refers to the
/// life that it was made from.
class TrialData {
 public:
  /// \param expected  of the file, in words: "(trials, times, channels)"
  /// \throws Error naming file and dataset if it is missing, holds no numbers, or has another rank
  TrialData(const LifeContext& life, std::string_view name, std::size_t least_rank, std::size_t most_rank,
            const std::string& expected)
      : file_(life.input_file()), name_(name), values_(life.dataset(name)), shape_(life.dataset_shape(name)) {
    if (shape_.size() < least_rank || shape_.size() > most_rank)
      refuse("has the shape " + shape_text(), expected);
  }

  std::size_t rank() const noexcept { return shape_.size(); }
  std::int64_t trials() const noexcept { return shape_[0]; }
  std::int64_t times() const noexcept { return shape_.size() > 1 ? shape_[1] : 1; }
  std::int64_t channels() const noexcept { return shape_.size() > 2 ? shape_[2] : 1; }

  /// Shape (channels, times).
  ConstMatrixView trial(std::int64_t row) const {
    if (shape_.size() < 3) return {values_.data() + row, 1, times(), Eigen::OuterStride<>(values_.rows())};
    return {values_.data() + row * times() * channels(), channels(), times(),
            Eigen::OuterStride<>(channels())};
  }

  /// \throws Error if a value of a trial is not finite
  void check_finite(std::int64_t row) const {
    const ConstMatrixView values = trial(row);
    for (Eigen::Index t = 0; t < values.cols(); ++t) {
      for (Eigen::Index k = 0; k < values.rows(); ++k) {
        if (!std::isfinite(values(k, t))) refuse(row, t, k, "finite numbers");
      }
    }
  }

  /// "(10, 20, 3)", as numpy writes it.
  std::string shape_text() const {
    std::string text;
    for (const std::int64_t extent : shape_) text += (text.empty() ? "" : ", ") + std::to_string(extent);
    return "(" + text + (shape_.size() == 1 ? ",)" : ")");
  }

  /// One sentence of what is wrong with the dataset. \param found  "has no trials"
  [[noreturn]] void refuse(const std::string& found, const std::string& expected) const {
    throw Error("'" + file_ + "': '" + name_ + "' " + found + "; expected " + expected);
  }
  /// The same of one value.
  [[noreturn]] void refuse(std::int64_t row, std::int64_t time, std::int64_t channel,
                           const std::string& expected) const {
    std::string at = std::to_string(row);
    if (shape_.size() > 1) at += ", " + std::to_string(time);
    if (shape_.size() > 2) at += ", " + std::to_string(channel);
    char value[32];
    std::snprintf(value, sizeof value, "%g", trial(row)(channel, time));
    throw Error("'" + file_ + "': '" + name_ + "[" + at + "]' is " + value + "; expected " + expected);
  }

 private:
  std::string file_, name_;
  ConstMatrixView values_;
  std::span<const std::int64_t> shape_;
};

}  // namespace hebbforge
