// Arrays of a saved state whose size is known: a checkpoint may be damaged, or made by hand.
#pragma once

#include <hebbforge/error.hpp>
#include <hebbforge/state.hpp>
#include <string>

namespace hebbforge {

/// \throws Error if what is saved under `name` cannot be
inline void require_state(bool possible, std::string_view name) {
  if (!possible) throw Error("the saved state's '" + std::string(name) + "' does not fit this search");
}

/// \returns shape (size). \throws Error for another size
inline ConstVectorView vector_of(const StateReader& in, std::string_view name, Eigen::Index size) {
  const ConstVectorView vector = in.vector(name);
  require_state(vector.size() == size, name);
  return vector;
}

/// \returns shape (rows, cols). \throws Error for another one
inline ConstMatrixView matrix_of(const StateReader& in, std::string_view name, Eigen::Index rows,
                                 Eigen::Index cols) {
  const ConstMatrixView matrix = in.matrix(name);
  require_state(matrix.rows() == rows && matrix.cols() == cols, name);
  return matrix;
}

}  // namespace hebbforge
