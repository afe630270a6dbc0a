// The input of a trial.
#pragma once

#include <cmath>
#include <hebbforge/interfaces/life.hpp>
#include <hebbforge/plugin_abi.hpp>

namespace hebbforge {

struct Spike {
  std::int32_t step, cell;  ///< within the trial and the population; listed twice counts twice
};

enum class Kernel { alpha, exponential };

/// One population's input in one trial: spikes that the engine filters, or a drive, or both.
struct Input {
  std::span<const Spike> frozen, fresh;  ///< frozen: the same in every trial of the phase
  Kernel kernel = Kernel::alpha;         ///< alpha: e (t/tau) exp(-t/tau), peak 1; exponential: exp(-t/tau)
  double tau = 0, cut = HUGE_VAL;        ///< s; the kernel is 0 from `cut` on
  double amplitude = 0;                  ///< "1": of the kernel's peak
  ConstMatrixView drive = no_matrix();   ///< (n_cells, n_steps), added
};

/// Says what every population receives. The engine turns spikes into a drive.
class HEBBFORGE_API Stimulus : public LifePart {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::stimulus;
  ~Stimulus() override;
  /// The trials that this is the stimulus of; called once, after begin_life().
  virtual void begin_phase(std::int64_t first_trial, std::int64_t trials);
  /// A signal that tells losses about one of its trials: a target, a label, a hidden state. Depends on the
  /// trial alone and may be asked for at any time; valid until the next call. Shape (k, n_steps), or (k, 1)
  /// if it holds for the whole trial; NaN: unknown at that time. \throws Error naming the signals that there
  /// are; by default there is none
  virtual ConstMatrixView signal(std::string_view name, std::int64_t trial);
  /// Valid until the next call.
  /// \param trial  of the life, from 0
  /// \param gain   on each cell's fresh input, shape (n_cells)
  /// \param random a stream of this network, population and trial
  virtual Input input(std::int64_t trial, std::string_view population, ConstVectorView gain,
                      Random& random) = 0;
};

}  // namespace hebbforge
