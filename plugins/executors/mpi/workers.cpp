#include "workers.hpp"

#include <utility>

namespace mpi_plugin {

Workers::Workers(hebbforge::Job& job, std::size_t threads) : job_(job) {
  for (std::size_t k = 0; k < threads; ++k) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  wake_.notify_all();
}

void Workers::add(Task task) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
}

std::vector<Task> Workers::take_finished() {
  const std::lock_guard lock(mutex_);
  return std::exchange(finished_, {});
}

void Workers::work() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return end_ || !waiting_.empty(); });
      if (end_) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    job_.run(task.index, {task.input.data(), task.input.size()}, {task.result.data(), task.result.size()});
    const std::lock_guard lock(mutex_);
    finished_.push_back(std::move(task));
  }
}

}  // namespace mpi_plugin
