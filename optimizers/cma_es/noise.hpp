// How much the ranks of candidates change when they are evaluated again.
#pragma once

#include <Eigen/Core>
#include <hebbforge/state.hpp>
#include <hebbforge/types.hpp>

namespace hebbforge::cma_es {

/// Spearman's rank correlation of two losses of the same candidates, n >= 2; equal losses keep their order.
double rank_correlation(const Eigen::VectorXd& a, const Eigen::VectorXd& b);

/// Reliability of a ranking by the sum over networks, from the rank correlation of its two halves (even and
/// odd networks; Spearman and Brown 1910): 1 where no rank depends on the networks.
/// \param per_network  shape (networks >= 2, candidates)
double split_half_reliability(ConstMatrixView per_network);

/// What to do about noise: in the spirit of UH-CMA-ES (Hansen, Niederberger, Guzzella and Koumoutsakos, IEEE
/// Trans. Evol. Comput. 13, 2009), which evaluates longer where ranks change and widens the step when
/// it cannot. An optimizer cannot evaluate longer here, so the population grows instead.
class NoiseControl {
 public:
  void begin() noexcept { reliability_ = 1; }
  void observe(double reliability) noexcept;
  double reliability() const noexcept { return reliability_; }  ///< averaged over about five generations
  /// Factor for the population: above 1 where ranks change much, below 1 where they hardly do.
  double population_factor() const noexcept;

  void save(StateWriter& out) const { out.real("reliability", reliability_); }
  void restore(const StateReader& in) { reliability_ = in.real("reliability"); }

 private:
  double reliability_ = 1;
};

}  // namespace hebbforge::cma_es
