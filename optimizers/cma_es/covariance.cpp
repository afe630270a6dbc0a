#include "covariance.hpp"

#include <Eigen/Eigenvalues>
#include <hebbforge/sized_state.hpp>
#include <utility>

namespace hebbforge::cma_es {
namespace {
constexpr double smallest_eigenvalue = 1e-300;  // rounding can push one to zero or below
}

void Covariance::begin(Eigen::Index n, bool diagonal, const Eigen::MatrixXd& start) {
  diagonal_ = diagonal;
  roots_ = Eigen::VectorXd::Ones(n);
  axes_ = diagonal ? Eigen::MatrixXd() : Eigen::MatrixXd::Identity(n, n);
  c_ = Eigen::MatrixXd::Identity(n, n);
  if (diagonal) c_.setOnes(n, 1);
  if (start.size() == 0) return;
  c_ = diagonal ? Eigen::MatrixXd(start.diagonal()) : Eigen::MatrixXd(0.5 * (start + start.transpose()));
  decompose();
}

void Covariance::color(const Eigen::MatrixXd& z, Eigen::MatrixXd& y) const {
  if (diagonal_)
    y = roots_.asDiagonal() * z;
  else
    y.noalias() = axes_ * (roots_.asDiagonal() * z);
}

Eigen::VectorXd Covariance::whiten(const Eigen::VectorXd& y) const {
  if (diagonal_) return y.cwiseQuotient(roots_);
  return (axes_.transpose() * y).cwiseQuotient(roots_);
}

Eigen::VectorXd Covariance::rotate(const Eigen::VectorXd& z) const {
  return diagonal_ ? z : Eigen::VectorXd(axes_ * z);
}

void Covariance::update(double decay, const Eigen::MatrixXd& plus, const Eigen::MatrixXd& minus) {
  c_ *= decay;
  if (diagonal_) {
    c_ += plus.cwiseAbs2().rowwise().sum() - minus.cwiseAbs2().rowwise().sum();
    c_ = c_.cwiseMax(smallest_eigenvalue);
  } else {
    c_.selfadjointView<Eigen::Lower>().rankUpdate(plus, 1.0);
    if (minus.cols() > 0) c_.selfadjointView<Eigen::Lower>().rankUpdate(minus, -1.0);
  }
}

void Covariance::decompose() {
  if (diagonal_) {
    roots_ = c_.col(0).cwiseSqrt();
    return;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(c_);  // reads the lower triangle
  roots_ = solver.eigenvalues().cwiseMax(smallest_eigenvalue).cwiseSqrt();
  axes_ = solver.eigenvectors();
}

void Covariance::scale_coordinate(Eigen::Index i, double factor) {
  if (diagonal_) {
    c_(i, 0) *= factor * factor;
    return;
  }
  c_.row(i) *= factor;
  c_.col(i) *= factor;
}

Eigen::VectorXd Covariance::variances() const {
  return diagonal_ ? Eigen::VectorXd(c_.col(0)) : Eigen::VectorXd(c_.diagonal());
}

Eigen::VectorXd Covariance::axis(Eigen::Index k) const {
  return diagonal_ ? Eigen::VectorXd(roots_[k] * Eigen::VectorXd::Unit(roots_.size(), k))
                   : Eigen::VectorXd(roots_[k] * axes_.col(k));
}

void Covariance::write_to(MatrixView out) const {
  if (diagonal_)
    out = c_.col(0).asDiagonal();
  else
    out = c_.selfadjointView<Eigen::Lower>();
}

void Covariance::save(StateWriter& out) const {
  Eigen::MatrixXd c = c_;
  if (!diagonal_) write_to(view_of(c));
  out.matrix("covariance", view_of(std::as_const(c)));
  out.matrix("axes", view_of(axes_));
  out.vector("deviations", view_of(roots_));
}

void Covariance::restore(const StateReader& in) {
  // Another shape than begin() made is another search's.
  c_ = matrix_of(in, "covariance", c_.rows(), c_.cols());
  axes_ = matrix_of(in, "axes", axes_.rows(), axes_.cols());
  roots_ = vector_of(in, "deviations", roots_.size());
}

}  // namespace hebbforge::cma_es
