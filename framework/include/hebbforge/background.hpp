// Poisson spikes and noise, as stimuli add them to what they say.
#pragma once

#include <algorithm>
#include <array>
#include <hebbforge/config.hpp>
#include <hebbforge/interfaces/stimulus.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// Poisson spikes in steps [first, last). One count for all cells and steps, each spike placed at random: the
/// same distribution as one count per cell and step.
/// \param mean  spikes per cell and step, where the cell's gain is 1
/// \param gain  of each cell, shape (n_cells); \param first_cell  those before it get none
/// \param[in,out] out  spikes are appended
inline void draw_poisson(double mean, std::int64_t first, std::int64_t last, ConstVectorView gain,
                         Eigen::Index first_cell, Random& random, std::vector<Spike>& out) {
  double total = 0;
  for (Eigen::Index i = first_cell; i < gain.size(); ++i) total += gain[i];
  const std::int64_t steps = last - first;
  const std::int64_t count = random.poisson(mean * static_cast<double>(steps) * total);
  for (std::int64_t k = 0; k < count; ++k) {
    double at = random.uniform() * total;
    Eigen::Index cell = first_cell;
    while (cell + 1 < gain.size() && at >= gain[cell]) at -= gain[cell++];
    out.push_back({static_cast<std::int32_t>(first + random.index(steps)), static_cast<std::int32_t>(cell)});
  }
}

/// Noise beside a signal, independent in every cell and trial: Gaussian in each step, and Poisson spikes
/// through an alpha-shaped response.
class Background {
 public:
  static constexpr abi::List<const char*> none{};
  /// For the schema of a stimulus.
  static constexpr std::array parameters{
      abi::Parameter{.name = "noise",
                     .summary = "Standard deviation of Gaussian noise, drawn anew for every cell and step.",
                     .minimum = 0},
      abi::Parameter{.name = "background",
                     .unit = "Hz",
                     .summary = "Rate of Poisson spikes to every cell, all through the trial.",
                     .minimum = 0,
                     .maximum = 1e6},
      abi::Parameter{
          .name = "noisy",
          .summary = "Populations with noise and background; an empty list: those of 'populations'.",
          .type = abi::ParameterType::text_list,
          .default_texts = none,
          .refers_to = "population"},
      abi::Parameter{
          .name = "spike.amplitude", .summary = "Peak of one spike's response.", .default_value = 0.02},
      abi::Parameter{.name = "spike.tau",
                     .unit = "s",
                     .summary = "Time constant of the alpha-shaped response to a spike.",
                     .default_value = 3e-3,
                     .minimum = 1e-6},
      abi::Parameter{.name = "spike.cut",
                     .unit = "s",
                     .summary = "Length of the response.",
                     .default_value = 30e-3,
                     .minimum = 0}};

  explicit Background(const Config& c)
      : noise_(c.real("noise")),
        rate_(c.real("background")),
        amplitude_(c.real("spike.amplitude")),
        tau_(c.real("spike.tau")),
        cut_(c.real("spike.cut")) {
    const auto populations = c.texts(c.texts("noisy").empty() ? "populations" : "noisy");
    if (noise_ > 0 || rate_ > 0) populations_.assign(populations.begin(), populations.end());
  }
  bool reaches(std::string_view population) const {
    return std::ranges::find(populations_, population) != populations_.end();
  }
  /// Adds one trial's noise and spikes of a population that it reaches.
  /// \param[in,out] drive  shape (n_cells, n_steps)
  void add(double dt, ConstVectorView gain, Random& random, Eigen::MatrixXd& drive,
           std::vector<Spike>& spikes) const {
    if (rate_ > 0) draw_poisson(rate_ * dt, 0, drive.cols(), gain, 0, random, spikes);
    if (noise_ <= 0) return;
    for (Eigen::Index t = 0; t < drive.cols(); ++t) {
      for (Eigen::Index i = 0; i < drive.rows(); ++i) drive(i, t) += noise_ * gain[i] * random.normal();
    }
  }
  /// An input of these spikes, through the response that the parameters say, and this drive.
  Input input(std::span<const Spike> spikes, const Eigen::MatrixXd& drive) const {
    return {{}, spikes, Kernel::alpha, tau_, cut_, amplitude_, view_of(drive)};
  }

 private:
  double noise_, rate_, amplitude_, tau_, cut_;
  std::vector<std::string> populations_;
};

/// A plugin's own parameters, and others after them: one schema.
template <std::size_t n, std::size_t m>
constexpr std::array<abi::Parameter, n + m> joined_schema(const std::array<abi::Parameter, n>& own,
                                                          const std::array<abi::Parameter, m>& others) {
  std::array<abi::Parameter, n + m> all{};
  std::ranges::copy(own, all.begin());
  std::ranges::copy(others, all.begin() + n);
  return all;
}

}  // namespace hebbforge
