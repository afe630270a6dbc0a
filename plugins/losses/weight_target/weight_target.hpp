// How well weights point where they should.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <hebbforge/types.hpp>

namespace hebbforge::weight_target {

/// Cosine of the angle between two vectors or matrices; 0 if one of them is 0.
template <class A, class B>
double cosine(const A& a, const B& b) {
  const double lengths = a.norm() * b.norm();
  return lengths > 0 ? (a.array() * b.array()).sum() / lengths : 0;
}

/// Direction of the greatest variance of samples; of unit length, its greatest entry is positive.
/// \param samples  shape (dimensions, samples)
/// \param centred  whether variance is about the mean, as usual, or about 0: what Oja's rule finds
inline Eigen::VectorXd principal_component(Eigen::MatrixXd samples, bool centred) {
  if (centred) {
    const Eigen::VectorXd mean = samples.rowwise().mean();
    samples.colwise() -= mean;
  }
  const Eigen::MatrixXd covariance = samples * samples.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  Eigen::VectorXd first = solver.eigenvectors().col(covariance.cols() - 1);
  Eigen::Index largest = 0;
  first.cwiseAbs().maxCoeff(&largest);
  return first[largest] < 0 ? Eigen::VectorXd(-first) : first;
}

}  // namespace hebbforge::weight_target
