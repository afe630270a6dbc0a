// Least squares from many signals to one or several targets.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>

namespace hebbforge {

/// \f$ \hat y = a + B x \f$, fitted by least squares. Of minimal norm, so that features that are always 0
/// (silent cells) or depend on each other do no harm.
class LinearFit {
 public:
  /// \param x  shape (samples, features); \param y  shape (samples, targets); at least one sample
  /// \param ridge  added to the diagonal of the normal equations; 0: ordinary least squares
  LinearFit(Eigen::MatrixXd x, const Eigen::MatrixXd& y, double ridge)
      : mean_x_(x.colwise().mean()), mean_y_(y.cols()), slope_(x.cols(), y.cols()) {
    x.rowwise() -= mean_x_.transpose();
    for (Eigen::Index k = 0; k < y.cols(); ++k) mean_y_[k] = Eigen::VectorXd(y.col(k)).mean();
    const auto centred = [&](Eigen::Index k) -> Eigen::VectorXd { return y.col(k).array() - mean_y_[k]; };
    if (ridge > 0) {
      Eigen::MatrixXd normal = x.transpose() * x;
      normal.diagonal().array() += ridge;
      const Eigen::LDLT<Eigen::MatrixXd> solver(normal);
      for (Eigen::Index k = 0; k < y.cols(); ++k) slope_.col(k) = solver.solve(x.transpose() * centred(k));
      return;
    }
    // The singular values of x are those of the small triangle of its QR decomposition.
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(x);
    const Eigen::Index n = std::min(x.rows(), x.cols());
    const Eigen::MatrixXd triangle = qr.matrixQR().topRows(n).triangularView<Eigen::Upper>();
    Eigen::JacobiSVD<Eigen::MatrixXd> svd(triangle, Eigen::ComputeThinU | Eigen::ComputeThinV);
    svd.setThreshold(1e-14 * static_cast<double>(x.rows()));
    for (Eigen::Index k = 0; k < y.cols(); ++k) {
      const Eigen::VectorXd rotated = qr.householderQ().adjoint() * centred(k);
      slope_.col(k) = svd.solve(rotated.head(n));
    }
  }

  /// Share of the targets' variance that the fit leaves unexplained, 1 - R^2: squared errors over squared
  /// distances from the mean, each summed over samples and targets; 1 if no target varies.
  double unexplained(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) const {
    const Eigen::MatrixXd centred = x.rowwise() - mean_x_.transpose();
    double errors = 0, spread = 0;
    for (Eigen::Index k = 0; k < y.cols(); ++k) {
      const Eigen::VectorXd target = y.col(k), slope = slope_.col(k);
      const Eigen::VectorXd error =
          target - centred * slope - Eigen::VectorXd::Constant(target.size(), mean_y_[k]);
      errors += error.squaredNorm();
      spread += (target.array() - target.mean()).square().sum();
    }
    return spread > 0 ? errors / spread : 1;
  }

  const Eigen::MatrixXd& slope() const noexcept { return slope_; }  ///< shape (features, targets)

 private:
  Eigen::VectorXd mean_x_, mean_y_;
  Eigen::MatrixXd slope_;
};

}  // namespace hebbforge
