// Matrices whose columns are padded to whole vectors of the widest instruction set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <hebbforge/types.hpp>
#include <memory>
#include <new>

namespace hebbforge::engine {

/// Doubles per column: a multiple of 8, so that every column starts on a cache line and no instruction set
/// needs a remainder loop.
constexpr Eigen::Index padded(Eigen::Index rows) noexcept { return (rows + 7) / 8 * 8; }

/// Column-major, 64-byte aligned, padding always 0 as long as nobody writes there.
class PaddedMatrix {
 public:
  PaddedMatrix() = default;
  PaddedMatrix(Eigen::Index rows, Eigen::Index cols)
      : rows_(rows),
        cols_(cols),
        pitch_(padded(rows)),
        data_(allocate(static_cast<std::size_t>(pitch_ * cols))) {
    fill(0);
  }
  PaddedMatrix(const PaddedMatrix&) = delete;
  PaddedMatrix& operator=(const PaddedMatrix&) = delete;
  PaddedMatrix(PaddedMatrix&&) noexcept = default;
  PaddedMatrix& operator=(PaddedMatrix&&) noexcept = default;
  ~PaddedMatrix() = default;

  Eigen::Index rows() const noexcept { return rows_; }
  Eigen::Index cols() const noexcept { return cols_; }
  Eigen::Index pitch() const noexcept { return pitch_; }
  double* data() noexcept { return data_.get(); }
  const double* data() const noexcept { return data_.get(); }
  double* col(Eigen::Index j) noexcept { return data_.get() + j * pitch_; }
  const double* col(Eigen::Index j) const noexcept { return data_.get() + j * pitch_; }
  double& operator()(Eigen::Index i, Eigen::Index j) noexcept { return col(j)[i]; }
  double operator()(Eigen::Index i, Eigen::Index j) const noexcept { return col(j)[i]; }
  MatrixView view() noexcept { return {data(), rows_, cols_, Eigen::OuterStride<>(pitch_)}; }
  ConstMatrixView view() const noexcept { return {data(), rows_, cols_, Eigen::OuterStride<>(pitch_)}; }
  /// Sets the padding too.
  void fill(double value) noexcept { std::fill_n(data(), pitch_ * cols_, value); }

 private:
  struct Free {
    void operator()(double* p) const noexcept { ::operator delete[](p, std::align_val_t{64}); }
  };
  static double* allocate(std::size_t n) {
    return static_cast<double*>(
        ::operator new[](std::max<std::size_t>(n, 8) * sizeof(double), std::align_val_t{64}));
  }
  Eigen::Index rows_ = 0, cols_ = 0, pitch_ = 0;
  std::unique_ptr<double[], Free> data_;
};

}  // namespace hebbforge::engine
