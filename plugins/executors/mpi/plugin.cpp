#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/register.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "ranks.hpp"
#include "workers.hpp"

namespace {
using namespace hebbforge;
using namespace mpi_plugin;
using namespace std::chrono_literals;

// mpirun gives a second between its first signal and its last.
constexpr auto patience = 700ms;

// Both lines of the first difference.
std::string difference(const std::string& here, const std::string& there, int rank) {
  const std::string who = "rank " + std::to_string(rank);
  std::size_t from = 0;
  for (;;) {
    const auto end_here = std::min(here.find('\n', from), here.size()),
               end_there = std::min(there.find('\n', from), there.size());
    const std::string a = here.substr(from, end_here - from), b = there.substr(from, end_there - from);
    if (a != b || end_here == here.size() || end_there == there.size())
      return who +
             " was started with another pipeline, other plugins or on another kind of machine than rank 0; "
             "first difference:\n  rank 0: " +
             a + "\n  " + who + ": " + b;
    from = end_here + 1;
  }
}

/// Gives the next job to the rank that is free. Rank 0 works too.
class Mpi final : public Executor {
 public:
  static constexpr Identity identity{"hebbforge.mpi", "1.0.0", "Runs jobs in all processes of an MPI job."};
  static constexpr std::array schema{
      abi::Parameter{.name = "jobs",
                     .summary = "Jobs at a time in each rank; 0: as many as its machine has processors.",
                     .type = abi::ParameterType::integer,
                     .default_value = 1,
                     .minimum = 0,
                     .maximum = 4096}};

  explicit Mpi(const Config& config) : jobs_(config.integer("jobs")) {
    if (jobs_ == 0) jobs_ = std::max(1u, std::thread::hardware_concurrency());
  }

  bool serve(JobMaker& maker) override {
    Ranks& ranks = Ranks::all();
    started = true;
    const std::string setting = maker.setting();
    if (ranks.own() > 0) {
      // Ctrl-C and mpirun's signals are for rank 0, which tells.
      std::signal(SIGINT, SIG_IGN);
      std::signal(SIGTERM, SIG_IGN);
      ranks.send(0, Tag::setting, setting);
      run_tasks(ranks, maker);
      return true;
    }
    for (int heard = 1; heard < ranks.count();) {
      const auto message = ranks.receive();
      if (!message) {
        rest();
        continue;
      }
      ++heard;
      if (message->bytes != setting) throw ConfigError(difference(setting, message->bytes, message->from));
    }
    return false;
  }

  void for_each(Job& job, ConstMatrixView inputs, MatrixView results) override {
    Workers workers(job, static_cast<std::size_t>(std::min<std::int64_t>(jobs_, inputs.cols())));
    const std::string description = started && Ranks::all().count() > 1 ? job.description() : "";
    Ranks* ranks = description.empty() ? nullptr : &Ranks::all();
    std::vector<std::int64_t> open(ranks ? static_cast<std::size_t>(ranks->count()) : 1, 0);  // of each rank
    for (std::size_t rank = 1; rank < open.size() && description != told; ++rank)
      ranks->send(static_cast<int>(rank), Tag::job, description);
    if (ranks) told = description;

    std::int64_t next = 0, ended = 0;
    const auto end = [&](std::size_t rank, std::int64_t index, const auto& result) {
      VectorView(results.data() + index * results.outerStride(), results.rows()) = result;
      --open[rank];
      ++ended;
    };
    const auto hand_out = [&](std::size_t rank) {
      const ConstVectorView input(inputs.data() + next * inputs.outerStride(), inputs.rows());
      if (rank == 0) {
        workers.add({next, input, Eigen::VectorXd(results.rows())});
      } else {
        Eigen::VectorXd task(2 + inputs.rows());
        task << static_cast<double>(next), static_cast<double>(results.rows()), input;
        ranks->send(static_cast<int>(rank), Tag::task, task);
      }
      ++open[rank];
      ++next;
    };
    while (ended < inputs.cols()) {
      if (job.stopped()) {
        if (ranks) stop_all(*ranks);
        return;  // what runs here ends with the workers
      }
      // To the least busy first, so that few jobs are spread over many ranks.
      while (next < inputs.cols()) {
        const auto free = std::ranges::min_element(open);
        if (*free >= jobs_) break;
        hand_out(static_cast<std::size_t>(free - open.begin()));
      }
      bool idle = true;
      for (const Task& task : workers.take_finished()) {
        end(0, task.index, task.result);
        idle = false;
      }
      while (const auto message = ranks ? ranks->receive() : std::nullopt) {
        idle = false;
        if (message->tag == Tag::refusal)
          throw SimulationError("rank " + std::to_string(message->from) + ": " + message->bytes);
        if (message->tag != Tag::result) continue;
        const Eigen::VectorXd numbers = message->numbers();
        end(static_cast<std::size_t>(message->from), static_cast<std::int64_t>(numbers[0]),
            numbers.tail(numbers.size() - 1));
      }
      if (idle) rest();
    }
  }

 private:
  // Of the process, not of one of its executors.
  static inline bool started = false;
  static inline std::string told;  ///< the job that all ranks know

  // Every rank answers at once, whatever it runs; who does not is gone.
  static void stop_all(Ranks& ranks) {
    std::vector<bool> heard(static_cast<std::size_t>(ranks.count()), false);
    heard[0] = true;
    for (int rank = 1; rank < ranks.count(); ++rank) ranks.send(rank, Tag::stop);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!std::ranges::all_of(heard, std::identity())) {
      if (const auto message = ranks.receive()) {
        if (message->tag == Tag::stopping) heard[static_cast<std::size_t>(message->from)] = true;
        continue;
      }
      rest();
      if (std::chrono::steady_clock::now() < until) continue;
      const auto silent = std::ranges::find(heard, false) - heard.begin();
      ranks.lose();
      throw SimulationError("rank " + std::to_string(silent) + " of " + std::to_string(ranks.count()) +
                            " does not answer: it was killed, or its machine is gone; go on from the last "
                            "checkpoint with --resume, with any number of ranks");
    }
  }

  void run_tasks(Ranks& ranks, JobMaker& maker) const {
    std::atomic<bool> stop{false};
    std::unique_ptr<Job> job;
    std::optional<Workers> workers;
    for (;;) {
      bool idle = true;
      while (const auto message = ranks.receive()) {
        idle = false;
        switch (message->tag) {
          case Tag::job:
            workers.reset();
            job.reset();
            try {
              job = maker.make(message->bytes, stop);
              workers.emplace(*job, static_cast<std::size_t>(jobs_));
            } catch (const std::exception& error) {
              ranks.send(0, Tag::refusal, std::string(error.what()));
            }
            break;
          case Tag::task:
            if (workers) workers->add(task_of(message->numbers()));
            break;
          case Tag::stop:
            stop = true;
            ranks.send(0, Tag::stopping);
            break;
          case Tag::quit:
            stop = true;
            return;
          default:
            break;
        }
      }
      if (workers) {
        for (const Task& task : workers->take_finished()) {
          idle = false;
          Eigen::VectorXd numbers(1 + task.result.size());
          numbers << static_cast<double>(task.index), task.result;
          ranks.send(0, Tag::result, numbers);
        }
      }
      if (idle) rest();
    }
  }

  static Task task_of(const Eigen::VectorXd& numbers) {
    return {static_cast<std::int64_t>(numbers[0]), numbers.tail(numbers.size() - 2),
            Eigen::VectorXd(static_cast<Eigen::Index>(numbers[1]))};
  }

  std::int64_t jobs_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Mpi, hebbforge::Executor)
