// Weights and learning rates of CMA-ES.
#pragma once

#include <Eigen/Core>

namespace hebbforge::cma_es {

/// As in Table 1 of the tutorial (arXiv:1604.00772). A diagonal covariance has n instead of n^2 / 2 numbers
/// to learn: c1 and cmu are (n + 2) / 3 times as large (Ros and Hansen, PPSN 2008).
struct Strategy {
  /// \param negative  bound of the sum of negative weights, in units of the tutorial's 1 + c1/cmu; 0: there
  /// are none
  Strategy(Eigen::Index n, Eigen::Index population, double negative, bool diagonal);
  Eigen::Index lambda, mu;
  Eigen::VectorXd weights;  ///< (lambda): positive ones sum to 1; negative ones, if any, scaled to keep C
                            ///< positive definite
  double mueff, cc, cs, c1, cmu, damps, chi_n;
};

}  // namespace hebbforge::cma_es
