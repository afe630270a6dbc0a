#include <algorithm>
#include <array>
#include <atomic>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/register.hpp>
#include <thread>
#include <vector>

namespace {
using namespace hebbforge;

/// Threads that take the next job when they are free. Results do not depend on their number.
class Threads final : public Executor {
 public:
  static constexpr Identity identity{"hebbforge.threads", "1.0.0", "Runs jobs in threads of this process."};
  static constexpr std::array schema{
      abi::Parameter{.name = "jobs",
                     .summary = "Jobs at a time; 0: as many as the machine has processors.",
                     .type = abi::ParameterType::integer,
                     .default_value = 0,
                     .minimum = 0,
                     .maximum = 4096}};

  explicit Threads(const Config& c) : threads_(c.integer("jobs")) {
    if (threads_ == 0) threads_ = std::max(1u, std::thread::hardware_concurrency());
  }

  void for_each(Job& job, ConstMatrixView inputs, MatrixView results) override {
    const std::int64_t count = inputs.cols();
    std::atomic<std::int64_t> next{0};
    const auto work = [&] {
      for (std::int64_t i = next++; i < count; i = next++) {
        job.run(i, ConstVectorView(inputs.data() + i * inputs.outerStride(), inputs.rows()),
                VectorView(results.data() + i * results.outerStride(), results.rows()));
      }
    };
    std::vector<std::jthread> helpers;
    for (std::int64_t k = 1; k < std::min(threads_, count); ++k) helpers.emplace_back(work);
    work();
  }

 private:
  std::int64_t threads_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Threads, hebbforge::Executor)
