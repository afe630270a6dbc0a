// Proposes candidates: ask and tell.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/state.hpp>
#include <hebbforge/types.hpp>
#include <span>
#include <string_view>

namespace hebbforge {

/// What is searched, every vector of shape (dimension). Log-scale coordinates arrive as logarithms.
struct SearchSpace {
  ConstVectorView start, lower, upper;  ///< lower <= start <= upper; bounds may be infinite
  ConstVectorView step;                 ///< initial standard deviation per coordinate, > 0
  std::uint64_t seed;
  /// Of a warm start: shape (dimension, dimension), of coordinates divided by `step`; empty: the identity.
  ConstMatrixView covariance = no_matrix();
};

enum class Status { healthy, failed, censored };  // censored: by racing only

/// Entry or column k belongs to candidate k.
struct Evaluations {
  ConstVectorView loss;                   ///< to be minimized; finite
  ConstMatrixView per_network, measures;  ///< (networks, candidates), (measures, candidates)
  std::span<const Status> status;
};

/// Proposes candidates and learns from their losses. The host owns evaluation, budget and threads, checks
/// shapes and finiteness, and calls from one thread: begin (or restore), then ask, tell, ask, tell …
/// All randomness comes from SearchSpace::seed.
class HEBBFORGE_API Optimizer {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::optimizer;
  virtual ~Optimizer();

  /// Copies what it needs from `space`. Also called before restore().
  virtual void begin(const SearchSpace& space) = 0;
  /// Of the next ask(); may change from one generation to the next.
  virtual Eigen::Index population_size() const noexcept = 0;
  /// \param[out] candidates  as columns: shape (dimension, population_size()); all within the bounds
  virtual void ask(MatrixView candidates) = 0;
  virtual void tell(ConstMatrixView candidates, const Evaluations& evaluations) = 0;
  virtual std::string_view stop() const noexcept = 0;  ///< "" while it runs, then why it ended: "tolfun"
  /// All that the next ask() depends on; restored, it continues to the same bytes. Called between
  /// tell() and ask().
  virtual void save(StateWriter& out) const = 0;
  virtual void restore(const StateReader& in) = 0;
  /// The order of this many best candidates of a generation is all that tell() looks at, from 1 to
  /// population_size(); racing may leave the others unfinished, with losses that are bounds from below.
  virtual Eigen::Index parents() const noexcept { return population_size(); }
  virtual void best(VectorView parameters) const = 0;  ///< of a distribution the mean
  /// Covariance of the search distribution, of coordinates divided by SearchSpace::step, shape (dimension,
  /// dimension); what `start_from` hands to the next search. False: there is none.
  virtual bool covariance(MatrixView) const { return false; }
};

}  // namespace hebbforge
