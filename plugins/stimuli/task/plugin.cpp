#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/background.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/time_window.hpp>
#include <hebbforge/trial_data.hpp>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char* default_inputs = "inputs";
constexpr const char* maps[] = {"cells", "blocks"};

/// Inputs from a file, (trials, times, channels), to the cells of some populations. All other datasets of the
/// file that have a value or a time course for each trial are signals: targets, labels, whatever their name.
class Task final : public Stimulus {
 public:
  static constexpr Identity identity{"hebbforge.task", "1.0.0",
                                     "Inputs, targets and labels of each trial from the input file."};
  static constexpr std::array schema = joined_schema(
      std::array{
          abi::Parameter{.name = "populations",
                         .summary = "Populations that the channels drive, one after the other.",
                         .type = abi::ParameterType::text_list,
                         .required = true,
                         .refers_to = "population"},
          abi::Parameter{.name = "inputs",
                         .summary = "Dataset of shape (trials, times, channels).",
                         .type = abi::ParameterType::text,
                         .default_texts = {&default_inputs, 1}},
          abi::Parameter{.name = "durations",
                         .summary = "Dataset with the seconds after which the input of each trial is 0; "
                                    "none: 'durations', where the file has it.",
                         .type = abi::ParameterType::text},
          abi::Parameter{.name = "interval",
                         .unit = "s",
                         .summary = "Time from one sample of the file to the next; 0: a time step.",
                         .minimum = 0},
          abi::Parameter{.name = "channels",
                         .summary = "Whether channel k drives cell k, or the k-th of equal blocks of cells.",
                         .type = abi::ParameterType::text,
                         .default_texts = {&maps[0], 1},
                         .choices = {maps, 2}},
          abi::Parameter{.name = "gain", .summary = "Drive per unit of input.", .default_value = 1},
          abi::Parameter{.name = "first_row",
                         .summary = "Trial of the file that is the first one of the phase.",
                         .type = abi::ParameterType::integer,
                         .minimum = 0,
                         .maximum = 1e12},
          abi::Parameter{.name = "wrap",
                         .summary = "After the file's last trial its first follows; false: a file with too "
                                    "few trials is a mistake.",
                         .type = abi::ParameterType::boolean}},
      Background::parameters);

  explicit Task(const Config& c)
      : populations_(c.texts("populations").begin(), c.texts("populations").end()),
        inputs_name_(c.text("inputs")),
        durations_name_(c.text("durations")),
        blocks_(c.text("channels") == maps[1]),
        wrap_(c.boolean("wrap")),
        gain_(c.real("gain")),
        interval_(c.real("interval")),
        first_row_(c.integer("first_row")),
        background_(c) {
    if (populations_.empty()) throw Error("'populations' names no population");
    for (const std::string& p : populations_) {
      if (std::ranges::count(populations_, p) > 1) throw Error("'populations' names '" + p + "' twice");
    }
  }

  void begin_life(const LifeContext& life, Random&) override {
    life_ = &life;
    const TrialData& inputs = inputs_.emplace(life, inputs_name_, 3, 3, "(trials, times, channels)");
    if (inputs.trials() < 1 || inputs.times() < 1 || inputs.channels() < 1)
      inputs.refuse("is empty: its shape is " + inputs.shape_text(), "(trials, times, channels)");
    steps_per_sample_ = steps_of_interval(interval_, life.dt());
    map_channels();
    if (durations_name_.empty() && life.has_dataset("durations")) durations_name_ = "durations";
    if (durations_name_.empty()) return;
    durations_.emplace(life, durations_name_, 1, 1, "(trials)");
    check_trials(*durations_);
  }

  void begin_phase(std::int64_t first_trial, std::int64_t trials) override {
    first_trial_ = first_trial;
    const std::int64_t rows = inputs_->trials(), needed = first_row_ + (wrap_ ? 1 : trials);
    if (rows < needed) {
      std::string expected =
          "at least " + std::to_string(needed) + ", for " + std::to_string(trials) + " trials";
      if (first_row_ > 0) expected += " from 'first_row' = " + std::to_string(first_row_) + " on";
      if (!wrap_) expected += " (or wrap = true, which begins again)";
      inputs_->refuse("has " + std::to_string(rows) + " trials", expected);
    }
    const std::int64_t steps = life_->steps(first_trial);
    if (inputs_->times() > 1 && inputs_->times() * steps_per_sample_ > steps) {
      inputs_->refuse(
          "has " + std::to_string(inputs_->times()) + " times, " +
              seconds(static_cast<double>(inputs_->times() * steps_per_sample_) * life_->dt()),
          "no more than fit into a trial of " + seconds(static_cast<double>(steps) * life_->dt()));
    }
    for (std::int64_t k = 0; k < std::min(trials, rows); ++k) {
      inputs_->check_finite((first_row_ + k) % rows);
      if (durations_) check_duration((first_row_ + k) % rows, steps);
    }
  }

