// The promises of an executor.
#include <atomic>
#include <hebbforge/interfaces/executor.hpp>

#include "contracts/battery.hpp"

namespace hebbforge::contracts {
namespace {

using Eigen::Index;

class CountedJob final : public Job {
 public:
  explicit CountedJob(Index jobs) : runs(static_cast<std::size_t>(jobs)) {}
  void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept override {
    if (index < 0 || index >= static_cast<std::int64_t>(runs.size())) {
      outside = true;
      return;
    }
    ++runs[static_cast<std::size_t>(index)];
    double sum = static_cast<double>(index);
    for (int n = 0; n < 100; ++n) sum = std::sin(sum) + input.sum();
    result.setConstant(sum);
  }
  std::vector<std::atomic<int>> runs;
  std::atomic<bool> outside = false;
};

}  // namespace

std::vector<ContractResult> check_executor(const RegisteredPlugin& plugin, const ContractOptions& options) {
  std::vector<Config> configs;
  for (const abi::Parameter& p : plugin.descriptor->parameters) {
    if (std::string_view(p.name) != "jobs" || p.type != abi::ParameterType::integer) continue;
    for (const std::int64_t threads : {1, 2, 7}) {
      configs.push_back(contract_config(*plugin.descriptor));
      configs.back().set("jobs", threads);
    }
  }
  configs.push_back(contract_config(*plugin.descriptor));

  const auto each = [&](const auto& mistake_with) -> std::string {
    for (const Config& config : configs) {
      const auto executor = plugin.create<Executor>(config);
      for (const Index jobs : {Index{0}, Index{1}, Index{2}, Index{100}, Index{7}}) {
        Random random(13, "contract executor", static_cast<std::uint64_t>(jobs));
        const Padded inputs(uniform_matrix(3, jobs, -1, 1, random));
        Padded results(2, jobs, -1), serial(2, jobs, -1);
        CountedJob job(jobs), reference(jobs);
        executor->for_each(job, inputs.view(), results.view());
        for (Index i = 0; i < jobs; ++i) {
          reference.run(i, {inputs.view().col(i).data(), 3}, {serial.view().col(i).data(), 2});
        }
        const std::string mistake = mistake_with(job, results, serial);
        if (!mistake.empty()) return "of " + std::to_string(jobs) + " jobs " + mistake;
      }
    }
    return {};
  };
  Battery battery(options);
  battery.check("every job runs exactly once", [&] {
    return each([](const CountedJob& job, const Padded&, const Padded&) -> std::string {
      if (job.outside) return "one has an index out of range";
      for (const auto& runs : job.runs) {
        if (runs != 1) return "one ran " + std::to_string(runs) + " times";
      }
      return {};
    });
  });
  battery.check("results are those of one job after the other", [&] {
    return each([](const CountedJob&, const Padded& results, const Padded& serial) -> std::string {
      return results.values() == serial.values() && results.padding_untouched() ? ""
                                                                                : "one has another result";
    });
  });
  return battery.take();
}

}  // namespace hebbforge::contracts
