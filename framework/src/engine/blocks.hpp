// What the kernels see of a sparse matrix.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hebbforge::engine {

/// Entries of a matrix in blocks of four rows of one column, column after column, rows ascending; a block
/// holds at least one entry, and 0 where there is none. Block k holds rows place[k] / 16 * 4 and on: bit r of
/// place[k] is set where row r of them has an entry.
struct Blocks {
  static constexpr std::size_t rows = 4;
  const std::uint32_t* first = nullptr;  ///< of each column; then the number of blocks
  const std::uint32_t* place = nullptr;
  double* values = nullptr;  ///< `rows` numbers each, aligned to their size
  std::size_t count = 0;
};

}  // namespace hebbforge::engine
