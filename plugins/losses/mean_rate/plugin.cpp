#include <array>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char* last_trial = "last";

/// Mean rate over cells, time points and trials (the activity penalty of Bell et al. 2024, Eq. 2).
class MeanRate final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.mean_rate", "1.0.0",
                                     "Mean rate over cells, time points and trials.",
                                     "Bell et al., NeurIPS 37 (2024), Eq. 2"};
  static constexpr std::array schema{abi::Parameter{.name = "population",
                                                    .summary = "Whose rates; none: all cells.",
                                                    .type = abi::ParameterType::text,
                                                    .refers_to = "population"},
                                     abi::Parameter{.name = "trials",
                                                    .summary = "Trials, or recordings of other losses.",
                                                    .type = abi::ParameterType::text_list,
                                                    .default_texts = {&last_trial, 1},
                                                    .refers_to = "trials"}};

  explicit MeanRate(const Config& c)
      : quantity_(c.text("population").empty() ? "rate" : std::string(c.text("population")) + ".rate"),
        trials_(c.texts("trials").begin(), c.texts("trials").end()) {
    for (const std::string& t : trials_) recordings_.push_back({t, quantity_, t});
  }
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::string_view result_name() const noexcept override { return "activity_penalty"; }
  double evaluate(const LifeView& life, Random&, Measures&) const override {
    double sum = 0, count = 0;
    for (const std::string& t : trials_) {
      for (const ConstMatrixView& rate : life.recording(t)) {
        sum += rate.sum();
        count += static_cast<double>(rate.size());
      }
    }
    return count > 0 ? sum / count : 0;
  }

 private:
  std::string quantity_;
  std::vector<std::string> trials_;
  std::vector<Recording> recordings_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(MeanRate, hebbforge::Loss)
