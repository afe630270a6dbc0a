// The stimulus @FULL@.
#pragma once

#include <array>
#include <hebbforge/interfaces/stimulus.hpp>
#include <hebbforge/register.hpp>
#include <string>
#include <utility>

namespace @NAME@_plugin {
using namespace hebbforge;

/// The same drive for all cells: `amplitude` at times in [begin, end), in s, else 0.
/// \returns shape (cells, steps)
inline Eigen::MatrixXd pulse(Eigen::Index cells, std::int64_t steps, double dt, double begin, double end,
                             double amplitude) {
  Eigen::MatrixXd drive = Eigen::MatrixXd::Zero(cells, steps);
  for (std::int64_t t = 0; t < steps; ++t) {
    const double time = (static_cast<double>(t) + 0.5) * dt;  // the middle: no rounding decides
    if (begin <= time && time < end) drive.col(t).setConstant(amplitude);
  }
  return drive;
}

/// A pulse to one population in every trial.
class @CLASS@ final : public hebbforge::Stimulus {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0",
                                     "A rectangular pulse to all cells of a population."};
  static constexpr const char* excitatory = "E";
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Which cells receive it.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "begin",
                     .unit = "s",
                     .summary = "Start of the pulse.",
                     .default_value = 5e-3,
                     .minimum = 0},
      abi::Parameter{
          .name = "end", .unit = "s", .summary = "End of the pulse.", .default_value = 60e-3, .minimum = 0},
      abi::Parameter{
          .name = "amplitude", .summary = "Height of the pulse.", .default_value = 0.2, .step = 0.02}};

  explicit @CLASS@(const Config& config)
      : population_(config.text("population")),
        begin_(config.real("begin")),
        end_(config.real("end")),
        amplitude_(config.real("amplitude")) {
    if (end_ < begin_) throw Error("'end' is before 'begin'");
  }
  void begin_life(const LifeContext& life, Random&) override { life_ = &life; }
  Input input(std::int64_t trial, std::string_view population, ConstVectorView gain, Random&) override {
    if (population != population_) return {};
    drive_ = pulse(gain.size(), life_->steps(trial), life_->dt(), begin_, end_, amplitude_);
    return {.frozen = {}, .fresh = {}, .drive = view_of(std::as_const(drive_))};
  }

 private:
  std::string population_;
  double begin_, end_, amplitude_;
  const LifeContext* life_ = nullptr;
  Eigen::MatrixXd drive_;
};

}  // namespace @NAME@_plugin
