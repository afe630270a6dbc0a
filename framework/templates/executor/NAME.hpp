// The executor @FULL@.
#pragma once

#include <algorithm>
#include <array>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/register.hpp>
#include <thread>
#include <vector>

namespace @NAME@_plugin {
using namespace hebbforge;

/// Deals the jobs out to threads in turn: thread t runs jobs t, t + n, t + 2 n, …
class @CLASS@ final : public hebbforge::Executor {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0", "Deals jobs out to threads in turn."};
  static constexpr std::array schema{abi::Parameter{.name = "jobs",
                                                    .summary = "Jobs at a time.",
                                                    .type = abi::ParameterType::integer,
                                                    .default_value = 2,
                                                    .minimum = 1,
                                                    .maximum = 4096}};

  explicit @CLASS@(const Config& config) : jobs_(config.integer("jobs")) {}
  void for_each(Job& job, ConstMatrixView inputs, MatrixView results) override {
    const auto share = [&](std::int64_t first) {
      for (std::int64_t i = first; i < inputs.cols(); i += jobs_)
        job.run(i, {inputs.col(i).data(), inputs.rows()}, {results.col(i).data(), results.rows()});
    };
    std::vector<std::jthread> threads;
    for (std::int64_t t = 1; t < std::min<std::int64_t>(jobs_, inputs.cols()); ++t)
      threads.emplace_back(share, t);
    share(0);
  }

 private:
  std::int64_t jobs_;
};

}  // namespace @NAME@_plugin
