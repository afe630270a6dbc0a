#include <algorithm>
#include <array>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char* last_trial = "last";

/// Mean squared distance of the cells' mean rates from a band.
class RateBand final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.rate_band", "1.0.0",
                                     "How far mean rates are outside of a band."};
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Whose rates; none: all cells.",
                     .type = abi::ParameterType::text,
                     .refers_to = "population"},
      abi::Parameter{.name = "trials",
                     .summary = "Trials, or recordings of other losses, over which rates are averaged.",
                     .type = abi::ParameterType::text_list,
                     .default_texts = {&last_trial, 1},
                     .refers_to = "trials"},
      abi::Parameter{.name = "low", .summary = "Least mean rate that costs nothing."},
      abi::Parameter{.name = "high", .summary = "Greatest mean rate that costs nothing.", .required = true},
      abi::Parameter{.name = "each_cell",
                     .summary = "Whether each cell has to be inside; false: the mean over all cells.",
                     .type = abi::ParameterType::boolean,
                     .default_value = 1}};

  explicit RateBand(const Config& c)
      : quantity_(c.text("population").empty() ? "rate" : std::string(c.text("population")) + ".rate"),
        trials_(c.texts("trials").begin(), c.texts("trials").end()),
        low_(c.real("low")),
        high_(c.real("high")),
        each_cell_(c.boolean("each_cell")) {
    if (high_ < low_) throw Error("'high' is below 'low'");
    for (const std::string& t : trials_) recordings_.push_back({t, quantity_, t});
  }
  RateBand(const RateBand&) = delete;  // the recordings refer to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    Eigen::VectorXd rates;
    double times = 0;
    for (const std::string& t : trials_) {
      for (const ConstMatrixView& trial : life.recording(t)) {
        if (rates.size() == 0) rates = Eigen::VectorXd::Zero(trial.rows());
        rates += trial.rowwise().sum();
        times += static_cast<double>(trial.cols());
      }
    }
    if (times > 0) rates /= times;
    if (!each_cell_ && rates.size() > 0) rates = Eigen::VectorXd::Constant(1, rates.mean());
    double sum = 0, outside = 0;
    for (const double rate : rates) {
      const double distance = std::max({0.0, low_ - rate, rate - high_});
      sum += distance * distance;
      outside += distance > 0 ? 1 : 0;
    }
    const double count = std::max(1.0, static_cast<double>(rates.size()));
    measures.add("outside", outside / count);
    return sum / count;
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"outside"};
  std::string quantity_;
  std::vector<std::string> trials_;
  double low_, high_;
  bool each_cell_;
  std::vector<Recording> recordings_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(RateBand, hebbforge::Loss)
