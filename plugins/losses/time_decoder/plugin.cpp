#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/linear_fit.hpp>
#include <hebbforge/register.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char* excitatory = "E";
constexpr double default_window[] = {3e-3, 65e-3};

/// 1 - R^2 of a linear decoder of time (Bell et al. 2024): least squares with intercept from the rates at
/// random times of some trials, tested at other times of later trials. Of minimal norm, so that silent cells
/// do no harm.
class TimeDecoder final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.time_decoder", "1.0.0",
                                     "How badly a linear decoder reads time from the rates: 1 - R^2.",
                                     "Bell et al., NeurIPS 37 (2024), Eq. 2"};
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Whose rates are decoded.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "fit.trials",
                     .summary = "Trials that the decoder is fitted to.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "trials"},
      abi::Parameter{.name = "fit.samples",
                     .summary = "Random times per trial.",
                     .type = abi::ParameterType::integer,
                     .default_value = 500,
                     .minimum = 1,
                     .maximum = 1e6},
      abi::Parameter{.name = "fit.times",
                     .summary = "Dataset of the input file with the times, in steps; none: random ones.",
                     .type = abi::ParameterType::text},
      abi::Parameter{.name = "test.trials",
                     .summary = "Trials that it is tested on.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "trials"},
      abi::Parameter{.name = "test.samples",
                     .summary = "Random times per trial.",
                     .type = abi::ParameterType::integer,
                     .default_value = 200,
                     .minimum = 1,
                     .maximum = 1e6},
      abi::Parameter{.name = "test.times",
                     .summary = "Dataset of the input file with the times, in steps; none: random ones.",
                     .type = abi::ParameterType::text},
      abi::Parameter{.name = "window",
                     .unit = "s",
                     .summary = "First and last time that is sampled.",
                     .type = abi::ParameterType::real_list,
                     .minimum = 0,
                     .default_numbers = {default_window, 2}},
      abi::Parameter{
          .name = "ridge",
          .summary =
              "Added to the diagonal of the normal equations; 0: ordinary least squares, as published.",
          .default_value = 0,
          .minimum = 0}};

  explicit TimeDecoder(const Config& c)
      : quantity_(std::string(c.text("population")) + ".rate"),
        fit_trials_(c.text("fit.trials")),
        test_trials_(c.text("test.trials")),
        fit_dataset_(c.text("fit.times")),
        test_dataset_(c.text("test.times")),
        fit_samples_(c.integer("fit.samples")),
        test_samples_(c.integer("test.samples")),
        window_(c.reals("window").begin(), c.reals("window").end()),
        ridge_(c.real("ridge")),
        recordings_{Recording{"fit", quantity_, fit_trials_}, Recording{"test", quantity_, test_trials_}} {
    if (window_.size() != 2 || window_[1] <= window_[0])
      throw Error("'window' needs two times, the first before the second");
  }
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::string_view result_name() const noexcept override { return "decoder_loss"; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  void begin_life(const LifeContext& life, Random&) override {
    std::int64_t longest = 0;
    for (std::int64_t trial = 0; trial < life.trials(); ++trial)
      longest = std::max(longest, life.steps(trial));
    if (std::round(window_[1] / life.dt()) > static_cast<double>(longest)) {
      throw Error("time_decoder: 'window' ends after the longest trial, which lasts " +
                  std::to_string(static_cast<double>(longest) * life.dt()) + " s");
    }
  }

  double evaluate(const LifeView& life, Random& random, Measures& measures) const override {
    const auto fit_times = times(life, fit_dataset_, fit_samples_, random);
    const auto test_times = times(life, test_dataset_, test_samples_, random);
    Eigen::MatrixXd x, y;
    gather(life.recording("fit"), fit_times, x, y);
    const LinearFit fit(std::move(x), y, ridge_);
    gather(life.recording("test"), test_times, x, y);
    const double unexplained = fit.unexplained(x, y);
    measures.add("r2", 1 - unexplained);
    return unexplained;
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"r2"};
  std::vector<Eigen::Index> times(const LifeView& life, const std::string& dataset, std::int64_t samples,
                                  Random& random) const {
    std::vector<Eigen::Index> all;
    if (!dataset.empty()) {
      const ConstMatrixView given = life.dataset(dataset);
      for (Eigen::Index k = 0; k < given.rows(); ++k) all.push_back(static_cast<Eigen::Index>(given(k, 0)));
      return all;
    }
    const double first = std::round(window_[0] / life.dt()), last = std::round(window_[1] / life.dt());
    for (std::int64_t k = 0; k < samples; ++k)
      all.push_back(static_cast<Eigen::Index>(first + random.uniform() * (last - first - 1)));
    return all;
  }

  // Rows: (trial, time); columns: cells.
  static void gather(std::span<const ConstMatrixView> trials, const std::vector<Eigen::Index>& times,
                     Eigen::MatrixXd& x, Eigen::MatrixXd& y) {
    if (trials.empty()) throw Error("time_decoder: no trial to decode from");
    const auto rows = static_cast<Eigen::Index>(trials.size() * times.size());
    x.resize(rows, trials[0].rows());
    y.resize(rows, 1);
    Eigen::Index row = 0;
    for (const ConstMatrixView& rate : trials) {
      for (const Eigen::Index t : times) {
        if (t < 0 || t >= rate.cols())
          throw Error("time_decoder: time step " + std::to_string(t) + " lies outside of a trial of " +
                      std::to_string(rate.cols()) + " steps");
        x.row(row) = rate.col(t).transpose();
        y(row++, 0) = static_cast<double>(t);
      }
    }
  }

  std::string quantity_, fit_trials_, test_trials_, fit_dataset_, test_dataset_;
  std::int64_t fit_samples_, test_samples_;
  std::vector<double> window_;
  double ridge_;
  std::array<Recording, 2> recordings_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(TimeDecoder, hebbforge::Loss)
