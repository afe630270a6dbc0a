#include <Eigen/Core>
#include <array>
#include <cmath>
#include <hebbforge/background.hpp>
#include <hebbforge/interfaces/stimulus.hpp>
#include <hebbforge/register.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {
using namespace hebbforge;

constexpr const char* excitatory = "E";

/// One cell of one population is kicked at the start of each trial; all other cells receive Poisson spikes,
/// in part frozen over trials (drawn once per life), in part fresh (Bell et al. 2024; HVC driven by Uva).
class KickAndPoisson final : public Stimulus {
 public:
  static constexpr Identity identity{"hebbforge.kick_and_poisson", "1.0.0",
                                     "A kick to one cell, frozen and fresh Poisson input to all others.",
                                     "Bell et al., NeurIPS 37 (2024)"};
  static constexpr std::array schema{
      abi::Parameter{.name = "kicked",
                     .summary = "Population with the kicked cell, its first.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "kick_spikes",
                     .summary = "Spikes of the kick, one per step from the first on.",
                     .type = abi::ParameterType::integer,
                     .default_value = 10,
                     .minimum = 0,
                     .maximum = 1e6},
      abi::Parameter{.name = "frozen_rate",
                     .unit = "Hz",
                     .summary = "Input rate per cell, the same spikes in every trial.",
                     .default_value = 60,
                     .minimum = 0,
                     .maximum = 1e6},
      abi::Parameter{.name = "fresh_rate",
                     .unit = "Hz",
                     .summary = "Input rate per cell, new spikes in every trial.",
                     .default_value = 20,
                     .minimum = 0,
                     .maximum = 1e6},
      abi::Parameter{.name = "begin",
                     .unit = "s",
                     .summary = "Start of the Poisson input.",
                     .default_value = 1e-3,
                     .minimum = 0},
      abi::Parameter{.name = "end",
                     .unit = "s",
                     .summary = "End of the Poisson input.",
                     .default_value = 65e-3,
                     .minimum = 0},
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
                     .summary = "Peak of one spike's response in the kicked population.",
                     .default_value = 0.09},
      abi::Parameter{
          .name = "other_amplitude", .summary = "The same in all other populations.", .default_value = 0.02},
      abi::Parameter{
          .name = "noise_sd",
          .summary = "Standard deviation of Gaussian noise on every cell's drive, new in each step.",
          .default_value = 0,
          .minimum = 0,
          .maximum = 1e6}};

  explicit KickAndPoisson(const Config& c)
      : kicked_(c.text("kicked")),
        kick_spikes_(c.integer("kick_spikes")),
        frozen_rate_(c.real("frozen_rate")),
        fresh_rate_(c.real("fresh_rate")),
        begin_(c.real("begin")),
        end_(c.real("end")),
        tau_(c.real("tau")),
        cut_(c.real("cut")),
        amplitude_(c.real("amplitude")),
        other_amplitude_(c.real("other_amplitude")),
        noise_sd_(c.real("noise_sd")) {
    if (end_ < begin_) throw Error("'end' is before 'begin'");
  }

  void begin_life(const LifeContext& life, Random& random) override {
    life_ = &life;
    dt_ = life.dt();
    first_ = static_cast<std::int64_t>(std::llround(begin_ / dt_));
    last_ = static_cast<std::int64_t>(std::llround(end_ / dt_));
    frozen_seed_ = random.bits();
    network_ = static_cast<std::uint64_t>(life.network());
  }

  Input input(std::int64_t trial, std::string_view population, ConstVectorView gain,
              Random& random) override {
    const bool kicked = population == kicked_;
    const Eigen::Index skipped = kicked ? 1 : 0;
    auto [found, is_new] = frozen_.try_emplace(std::string(population));
    if (is_new) {
      // One stream per population, so that populations do not shift each other's spikes.
      Random stream(frozen_seed_, "frozen " + std::string(population), network_);
      const std::vector<double> even(static_cast<std::size_t>(gain.size()), 1.0);
      if (kicked) {
        for (std::int64_t k = 0; k < kick_spikes_; ++k)
          found->second.push_back({static_cast<std::int32_t>(k), 0});
      }
      draw_poisson(frozen_rate_ * dt_, first_, last_, ConstVectorView(even.data(), gain.size()), skipped,
                   stream, found->second);
    }
    fresh_.clear();
    draw_poisson(fresh_rate_ * dt_, first_, last_, gain, skipped, random, fresh_);
    return {found->second,
            fresh_,
            Kernel::alpha,
            tau_,
            cut_,
            kicked ? amplitude_ : other_amplitude_,
            noise_sd_ > 0 ? noise(life_->steps(trial), gain, random) : no_matrix()};
  }

 private:
  // Drawn after the spikes, which therefore are the same for any size of the noise.
  ConstMatrixView noise(std::int64_t steps, ConstVectorView gain, Random& random) {
    noise_.resize(gain.size(), steps);
    for (Eigen::Index t = 0; t < noise_.cols(); ++t) {
      for (Eigen::Index i = 0; i < noise_.rows(); ++i) noise_(i, t) = noise_sd_ * gain[i] * random.normal();
    }
    return view_of(std::as_const(noise_));
  }

  std::string kicked_;
  std::int64_t kick_spikes_;
  double frozen_rate_, fresh_rate_, begin_, end_, tau_, cut_, amplitude_, other_amplitude_, noise_sd_;
  const LifeContext* life_ = nullptr;
  double dt_ = 0;
  std::int64_t first_ = 0, last_ = 0;
  std::uint64_t frozen_seed_ = 0, network_ = 0;
  std::map<std::string, std::vector<Spike>, std::less<>> frozen_;
  std::vector<Spike> fresh_;
  Eigen::MatrixXd noise_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(KickAndPoisson, hebbforge::Stimulus)
