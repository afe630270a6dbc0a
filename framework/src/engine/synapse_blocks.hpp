// The synapses of a sparse pathway without those that it does not have.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <vector>

#include "engine/blocks.hpp"
#include "engine/padded.hpp"

namespace hebbforge::engine {

/// Owns blocks. They are taken from a dense matrix before a trial and put back after it: between trials
/// synapses come and go there.
class HEBBFORGE_API SynapseBlocks {
 public:
  enum class Which {
    masked,       ///< where the mask is not 0
    left_out,     ///< entries other than 0 where the mask is 0
    all_entries,  ///< entries other than 0
  };

  /// \param mask   of the matrix's shape
  /// \param share  of all blocks of the matrix; more are refused
  /// \return whether it took them; if not there are none
  bool take(const PaddedMatrix& matrix, const PaddedMatrix& mask, Which which, double share = 1);
  void put(PaddedMatrix& matrix) const noexcept;
  const Blocks& view() const noexcept { return view_; }

 private:
  std::vector<std::uint32_t> first_, place_;
  PaddedMatrix values_;
  Blocks view_;
};

}  // namespace hebbforge::engine
