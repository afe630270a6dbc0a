// The dynamics of a population's cells.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/types.hpp>

namespace hebbforge {

/// A population in one time step.
struct PopulationView {
  double dt;              ///< s
  ConstVectorView input;  ///< u + W r, shape (n_cells)
  MatrixView state;       ///< shape (n_cells, states()); 0 at a reset
  VectorView rate;        ///< in: r_i, out: r_{i+1}
};

/// Steps one population. Concurrent calls on different views are allowed.
class HEBBFORGE_API Neuron {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::neuron;
  virtual ~Neuron();
  virtual Eigen::Index states() const noexcept { return 1; }
  /// True: rates are never negative, which lets the engine gather effects from sums.
  virtual bool non_negative() const noexcept { return false; }
  virtual void step(const PopulationView& view) const noexcept = 0;
};

}  // namespace hebbforge
