#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/background.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/time_window.hpp>
#include <string>
#include <utility>
#include <vector>

#include "telegraph.hpp"

namespace {
using namespace hebbforge;

constexpr const char* chains[] = {"on_off", "left_right", "left_off_right"};
constexpr std::array on_off{0.0, 1.0}, left_right{-1.0, 1.0};
constexpr std::array left_off_right{-1.0, 0.0, 1.0};
constexpr double default_stay[] = {0.95, 1};

/// A velocity that jumps between two or three values, as in tasks of integration: the network is to keep its
/// sum. The path is the same for all populations of a trial, and losses read it as a signal.
class Telegraph final : public Stimulus {
 public:
  static constexpr Identity identity{"hebbforge.telegraph", "1.0.0",
                                     "A velocity or on-off signal that jumps at random, to be integrated."};
  static constexpr abi::List<double> all_cells{};
  static constexpr std::array schema = joined_schema(
      std::array{
          abi::Parameter{.name = "populations",
                         .summary = "One: its drive is amplitude times state; two: states above 0 drive the "
                                    "first, those below 0 the second.",
                         .type = abi::ParameterType::text_list,
                         .required = true,
                         .refers_to = "population"},
          abi::Parameter{.name = "cells",
                         .summary = "Driven cells of each population, from 0; an empty list: all.",
                         .type = abi::ParameterType::integer_list,
                         .minimum = 0,
                         .maximum = 1e9,
                         .default_numbers = all_cells},
          abi::Parameter{.name = "states",
                         .summary = "States of the chain: 0 and 1; -1 and 1; -1, 0 and 1.",
                         .type = abi::ParameterType::text,
                         .default_texts = {&chains[0], 1},
                         .choices = {chains, 3}},
          abi::Parameter{.name = "stay",
                         .summary =
                             "Probability of staying in a state for an interval: least and greatest; each "
                             "trial draws its own from between.",
                         .type = abi::ParameterType::real_list,
                         .minimum = 0,
                         .maximum = 1,
                         .default_numbers = {default_stay, 2}},
          abi::Parameter{.name = "interval",
                         .unit = "s",
                         .summary = "Time from one possible jump to the next; 0: a time step.",
                         .minimum = 0},
          abi::Parameter{.name = "begin",
                         .unit = "s",
                         .summary = "Start of the signal; before it the state is 0.",
                         .default_value = 20e-3,
                         .minimum = 0},
          abi::Parameter{.name = "end",
                         .unit = "s",
                         .summary = "End of the signal; from it on the state is 0.",
                         .default_value = 100e-3,
                         .minimum = 0},
          abi::Parameter{.name = "amplitude", .summary = "Drive by state 1.", .default_value = 1},
          abi::Parameter{.name = "rate",
                         .unit = "Hz",
                         .summary = "Rate of Poisson spikes to a driven cell while the state drives it.",
                         .minimum = 0,
                         .maximum = 1e6},
          abi::Parameter{
              .name = "kick.population",
              .summary = "Population that gets Poisson spikes at the start of a trial; none: no kick.",
              .type = abi::ParameterType::text,
              .refers_to = "population"},
          abi::Parameter{.name = "kick.cells",
                         .summary = "Kicked cells, from 0; an empty list: all.",
                         .type = abi::ParameterType::integer_list,
                         .minimum = 0,
                         .maximum = 1e9,
                         .default_numbers = all_cells},
          abi::Parameter{.name = "kick.rate",
                         .unit = "Hz",
                         .summary = "Rate of spikes to a kicked cell.",
                         .default_value = 1000,
                         .minimum = 0,
                         .maximum = 1e6},
          abi::Parameter{.name = "kick.duration",
                         .unit = "s",
                         .summary = "Length of the kick.",
                         .default_value = 15e-3,
                         .minimum = 0}},
      Background::parameters);

  explicit Telegraph(const Config& c)
      : populations_(c.texts("populations").begin(), c.texts("populations").end()),
        cells_(c.integers("cells").begin(), c.integers("cells").end()),
        kicked_cells_(c.integers("kick.cells").begin(), c.integers("kick.cells").end()),
        stay_(c.reals("stay").begin(), c.reals("stay").end()),
        states_(c.text("states") == chains[0]   ? std::span<const double>(on_off)
                : c.text("states") == chains[1] ? std::span<const double>(left_right)
                                                : std::span<const double>(left_off_right)),
        interval_(c.real("interval")),
        begin_(c.real("begin")),
        end_(c.real("end")),
        amplitude_(c.real("amplitude")),
        rate_(c.real("rate")),
        kicked_(c.text("kick.population")),
        kick_rate_(c.real("kick.rate")),
        kick_duration_(c.real("kick.duration")),
        background_(c) {
    if (populations_.empty() || populations_.size() > 2)
      throw Error("'populations' needs one name or two, it has " + std::to_string(populations_.size()));
    if (stay_.size() != 2 || stay_[0] > stay_[1])
      throw Error("'stay' needs two probabilities, the smaller one first");
  }

