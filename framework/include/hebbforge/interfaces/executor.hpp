// Runs jobs: in threads, on a cluster.
#pragma once

#include <atomic>
#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/types.hpp>
#include <memory>
#include <string>

namespace hebbforge {

/// Work that the host gives to an executor.
class HEBBFORGE_API Job {
 public:
  virtual ~Job();
  /// From any thread; depends on `index` and `input` alone.
  virtual void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept = 0;
  /// From this a JobMaker in another process makes a job that does the same; "": only this process can.
  virtual std::string description() const;
  /// Nobody waits for results any more: jobs that run end by themselves, others need not begin.
  virtual bool stopped() const noexcept;
};

/// Makes jobs that another process described.
class HEBBFORGE_API JobMaker {
 public:
  virtual ~JobMaker();
  /// What processes that work together have to agree on, as lines: the pipeline, digests of plugins.
  virtual std::string setting() const = 0;
  /// \param stop  the job's Job::stopped(); outlives it
  /// \throws Error if this process cannot do such work
  virtual std::unique_ptr<Job> make(const std::string& description, const std::atomic<bool>& stop) = 0;
};

/// Runs jobs, in any order and number at a time.
class HEBBFORGE_API Executor {
 public:
  static constexpr abi::Kind plugin_kind = abi::Kind::executor;
  virtual ~Executor();
  /// Column i belongs to job i. On return `results` is complete, unless the job was stopped.
  virtual void for_each(Job& job, ConstMatrixView inputs, MatrixView results) = 0;
  /// Called once in each of the processes that a launcher started, before any for_each(). One of them gets
  /// false and goes on; each other one runs jobs of that one until it is done, and gets true.
  /// \throws Error if the processes do not fit together
  virtual bool serve(JobMaker& maker);
};

}  // namespace hebbforge