  Input input(std::int64_t trial, std::string_view population, ConstVectorView gain,
              Random& random) override {
    const auto channels = channels_.find(population);
    const bool noisy = background_.reaches(population);
    if (channels == channels_.end() && !noisy) return {};
    const std::int64_t steps = life_->steps(trial);
    drive_.setZero(gain.size(), steps);
    if (channels != channels_.end()) {
      const std::int64_t row = row_of(trial), end = end_of(row, steps);
      const ConstMatrixView values = inputs_->trial(row);
      for (std::int64_t t = 0; t < end; ++t) {
        const Eigen::Index sample = values.cols() == 1 ? 0 : t / steps_per_sample_;
        for (Eigen::Index i = 0; i < gain.size(); ++i)
          drive_(i, t) = gain_ * gain[i] * values(channels->second[static_cast<std::size_t>(i)], sample);
      }
    }
    spikes_.clear();
    if (noisy) background_.add(life_->dt(), gain, random, drive_, spikes_);
    return background_.input(spikes_, drive_);
  }

  ConstMatrixView signal(std::string_view name, std::int64_t trial) override {
    const TrialData data(*life_, name, 1, 3, "(trials), (trials, times) or (trials, times, k)");
    check_trials(data);
    const std::int64_t steps = life_->steps(trial);
    if (data.times() < 1 || data.channels() < 1 ||
        (data.times() > 1 && (data.times() - 1) * steps_per_sample_ >= steps)) {
      data.refuse("has the shape " + data.shape_text(),
                  "1 to " + std::to_string((steps - 1) / steps_per_sample_ + 1) +
                      " times, as many as fit into a trial; of one vector per trial: (trials, 1, k)");
    }
    const ConstMatrixView values = data.trial(row_of(trial));
    if (values.cols() == 1) {
      signal_ = values;
      return view_of(std::as_const(signal_));
    }
    signal_.setConstant(values.rows(), steps, std::numeric_limits<double>::quiet_NaN());
    const std::int64_t end = std::min(steps, values.cols() * steps_per_sample_);
    for (std::int64_t t = 0; t < end; ++t) signal_.col(t) = values.col(t / steps_per_sample_);
    return view_of(std::as_const(signal_));
  }

 private:
  std::int64_t row_of(std::int64_t trial) const noexcept {
    return (first_row_ + trial - first_trial_) % inputs_->trials();
  }

  // Steps after which the input of a trial is 0.
  std::int64_t end_of(std::int64_t row, std::int64_t steps) const {
    const std::int64_t end = durations_ ? std::llround(durations_->trial(row)(0, 0) / life_->dt())
                             : inputs_->times() == 1 ? steps
                                                     : inputs_->times() * steps_per_sample_;
    return std::min(end, steps);
  }

  void map_channels() {
    Eigen::Index cells = 0;
    std::string names;
    for (const std::string& p : populations_) {
      cells += life_->cells(p);
      names += (names.empty() ? "'" : ", '") + p + "'";
    }
    const auto channels = static_cast<Eigen::Index>(inputs_->channels());
    const bool fit = blocks_ ? channels <= cells && cells % channels == 0 : channels == cells;
    if (!fit) {
      inputs_->refuse("has " + std::to_string(channels) + " channels",
                      blocks_ ? "a number that divides the " + std::to_string(cells) + " cells of " + names
                              : std::to_string(cells) + ", one for each cell of " + names +
                                    " (or channels = \"blocks\")");
    }
    Eigen::Index cell = 0;
    for (const std::string& p : populations_) {
      std::vector<Eigen::Index>& of_cells = channels_[p];
      for (Eigen::Index i = 0; i < life_->cells(p); ++i) of_cells.push_back(cell++ / (cells / channels));
    }
  }

  void check_trials(const TrialData& data) const {
    if (data.trials() == inputs_->trials()) return;
    data.refuse("has the shape " + data.shape_text(), std::to_string(inputs_->trials()) + " trials, as '" +
                                                          inputs_name_ + "' " + inputs_->shape_text() +
                                                          " has");
  }

  void check_duration(std::int64_t row, std::int64_t steps) const {
    const double longest =
        static_cast<double>(inputs_->times() > 1 ? inputs_->times() * steps_per_sample_ : steps) *
        life_->dt();
    const double duration = durations_->trial(row)(0, 0);
    if (!(duration >= 0 && duration <= longest * (1 + 1e-9)))
      durations_->refuse(row, 0, 0, "0 s to " + seconds(longest) + ", the time of '" + inputs_name_ + "'");
  }

  std::vector<std::string> populations_;
  std::string inputs_name_, durations_name_;
  bool blocks_, wrap_;
  double gain_, interval_;
  std::int64_t first_row_, first_trial_ = 0, steps_per_sample_ = 1;
  Background background_;
  const LifeContext* life_ = nullptr;
  std::optional<TrialData> inputs_, durations_;
  std::map<std::string, std::vector<Eigen::Index>, std::less<>> channels_;  ///< of each cell
  Eigen::MatrixXd drive_, signal_;
  std::vector<Spike> spikes_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Task, hebbforge::Stimulus)