  void begin_life(const LifeContext& life, Random& random) override {
    life_ = &life;
    seed_ = random.bits();
    const auto steps = [&](double time) { return std::llround(time / life.dt()); };
    first_ = steps(begin_);
    last_ = steps(end_);
    if (last_ <= first_) throw Error("'end' has to come at least a time step after 'begin'");
    steps_per_interval_ = steps_of_interval(interval_, life.dt());
    for (const std::string& p : populations_) check_cells("cells", cells_, p);
    if (!kicked_.empty()) check_cells("kick.cells", kicked_cells_, kicked_);
  }

  void begin_phase(std::int64_t first_trial, std::int64_t) override {
    if (last_ > life_->steps(first_trial)) {
      throw Error("'end' is " + seconds(end_) + ", after the end of a trial, which lasts " +
                  seconds(static_cast<double>(life_->steps(first_trial)) * life_->dt()));
    }
  }

  Input input(std::int64_t trial, std::string_view population, ConstVectorView gain,
              Random& random) override {
    const auto found = std::ranges::find(populations_, population);
    const bool noisy = background_.reaches(population), kicked = population == kicked_;
    if (found == populations_.end() && !noisy && !kicked) return {};
    draw_path(trial);
    drive_.setZero(gain.size(), path_.size());
    spikes_.clear();
    if (found != populations_.end()) drive(found == populations_.begin() ? 1 : -1, gain, random);
    if (kicked) {
      const std::int64_t end =
          std::min<std::int64_t>(path_.size(), std::llround(kick_duration_ / life_->dt()));
      draw_poisson(kick_rate_ * life_->dt(), 0, end, view_of(std::as_const(chosen(kicked_cells_, gain))), 0,
                   random, spikes_);
    }
    if (noisy) background_.add(life_->dt(), gain, random, drive_, spikes_);
    return background_.input(spikes_, drive_);
  }

  ConstMatrixView signal(std::string_view name, std::int64_t trial) override {
    if (name != "state" && name != "net")
      throw Error("telegraph has no signal '" + std::string(name) + "'; its signals: state, net");
    draw_path(trial);
    signal_ = path_.transpose();
    if (name == "net") {
      double sum = 0;
      for (Eigen::Index t = 0; t < signal_.cols(); ++t) {
        signal_(0, t) = sum / static_cast<double>(last_ - first_);
        sum += path_[t];
      }
    }
    return view_of(std::as_const(signal_));
  }

 private:
  // One stream per trial, so that all populations and whoever asks for the signal see the same path.
  void draw_path(std::int64_t trial) {
    if (trial == drawn_) return;
    drawn_ = trial;
    Random stream(seed_, "telegraph", static_cast<std::uint64_t>(life_->network()), trial);
    const double stay = stay_[0] + (stay_[1] - stay_[0]) * stream.uniform();
    const auto intervals =
        static_cast<std::size_t>((last_ - first_ + steps_per_interval_ - 1) / steps_per_interval_);
    const std::vector<double> values = telegraph::path(states_, stay, intervals, stream);
    path_ = Eigen::VectorXd::Zero(life_->steps(trial));
    for (std::int64_t t = first_; t < last_; ++t)
      path_[t] = values[static_cast<std::size_t>((t - first_) / steps_per_interval_)];
  }

  // The drive and spikes of a population that states of this sign drive.
  void drive(double sign, ConstVectorView gain, Random& random) {
    const Eigen::VectorXd& driven = chosen(cells_, gain);
    const auto level = [&](std::int64_t t) {
      const double signed_state = sign * path_[t];
      return populations_.size() == 1 ? signed_state : std::max(0.0, signed_state);
    };
    for (std::int64_t t = first_; t < last_; ++t) drive_.col(t) = amplitude_ * level(t) * driven;
    if (rate_ <= 0) return;
    for (std::int64_t t = first_; t < last_;) {
      std::int64_t end = t + 1;
      while (end < last_ && path_[end] == path_[t]) ++end;
      if (level(t) > 0) draw_poisson(rate_ * life_->dt(), t, end, view_of(driven), 0, random, spikes_);
      t = end;
    }
  }

  // The gain of chosen cells, 0 of all others; valid until the next call.
  const Eigen::VectorXd& chosen(const std::vector<std::int64_t>& cells, ConstVectorView gain) {
    chosen_ = gain;
    if (cells.empty()) return chosen_;
    chosen_.setZero();
    for (const std::int64_t cell : cells) chosen_[cell] = gain[cell];
    return chosen_;
  }

  void check_cells(const char* key, const std::vector<std::int64_t>& cells,
                   const std::string& population) const {
    for (const std::int64_t cell : cells) {
      if (cell >= life_->cells(population))
        throw Error("'" + std::string(key) + "' names cell " + std::to_string(cell) + ", but '" + population +
                    "' has cells 0 to " + std::to_string(life_->cells(population) - 1));
    }
  }

  std::vector<std::string> populations_;
  std::vector<std::int64_t> cells_, kicked_cells_;
  std::vector<double> stay_;
  std::span<const double> states_;
  double interval_, begin_, end_, amplitude_, rate_;
  std::string kicked_;
  double kick_rate_, kick_duration_;
  Background background_;
  const LifeContext* life_ = nullptr;
  std::uint64_t seed_ = 0;
  std::int64_t first_ = 0, last_ = 0, steps_per_interval_ = 1, drawn_ = -1;
  Eigen::VectorXd path_, chosen_;
  Eigen::MatrixXd drive_, signal_;
  std::vector<Spike> spikes_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Telegraph, hebbforge::Stimulus)
