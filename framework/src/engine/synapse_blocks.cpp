#include "engine/synapse_blocks.hpp"

#include <algorithm>
#include <cmath>

namespace hebbforge::engine {
namespace {

constexpr auto height = static_cast<Eigen::Index>(Blocks::rows);

// Calls f(value of the block, row, column) for every entry.
template <class Function>
void for_entries(const Blocks& blocks, Eigen::Index columns, const Function& f) {
  for (Eigen::Index j = 0; j < columns; ++j) {
    for (std::size_t k = blocks.first[j]; k < blocks.first[j + 1]; ++k) {
      const std::uint32_t place = blocks.place[k];
      for (std::size_t r = 0; r < Blocks::rows; ++r) {
        if (place >> r & 1) f(blocks.values[k * Blocks::rows + r], place / 16 * height + r, j);
      }
    }
  }
}

}  // namespace

bool SynapseBlocks::take(const PaddedMatrix& matrix, const PaddedMatrix& mask, Which which, double share) {
  const Eigen::Index rows = matrix.rows(), strips = (rows + height - 1) / height;
  const auto most = static_cast<std::size_t>(std::ceil(share * static_cast<double>(strips * matrix.cols())));
  const auto is_in = [&](double w, double m) {
    return which == Which::masked ? m != 0 : w != 0 && (which == Which::all_entries || m == 0);
  };
  view_ = {};
  if (share <= 0) return false;
  first_.clear();
  place_.clear();
  for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
    first_.push_back(static_cast<std::uint32_t>(place_.size()));
    const double *w = matrix.col(j), *m = mask.col(j);
    for (Eigen::Index s = 0, i = 0; s < strips; ++s) {
      std::uint32_t bits = 0;
      for (unsigned r = 0; r < Blocks::rows && i < rows; ++r, ++i)
        bits |= static_cast<std::uint32_t>(is_in(w[i], m[i])) << r;
      if (bits != 0) place_.push_back(static_cast<std::uint32_t>(s) * 16 + bits);
    }
    if (place_.size() > most) return false;
  }
  first_.push_back(static_cast<std::uint32_t>(place_.size()));
  // Two blocks in a cache line.
  const auto lines = static_cast<Eigen::Index>(place_.size() + 1) / 2;
  if (values_.cols() < lines) values_ = PaddedMatrix(2 * height, lines + lines / 8);
  view_ = {first_.data(), place_.data(), values_.data(), place_.size()};
  std::fill_n(values_.data(), place_.size() * Blocks::rows, 0.0);
  for_entries(view_, matrix.cols(),
              [&](double& value, Eigen::Index i, Eigen::Index j) { value = matrix(i, j); });
  return true;
}

void SynapseBlocks::put(PaddedMatrix& matrix) const noexcept {
  for_entries(view_, matrix.cols(),
              [&](double value, Eigen::Index i, Eigen::Index j) { matrix(i, j) = value; });
}

}  // namespace hebbforge::engine
