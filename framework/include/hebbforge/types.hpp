// Views of host-owned memory: the only vectors and matrices that cross the plugin border.
#pragma once

#include <Eigen/Core>

namespace hebbforge {

/// Column-major view, shape (rows, cols); columns may be padded. Views never own: an owning Eigen type
/// has another alignment where SIMD flags differ, and crashes when it crosses a library border.
using MatrixView = Eigen::Map<Eigen::MatrixXd, Eigen::Unaligned, Eigen::OuterStride<>>;
using ConstMatrixView = Eigen::Map<const Eigen::MatrixXd, Eigen::Unaligned, Eigen::OuterStride<>>;
using VectorView = Eigen::Map<Eigen::VectorXd, Eigen::Unaligned>;
using ConstVectorView = Eigen::Map<const Eigen::VectorXd, Eigen::Unaligned>;

/// Views of an owning matrix or vector, which has to outlive them.
inline MatrixView view_of(Eigen::MatrixXd& matrix) {
  return {matrix.data(), matrix.rows(), matrix.cols(), Eigen::OuterStride<>(matrix.rows())};
}
inline ConstMatrixView view_of(const Eigen::MatrixXd& matrix) {
  return {matrix.data(), matrix.rows(), matrix.cols(), Eigen::OuterStride<>(matrix.rows())};
}
inline VectorView view_of(Eigen::VectorXd& vector) { return {vector.data(), vector.size()}; }
inline ConstVectorView view_of(const Eigen::VectorXd& vector) { return {vector.data(), vector.size()}; }
/// Read-only views of writable ones.
inline ConstMatrixView as_const(const MatrixView& view) {
  return {view.data(), view.rows(), view.cols(), Eigen::OuterStride<>(view.outerStride())};
}
inline ConstVectorView as_const(const VectorView& view) { return {view.data(), view.size()}; }
/// A view of nothing.
inline ConstMatrixView no_matrix() { return {nullptr, 0, 0, Eigen::OuterStride<>(0)}; }

}  // namespace hebbforge
