#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/time_window.hpp>
#include <hebbforge/trial_data.hpp>
#include <optional>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char *default_data = "data", *all_trials = "all";

/// Squared distance of weights or rates from recorded ones, per variance of the recorded ones.
class TrajectoryMatch final : public Loss {
 public:
  static constexpr Identity identity{
      "hebbforge.trajectory_match", "1.0.0",
      "Distance of rates or weights from recorded ones: unexplained variance."};
  static constexpr std::array schema{
      abi::Parameter{.name = "pathway",
                     .summary = "Whose weights are compared; none: rates are.",
                     .type = abi::ParameterType::text,
                     .refers_to = "pathway"},
      abi::Parameter{.name = "population",
                     .summary = "Whose rates are compared; none: those of all cells.",
                     .type = abi::ParameterType::text,
                     .refers_to = "population"},
      abi::Parameter{.name = "data",
                     .summary =
                         "Dataset of shape (trials, times, cells), (trials, cells): mean rates, (trials, "
                         "post, pre), or (trials, pre) of one postsynaptic cell; NaN: missing.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&default_data, 1}},
      abi::Parameter{
          .name = "mask",
          .summary = "Dataset of the same shape, 0 where data are missing; none: only NaN is missing.",
          .type = abi::ParameterType::text},
      abi::Parameter{.name = "trials",
                     .summary = "Trials that are compared, one for each trial of the data.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&all_trials, 1},
                     .refers_to = "trials"},
      TimeWindow::parameter,
      abi::Parameter{.name = "interval",
                     .unit = "s",
                     .summary = "Time from one sample of recorded rates to the next; 0: a time step.",
                     .minimum = 0}};

  explicit TrajectoryMatch(const Config& c)
      : pathway_(c.text("pathway")),
        population_(c.text("population")),
        quantity_(!pathway_.empty()      ? pathway_ + ".weight"
                  : !population_.empty() ? population_ + ".rate"
                                         : "rate"),
        data_name_(c.text("data")),
        mask_name_(c.text("mask")),
        trials_(c.text("trials")),
        window_(c),
        interval_(c.real("interval")),
        recordings_{Recording{"observed", quantity_, trials_}} {
    if (!pathway_.empty() && !population_.empty())
      throw Error("both 'pathway' and 'population' are set: either weights or rates are compared");
  }
  TrajectoryMatch(const TrajectoryMatch&) = delete;  // the recording refers to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  void begin_life(const LifeContext& life, Random&) override {
    window_.begin_life(life, trials_);
    steps_per_sample_ = steps_of_interval(interval_, life.dt());
    const std::string expected = pathway_.empty()
                                     ? "(trials, times, cells) or (trials, cells)"
                                     : "(trials, post, pre), or (trials, pre) of one postsynaptic cell";
    const TrialData& data = data_.emplace(life, data_name_, 2, 3, expected);
    check_shape(life, data);
    if (!mask_name_.empty()) {
      mask_.emplace(life, mask_name_, 2, 3, data.shape_text() + ", as '" + data_name_ + "'");
      if (mask_->shape_text() != data.shape_text())
        mask_->refuse("has the shape " + mask_->shape_text(),
                      data.shape_text() + ", as '" + data_name_ + "'");
    }
    double count = 0, sum = 0;
    for_known([&](std::int64_t row, Eigen::Index k, Eigen::Index t, double value) {
      if (std::isinf(value)) data.refuse(row, t, k, "a number, or nan where it is missing");
      ++count;
      sum += value;
    });
    if (count == 0) data.refuse("has no value that is known", "some that are neither nan nor masked");
    spread_ = 0;
    for_known([&](std::int64_t, Eigen::Index, Eigen::Index, double value) {
      spread_ += (value - sum / count) * (value - sum / count);
    });
    if (spread_ == 0)
      data.refuse("is the same everywhere", "values that vary: errors are divided by their variance");
  }

  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    const auto recorded = life.recording("observed");
    double errors = 0;
    std::int64_t of_row = -1;
    Eigen::MatrixXd observed;
    for_known([&](std::int64_t row, Eigen::Index k, Eigen::Index t, double value) {
      if (row != of_row) observed = as_data(recorded[static_cast<std::size_t>(row)]);
      of_row = row;
      errors += (observed(k, t) - value) * (observed(k, t) - value);
    });
    measures.add("explained_variance", 1 - errors / spread_);
    return errors / spread_;
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"explained_variance"};

  void check_shape(const LifeContext& life, const TrialData& data) const {
    const auto trials = static_cast<std::int64_t>(life.trials_named(trials_).size());
    const std::string named = std::to_string(trials);
    if (data.trials() != trials)
      data.refuse("has the shape " + data.shape_text(), named + " trials, as '" + trials_ + "' names");
    const bool flat = data.rank() == 2;
    if (!pathway_.empty()) {
      const std::int64_t pre = life.cells(life.presynaptic(pathway_)),
                         post = life.cells(life.postsynaptic(pathway_));
      const bool fits =
          flat ? post == 1 && data.times() == pre : data.times() == post && data.channels() == pre;
      if (!fits)
        data.refuse("has the shape " + data.shape_text(), "(" + named + ", " + std::to_string(post) + ", " +
                                                              std::to_string(pre) + "), as the weights of '" +
                                                              pathway_ + "'");
      return;
    }
    std::int64_t cells = 0;
    if (population_.empty()) {
      for (const std::string_view p : life.populations()) cells += life.cells(p);
    } else {
      cells = life.cells(population_);
    }
    if ((flat ? data.times() : data.channels()) != cells)
      data.refuse("has the shape " + data.shape_text(), "(" + named + ", times, " + std::to_string(cells) +
                                                            ") or (" + named + ", " + std::to_string(cells) +
                                                            "), one number for each cell");
    if (flat) return;
    for (const std::int64_t trial : life.trials_named(trials_)) {
      const std::int64_t last = window_.first() + (data.times() - 1) * steps_per_sample_;
      if (data.times() < 1 || last >= window_.last(life.steps(trial)))
        data.refuse("has " + std::to_string(data.times()) + " times",
                    "no more than fit into the window or the trial");
    }
  }

  // One trial's recording in the shape of the data's trial, (channels, times).
  Eigen::MatrixXd as_data(const ConstMatrixView& recorded) const {
    const bool flat = data_->rank() == 2;
    if (!pathway_.empty()) return flat ? Eigen::MatrixXd(recorded) : Eigen::MatrixXd(recorded.transpose());
    const ConstMatrixView window = window_.of(recorded);
    if (flat) return window.rowwise().mean().transpose();
    Eigen::MatrixXd samples(window.rows(), data_->times());
    for (Eigen::Index t = 0; t < samples.cols(); ++t) samples.col(t) = window.col(t * steps_per_sample_);
    return samples;
  }

  // Calls function(row, channel, time, value) for all data that are not missing.
  template <class Function>
  void for_known(Function&& function) const {
    for (std::int64_t row = 0; row < data_->trials(); ++row) {
      const ConstMatrixView values = data_->trial(row);
      for (Eigen::Index t = 0; t < values.cols(); ++t) {
        for (Eigen::Index k = 0; k < values.rows(); ++k) {
          if (!std::isnan(values(k, t)) && !(mask_ && mask_->trial(row)(k, t) == 0))
            function(row, k, t, values(k, t));
        }
      }
    }
  }

  std::string pathway_, population_, quantity_, data_name_, mask_name_, trials_;
  TimeWindow window_;
  double interval_;
  std::array<Recording, 1> recordings_;
  std::int64_t steps_per_sample_ = 1;
  std::optional<TrialData> data_, mask_;
  double spread_ = 0;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(TrajectoryMatch, hebbforge::Loss)
