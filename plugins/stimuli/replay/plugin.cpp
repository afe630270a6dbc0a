#include <array>
#include <cmath>
#include <hebbforge/interfaces/stimulus.hpp>
#include <hebbforge/register.hpp>
#include <map>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char* excitatory = "E";

/// Recorded spikes, filtered anew. The input file has either `spikes`, counts of shape (steps, cells) for
/// every trial, or `fixed_spikes` (step, cell) and `random_spikes` (trial, step, cell); cells count over all
/// populations.
class Replay final : public Stimulus {
 public:
  static constexpr Identity identity{"hebbforge.replay", "1.0.0", "Spikes from the pipeline's input file."};
  static constexpr std::array schema{
      abi::Parameter{.name = "strong",
                     .summary = "Population with the strong input.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "tau",
                     .unit = "s",
                     .summary = "Time constant of the alpha-shaped response.",
                     .default_value = 3e-3,
                     .minimum = 1e-6},
      abi::Parameter{.name = "cut",
                     .unit = "s",
                     .summary = "Length of the response.",
                     .default_value = 30e-3,
                     .minimum = 0},
      abi::Parameter{.name = "amplitude",
                     .summary = "Peak of one spike's response in the strong population.",
                     .default_value = 0.09},
      abi::Parameter{
          .name = "other_amplitude", .summary = "The same in all other populations.", .default_value = 0.02}};

  explicit Replay(const Config& c)
      : strong_(c.text("strong")),
        tau_(c.real("tau")),
        cut_(c.real("cut")),
        amplitude_(c.real("amplitude")),
        other_amplitude_(c.real("other_amplitude")) {}

  void begin_life(const LifeContext& life, Random&) override {
    life_ = &life;
    if (life.has_dataset("spikes")) {
      const ConstMatrixView counts = life.dataset("spikes");
      for (Eigen::Index step = 0; step < counts.rows(); ++step) {
        for (Eigen::Index cell = 0; cell < counts.cols(); ++cell) {
          for (int n = 0; n < static_cast<int>(counts(step, cell)); ++n) {
            fixed_.push_back({static_cast<std::int32_t>(step), static_cast<std::int32_t>(cell)});
          }
        }
      }
      return;
    }
    const ConstMatrixView fixed = life.dataset("fixed_spikes"), random = life.dataset("random_spikes");
    if (fixed.cols() != 2 || random.cols() != 3) {
      throw Error("replay: fixed_spikes needs the columns step, cell; random_spikes trial, step, cell");
    }
    for (Eigen::Index k = 0; k < fixed.rows(); ++k) fixed_.push_back(spike(fixed(k, 0), fixed(k, 1)));
    for (Eigen::Index k = 0; k < random.rows(); ++k) {
      fresh_[static_cast<std::int64_t>(random(k, 0))].push_back(spike(random(k, 1), random(k, 2)));
    }
  }

  Input input(std::int64_t trial, std::string_view population, ConstVectorView gain, Random&) override {
    const auto first = static_cast<std::int32_t>(life_first_cell(population));
    const auto last = first + static_cast<std::int32_t>(gain.size());
    auto [found, is_new] = frozen_of_.try_emplace(std::string(population));
    if (is_new) select(fixed_, first, last, found->second);
    now_.clear();
    if (const auto fresh = fresh_.find(trial); fresh != fresh_.end())
      select(fresh->second, first, last, now_);
    return {found->second, now_, Kernel::alpha,
            tau_,          cut_, population == strong_ ? amplitude_ : other_amplitude_};
  }

 private:
  static Spike spike(double step, double cell) {
    return {static_cast<std::int32_t>(step), static_cast<std::int32_t>(cell)};
  }
  static void select(const std::vector<Spike>& all, std::int32_t first, std::int32_t last,
                     std::vector<Spike>& out) {
    for (const Spike& s : all) {
      if (s.cell >= first && s.cell < last) out.push_back({s.step, s.cell - first});
    }
  }
  Eigen::Index life_first_cell(std::string_view population) {
    auto [found, is_new] = first_cell_.try_emplace(std::string(population), 0);
    if (is_new) found->second = life_->first_cell(population);
    return found->second;
  }

  std::string strong_;
  double tau_, cut_, amplitude_, other_amplitude_;
  const LifeContext* life_ = nullptr;
  std::vector<Spike> fixed_, now_;
  std::map<std::int64_t, std::vector<Spike>> fresh_;
  std::map<std::string, std::vector<Spike>, std::less<>> frozen_of_;
  std::map<std::string, Eigen::Index, std::less<>> first_cell_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Replay, hebbforge::Stimulus)
