#include <array>
#include <cmath>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/sparseness.hpp>
#include <hebbforge/time_window.hpp>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char *excitatory = "E", *last_trial = "last";

/// How far the sparseness of mean rates over cells is from what it should be.
class Sparseness final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.sparseness", "1.0.0",
                                     "Distance of the sparseness of mean rates from a target.",
                                     "Treves & Rolls, Network 2 (1991)"};
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Whose rates.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "trials",
                     .summary = "Trials, or a recording of another loss.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&last_trial, 1},
                     .refers_to = "trials"},
      TimeWindow::parameter,
      abi::Parameter{.name = "target",
                     .summary = "Sparseness that costs nothing: 0 all cells equally "
                                "active, 1 a single one.",
                     .default_value = 1,
                     .minimum = 0,
                     .maximum = 1}};

  explicit Sparseness(const Config& c)
      : quantity_(std::string(c.text("population")) + ".rate"),
        trials_(c.text("trials")),
        window_(c),
        target_(c.real("target")),
        recordings_{Recording{"rates", quantity_, trials_}} {}
  Sparseness(const Sparseness&) = delete;  // the recording refers to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  void begin_life(const LifeContext& life, Random&) override { window_.begin_life(life, trials_); }

  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    double sum = 0;
    const auto trials = life.recording("rates");
    for (const ConstMatrixView& rates : trials) {
      const Eigen::VectorXd mean = window_.of(rates).rowwise().mean();
      sum += sparseness(mean);
    }
    const double average = sum / static_cast<double>(trials.size());
    measures.add("sparseness", average);
    return std::abs(average - target_);
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"sparseness"};
  std::string quantity_, trials_;
  TimeWindow window_;
  double target_;
  std::array<Recording, 1> recordings_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Sparseness, hebbforge::Loss)
