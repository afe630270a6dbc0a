// The loss @FULL@.
#pragma once

#include <array>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <string>

namespace @NAME@_plugin {
using namespace hebbforge;

/// Mean over cells, time points and trials; 0 of nothing. \param trials  one matrix (cells, samples) per
/// trial
inline double mean_rate(std::span<const ConstMatrixView> trials) {
  double sum = 0, count = 0;
  for (const ConstMatrixView& rate : trials) {
    sum += rate.sum();
    count += static_cast<double>(rate.size());
  }
  return count > 0 ? sum / count : 0;
}

/// \f$ (\bar r / r_0 - 1)^2 \f$: how far the mean rate is from a target.
class @CLASS@ final : public hebbforge::Loss {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0",
                                     "Squared relative distance of the mean rate from a target."};
  static constexpr const char *excitatory = "E", *last = "last";
  static constexpr std::array schema{abi::Parameter{.name = "population",
                                                    .summary = "Whose rates.",
                                                    .type = abi::ParameterType::text,
                                                    .default_texts = {&excitatory, 1},
                                                    .refers_to = "population"},
                                     abi::Parameter{.name = "trials",
                                                    .summary = "Trials, or a recording of another loss.",
                                                    .type = abi::ParameterType::text,
                                                    .default_texts = {&last, 1},
                                                    .refers_to = "trials"},
                                     abi::Parameter{.name = "target",
                                                    .summary = "Rate to be reached.",
                                                    .default_value = 0.02,
                                                    .minimum = 1e-6,
                                                    .maximum = 1e3}};

  explicit @CLASS@(const Config& config)
      : quantity_(std::string(config.text("population")) + ".rate"),
        trials_(config.text("trials")),
        target_(config.real("target")),
        recordings_{Recording{"rates", quantity_, trials_}} {}
  @CLASS@(const @CLASS@&) = delete;  // the recording refers to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }
  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    const double mean = mean_rate(life.recording("rates"));
    measures.add("mean_rate", mean);
    return distance(mean);
  }
  double distance(double mean) const { return (mean / target_ - 1) * (mean / target_ - 1); }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"mean_rate"};
  std::string quantity_, trials_;
  double target_;
  std::array<Recording, 1> recordings_;
};

}  // namespace @NAME@_plugin
