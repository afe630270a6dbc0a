#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/linear_fit.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/time_window.hpp>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char *excitatory = "E", *default_target = "targets";
constexpr std::string_view time_target = "time";

/// 1 - R^2 of a linear readout of any signal of the trials' stimulus, fitted in some trials and tested in
/// others.
class LinearReadout final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.linear_readout", "1.0.0",
                                     "How badly a linear readout of the rates gives a target: 1 - R^2."};
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Whose rates are read.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "target",
                     .summary =
                         "Signal of the stimulus that is to be read, such as a dataset of the task file; "
                         "or 'time'.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&default_target, 1}},
      abi::Parameter{.name = "fit.trials",
                     .summary = "Trials that the readout is fitted to.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "trials"},
      abi::Parameter{.name = "test.trials",
                     .summary = "Trials that it is tested on: others.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "trials"},
      TimeWindow::parameter,
      abi::Parameter{
          .name = "samples",
          .summary = "Random times of the window per trial; 0: one sample, the mean over the window.",
          .type = abi::ParameterType::integer,
          .minimum = 0,
          .maximum = 1e6},
      abi::Parameter{.name = "ridge",
                     .summary = "Added to the diagonal of the normal equations; 0: ordinary least squares.",
                     .minimum = 0}};

  explicit LinearReadout(const Config& c)
      : quantity_(std::string(c.text("population")) + ".rate"),
        target_(c.text("target")),
        fit_trials_(c.text("fit.trials")),
        test_trials_(c.text("test.trials")),
        window_(c),
        samples_(c.integer("samples")),
        ridge_(c.real("ridge")),
        recordings_{Recording{"fit", quantity_, fit_trials_}, Recording{"test", quantity_, test_trials_}} {
    if (target_ == time_target && samples_ == 0)
      throw Error(
          "'samples' has to be 1 or more where the target is 'time': a mean over the window has no time");
  }
  LinearReadout(const LinearReadout&) = delete;  // the recordings refer to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  void begin_life(const LifeContext& life, Random&) override {
    const auto fit = life.trials_named(fit_trials_), test = life.trials_named(test_trials_);
    std::vector<std::int64_t> both;
    std::ranges::set_intersection(fit, test, std::back_inserter(both));
    if (!both.empty())
      throw Error("'fit.trials' and 'test.trials' share trial " + std::to_string(both.front()) +
                  " of the life; a readout is tested on trials that it was not fitted to");
    window_.begin_life(life, fit_trials_);
    window_.begin_life(life, test_trials_);
    if (target_ == time_target) return;
    const Eigen::Index rows = life.signal(target_, fit[0]).rows();
    for (const auto trials : {fit, test}) {
      for (const std::int64_t trial : trials) {
        const Eigen::Index found = life.signal(target_, trial).rows();
        if (found != rows)
          throw Error("the signal '" + target_ + "' has " + std::to_string(found) + " values in trial " +
                      std::to_string(trial) + " of the life, but " + std::to_string(rows) + " in trial " +
                      std::to_string(fit[0]));
      }
    }
  }

  double evaluate(const LifeView& life, Random& random, Measures& measures) const override {
    const Samples fit = gather(life, "fit", fit_trials_, random),
                  test = gather(life, "test", test_trials_, random);
    const double unexplained = LinearFit(fit.x, fit.y, ridge_).unexplained(test.x, test.y);
    measures.add("r2", 1 - unexplained);
    return unexplained;
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"r2"};

  /// Rows: samples; columns of x: cells, of y: targets.
  struct Samples {
    Eigen::MatrixXd x, y;
  };

  Samples gather(const LifeView& life, std::string_view recording, const std::string& named,
                 Random& random) const {
    const auto rates = life.recording(recording);
    const auto trials = life.trials_named(named);
    const std::int64_t per_trial = std::max<std::int64_t>(1, samples_);
    const auto most = static_cast<Eigen::Index>(rates.size()) * per_trial;
    Samples all;
    Eigen::Index row = 0;
    for (std::size_t k = 0; k < rates.size(); ++k) {
      const Eigen::MatrixXd target =
          target_ == time_target ? times(rates[k].cols()) : life.signal(target_, trials[k]);
      if (k == 0) all = {Eigen::MatrixXd(most, rates[k].rows()), Eigen::MatrixXd(most, target.rows())};
      const std::int64_t first = window_.first(), length = window_.last(rates[k].cols()) - first;
      for (std::int64_t n = 0; n < per_trial; ++n) {
        if (samples_ == 0) {
          all.x.row(row) = window_.of(rates[k]).rowwise().mean();
          all.y.row(row) = target.cols() == 1 ? Eigen::VectorXd(target.col(0))
                                              : mean_of_known(target.middleCols(first, length));
        } else {
          const std::int64_t t = first + random.index(length);
          all.x.row(row) = rates[k].col(t);
          all.y.row(row) = target.col(target.cols() == 1 ? 0 : t);
        }
        row += all.y.row(row).allFinite() ? 1 : 0;
      }
    }
    if (row == 0)
      throw Error("the signal '" + target_ + "' is unknown at every sampled time of the trials '" + named +
                  "'");
    return {all.x.topRows(row), all.y.topRows(row)};
  }

  // Time points as a target, shape (1, steps).
  static Eigen::MatrixXd times(Eigen::Index steps) {
    return Eigen::RowVectorXd::LinSpaced(steps, 0, static_cast<double>(steps - 1));
  }

  // Over the times at which a target is known.
  static Eigen::VectorXd mean_of_known(const Eigen::MatrixXd& target) {
    Eigen::VectorXd mean(target.rows());
    for (Eigen::Index k = 0; k < target.rows(); ++k) {
      double sum = 0, count = 0;
      for (Eigen::Index t = 0; t < target.cols(); ++t) {
        if (!std::isfinite(target(k, t))) continue;
        sum += target(k, t);
        ++count;
      }
      mean[k] = sum / count;
    }
    return mean;
  }

  std::string quantity_, target_, fit_trials_, test_trials_;
  TimeWindow window_;
  std::int64_t samples_;
  double ridge_;
  std::array<Recording, 2> recordings_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(LinearReadout, hebbforge::Loss)
