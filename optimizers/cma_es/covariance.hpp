// The covariance that CMA-ES adapts, and its square root.
#pragma once

#include <Eigen/Core>
#include <hebbforge/state.hpp>
#include <hebbforge/types.hpp>

namespace hebbforge::cma_es {

/// C of dimension n, full or diagonal. Its root B D (of a diagonal one: D) is as old as the last decompose().
class Covariance {
 public:
  /// \param start  shape (n, n), of which a diagonal one takes the diagonal; empty: the identity
  void begin(Eigen::Index n, bool diagonal, const Eigen::MatrixXd& start);
  bool diagonal() const noexcept { return diagonal_; }

  /// y = B D z for every column, shape (n, anything).
  void color(const Eigen::MatrixXd& z, Eigen::MatrixXd& y) const;
  /// D^-1 B^T y: a z that color() makes y.
  Eigen::VectorXd whiten(const Eigen::VectorXd& y) const;
  /// C^(-1/2) of what color() made of z: B z.
  Eigen::VectorXd rotate(const Eigen::VectorXd& z) const;

  /// C <- decay C + sum of plus_k plus_k^T - sum of minus_k minus_k^T over columns.
  void update(double decay, const Eigen::MatrixXd& plus, const Eigen::MatrixXd& minus);
  void decompose();
  void scale_coordinate(Eigen::Index i, double factor);

  Eigen::VectorXd variances() const;  ///< the diagonal of C
  double largest_root() const noexcept { return roots_.maxCoeff(); }
  double smallest_root() const noexcept { return roots_.minCoeff(); }
  Eigen::VectorXd axis(Eigen::Index k) const;  ///< D_k times column k of B
  void write_to(MatrixView out) const;         ///< C as a full matrix, shape (n, n)

  void save(StateWriter& out) const;
  void restore(const StateReader& in);

 private:
  bool diagonal_ = false;
  Eigen::MatrixXd c_;      // (n, n) of which the lower triangle counts; (n, 1) if diagonal
  Eigen::MatrixXd axes_;   // B; empty if diagonal
  Eigen::VectorXd roots_;  // D
};

}  // namespace hebbforge::cma_es
