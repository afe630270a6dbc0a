// Runs jobs: in threads, on a cluster.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/types.hpp>

namespace hebbforge {

/// Work that the host gives to an executor; known on every rank.
class HEBBFORGE_API Job {
 public:
  virtual ~Job();
  /// From any thread; depends on `index` and `input` alone.
  virtual void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept = 0;
};

/// Runs jobs, in any order and number at a time.
class HEBBFORGE_API Executor {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::executor;
  virtual ~Executor();
  /// Column i belongs to job i. On return `results` is complete on rank 0, which optimizes.
  virtual void for_each(Job& job, ConstMatrixView inputs, MatrixView results) = 0;
};

}  // namespace hebbforge
