// Lives in processes of their own: a plugin that breaks one costs nothing but that life.
#pragma once

#include <atomic>
#include <hebbforge/host/pipeline.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <memory>

namespace hebbforge {

/// Wraps a job of lives: each run() happens in a process of its own within the limits of
/// pipeline.evaluation. The processes are forked by a nursery, a single-threaded copy of this process that is
/// made here. A life that crashes, exits or exceeds a limit gets a result of write_broken().
/// From the main thread, while no other threads run.
/// \param stop  when it is set, lives that run are ended; may be null
/// \throws SimulationError where no process can be made
std::unique_ptr<Job> isolated_lives(const Pipeline& pipeline, const std::atomic<bool>* stop,
                                    std::unique_ptr<Job> job);

}  // namespace hebbforge
