// One neuron whose excitation and inhibition are set by moments of its response.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <iosfwd>
#include <optional>
#include <vector>

namespace hebbforge {

/// The reduced model of Bell, Duffy & Fairhall (NeurIPS 2024, Fig. 6 g-j). Input of a given amplitude in [0,
/// T] passes through a synapse and excites the neuron with weight w against inhibition b: \f$ r(t) = [w K(t)
/// - b]^+ \f$, \f$ K(t) = \int_0^t e^{-(t-t')/\tau_s}\, r_{in}(t')\, dt' \f$.
struct ReducedNeuron {
  double amplitude = 20;   ///< of the input, > 0
  double duration = 0.01;  ///< T in s, > 0
  double tau = 0.004;      ///< of the synapse in s, > 0
};

/// What the homeostatic rules hold constant, after each trial, with \f$ M_1 = \int r\,dt \f$ and
/// \f$ M_2 = \int r^2\,dt \f$:
/// \f$ \Delta w = \gamma_w (w_0 - c^w_1 M_1 - c^w_2 M_2) \f$,
/// \f$ \Delta b = \gamma_b (c^b_1 M_1 + c^b_2 M_2 - b_0) \f$.
struct MomentHomeostasis {
  double w_rate, b_rate;                                        ///< gamma, > 0
  double w_target, b_target;                                    ///< w_0, b_0
  double w_first = 0, w_second = 1, b_first = 1, b_second = 0;  ///< c
};

struct ReducedWeights {
  double w = 0, b = 0;
};

/// A response in closed form; all 0 where the neuron stays silent.
struct ReducedResponse {
  double begin = 0, end = 0;                ///< s; r > 0 between them
  double peak = 0;                          ///< r(T)
  double first = 0, second = 0;             ///< M_1, M_2
  double kernel = 0, kernel_squared = 0;    ///< integrals of K and K^2 while r > 0
  double first_by_w = 0, first_by_b = 0;    ///< derivatives of M_1
  double second_by_w = 0, second_by_b = 0;  ///< of M_2
  double duration() const noexcept { return end - begin; }
  /// \f$ \partial_w M_2\, \partial_b M_1 - \partial_w M_1\, \partial_b M_2 \f$, which is
  /// \f$ -2 w\,(D \int K^2 - (\int K)^2) = -2 w D^2\, \mathrm{Var}(K) \f$ over the active time D: never
  /// positive, whatever the input.
  double determinant() const noexcept { return second_by_w * first_by_b - first_by_w * second_by_b; }
};

/// \param weights  w > 0, b > 0
HEBBFORGE_API ReducedResponse respond(const ReducedNeuron& neuron, const ReducedWeights& weights) noexcept;

/// The weights after one trial; neither falls below `floor`.
HEBBFORGE_API ReducedWeights next_weights(const ReducedNeuron& neuron, const MomentHomeostasis& rules,
                                          const ReducedWeights& weights, double floor = 1e-8) noexcept;

/// Where both rules rest, if they do in one point with w > 0 and b > 0. M_2/M_1^2 depends on b/w alone and
/// rises with it, so that there is at most one.
HEBBFORGE_API std::optional<ReducedWeights> fixed_point(const ReducedNeuron& neuron,
                                                        const MomentHomeostasis& rules) noexcept;

/// How the flow of the rules looks near a point.
enum class Stability : std::uint32_t {
  stable,      ///< determinant of the Jacobian > 0, trace < 0
  unstable,    ///< > 0, trace >= 0
  saddle,      ///< < 0
  degenerate,  ///< 0: a line of fixed points, or none
};
HEBBFORGE_API Stability stability_at(const ReducedNeuron& neuron, const MomentHomeostasis& rules,
                                     const ReducedWeights& weights) noexcept;

/// Weights before each of `trials` trials, and after the last: trials + 1 entries.
HEBBFORGE_API std::vector<ReducedWeights> trajectory(const ReducedNeuron& neuron,
                                                     const MomentHomeostasis& rules,
                                                     const ReducedWeights& start, std::int64_t trials);

/// Writes such a trajectory as CSV: trial, w, b, first_moment, second_moment, peak, duration (s).
HEBBFORGE_API void write_trajectory(std::ostream& out, const ReducedNeuron& neuron,
                                    const std::vector<ReducedWeights>& weights);

}  // namespace hebbforge
