// The dynamics of a population's cells.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/types.hpp>
#include <optional>

namespace hebbforge {

/// A population in one time step.
struct PopulationView {
  double dt;              ///< s
  ConstVectorView input;  ///< u + W r, shape (n_cells)
  MatrixView state;       ///< shape (n_cells, states()); 0 at a reset
  VectorView rate;        ///< in: r_i, out: r_{i+1}
};

/// \f$ r_{i+1} = g [s_i - b]^+,\; s_{i+1} = s_i + (v - s_i)\, \Delta t / \tau \f$
struct ThresholdLinearCells {
  double tau, threshold, gain;  ///< s, "1", "1"
};

/// Steps one population. Concurrent calls on different views are allowed.
class HEBBFORGE_API Neuron {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::neuron;
  virtual ~Neuron();
  virtual Eigen::Index states() const noexcept { return 1; }
  /// True: rates are never negative, which lets the engine gather effects from sums.
  virtual bool non_negative() const noexcept { return false; }
  /// A neuron that is exactly this may say so: the engine then steps it in its own loop.
  virtual std::optional<ThresholdLinearCells> threshold_linear() const noexcept { return std::nullopt; }
  virtual void step(const PopulationView& view) const noexcept = 0;
};

}  // namespace hebbforge
