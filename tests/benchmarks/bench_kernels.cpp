// One pathway's step, and the loops it is made of.
#include <benchmark/benchmark.h>

#include <array>
#include <hebbforge/random.hpp>
#include <vector>

#include "engine/load_store.hpp"
#include "engine/plasticity.hpp"

using namespace hebbforge;
using namespace hebbforge::engine;

namespace {

/// The published basis of 20 terms, every trace with a time constant of its own (Bell et al. 2024), and, if
/// asked for, a term with an eligibility trace of each synapse.
class PublishedBasis final : public RuleBasis {
 public:
  explicit PublishedBasis(bool eligibility = false) {
    struct Factors {
      Factor post, pre;
    };
    constexpr auto one = Factor::one, rate = Factor::activity, trace = Factor::signal,
                   both = Factor::signal_times_activity;
    constexpr std::array<Factors, 10> factors{{{one, one},
                                               {rate, one},
                                               {one, rate},
                                               {rate, rate},
                                               {trace, one},
                                               {trace, rate},
                                               {one, trace},
                                               {rate, trace},
                                               {both, one},
                                               {one, both}}};
    int posts = 0, pres = 0;
    for (int power = 0; power < 2; ++power) {
      for (const Factors f : factors) {
        Term term{"", "", static_cast<int>(terms_.size()), f.post, f.pre, power};
        if (f.post == trace || f.post == both) term.post_signal = posts++;
        if (f.pre == trace || f.pre == both) term.pre_signal = pres++;
        terms_.push_back(term);
      }
    }
    if (eligibility) {
      Term term{"", "", static_cast<int>(terms_.size()), Factor::one, Factor::one};
      term.synapse_signal = 0;
      terms_.push_back(term);
    }
    for (const Term& term : terms_) {
      if (term.synapse_signal >= 0)
        signals_.push_back(
            {"", Side::synapse, Source::pre_times_post, static_cast<int>(terms_.size() + signals_.size())});
      const bool is_post = term.post_signal >= 0;
      if (!is_post && term.pre_signal < 0) continue;
      signals_.push_back({"", is_post ? Side::post : Side::pre, Source::activity,
                          static_cast<int>(terms_.size() + signals_.size())});
    }
    for (std::size_t k = 0; k < terms_.size(); ++k) values_.push_back(k % 2 == 0 ? 1e-3 : -1e-3);
    for (std::size_t k = 0; k < signals_.size(); ++k) values_.push_back(4e-3 + 2e-4 * static_cast<double>(k));
    parameters_.resize(values_.size());
  }
  std::span<const abi::Parameter> parameters() const noexcept override { return parameters_; }
  std::span<const Signal> signals() const noexcept override { return signals_; }
  std::span<const Term> terms() const noexcept override { return terms_; }
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<abi::Parameter> parameters_;
  std::vector<Signal> signals_;
  std::vector<Term> terms_;
  std::vector<double> values_;
};

void step_of_the_published_basis(benchmark::State& run, KernelChoice choice, bool eligibility = false) {
  const Eigen::Index n = run.range(0);
  const PublishedBasis rule(eligibility);
  PathwayState state;
  state.weights = PaddedMatrix(n, n);
  state.plastic = PaddedMatrix(n, n);
  state.mask = PaddedMatrix(n, n);
  state.non_negative = true;
  state.learning_rate = 1e-9;
  state.weights.view().setConstant(0.2);
  state.weights.view().diagonal().setZero();
  state.plastic.view() = (state.weights.view().array() != 0).cast<double>();
  const auto plasticity = make_plasticity(rule, rule.values(), 1e-4, state, {}, choice);
  // An eighth of the cells is active, as in the published model.
  Eigen::VectorXd rates = Eigen::VectorXd::Zero(n);
  Random random(1, "rates", 0);
  for (double& r : rates) r = random.uniform() < 0.125 ? 0.1 * random.uniform() : 0.0;
  state.begin_trial();
  plasticity->begin_trial(0, true);
  std::int64_t i = 0;
  for (auto _ : run) plasticity->step(i++ % 1000, rates.data(), rates.data(), rates.data(), rates.data());
  run.counters["ns_per_synapse"] =
      benchmark::Counter(static_cast<double>(n * n) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void load_and_store(benchmark::State& run) {
  PaddedMatrix w(run.range(0), run.range(0));
  for (auto _ : run) touch(w.data(), static_cast<std::size_t>(w.pitch() * w.cols()), 1e-9);
}

BENCHMARK_CAPTURE(step_of_the_published_basis, fused, KernelChoice::fused)
    ->Arg(25)
    ->Arg(100)
    ->Arg(400)
    ->Arg(1000);
BENCHMARK_CAPTURE(step_of_the_published_basis, with_eligibility, KernelChoice::fused, true)
    ->Arg(25)
    ->Arg(100)
    ->Arg(400);
BENCHMARK_CAPTURE(step_of_the_published_basis, reference, KernelChoice::reference)->Arg(25)->Arg(100);
BENCHMARK(load_and_store)->Arg(25)->Arg(100)->Arg(400)->Arg(1000);

}  // namespace
