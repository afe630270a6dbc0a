// @NAME@ runs every job once, whatever the number of threads, and puts its result where it belongs.
#include <atomic>
#include <cstdio>

#include "@NAME@.hpp"

using namespace hebbforge;

class Square final : public Job {
 public:
  void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept override {
    ++runs;
    result[0] = input[0] * input[0] + static_cast<double>(index);
  }
  std::atomic<int> runs = 0;
};

int main() {
  int failed = 0;
  for (const std::int64_t jobs : {1, 2, 7}) {
    Config config;
    config.set("jobs", jobs);
    const Eigen::MatrixXd inputs = Eigen::RowVectorXd::LinSpaced(100, 0, 99);
    Eigen::MatrixXd results = Eigen::MatrixXd::Constant(1, 100, -1);
    Square square;
    @NAME@_plugin::@CLASS@(config).for_each(square, view_of(inputs), view_of(results));
    const Eigen::MatrixXd expected = (inputs.array() * inputs.array() + inputs.array()).matrix();
    if (square.runs == 100 && results == expected) continue;
    std::printf("with %d threads, %d runs of 100 jobs, or other results\n", static_cast<int>(jobs),
                square.runs.load());
    failed = 1;
  }
  return failed;
}
