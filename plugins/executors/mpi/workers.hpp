// Threads that run jobs while the thread that asked for them does something else.
#pragma once

#include <Eigen/Core>
#include <condition_variable>
#include <deque>
#include <hebbforge/interfaces/executor.hpp>
#include <mutex>
#include <thread>
#include <vector>

namespace mpi_plugin {

/// A job's input, and then its result.
struct Task {
  std::int64_t index = 0;
  Eigen::VectorXd input, result;
};

class Workers {
 public:
  Workers(hebbforge::Job& job, std::size_t threads);
  /// Waits for tasks that run; those that do not yet are dropped.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void add(Task task);
  std::vector<Task> take_finished();

 private:
  void work();
  hebbforge::Job& job_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  std::vector<Task> finished_;
  bool end_ = false;
  std::vector<std::jthread> threads_;  // last: they use the others
};

}  // namespace mpi_plugin
