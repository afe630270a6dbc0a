// One pathway's step, and the loops it is made of.
#include <benchmark/benchmark.h>

#include <cmath>
#include <hebbforge/random.hpp>
#include <vector>

#include "engine/load_store.hpp"
#include "engine/plasticity.hpp"
#include "engine/population_kernel.hpp"
#include "numerics/pathway.hpp"
#include "numerics/published_basis.hpp"

using namespace hebbforge;
using namespace hebbforge::engine;
using namespace hebbforge::test;

namespace {

// The published basis and, if asked for, a term with an eligibility trace of each synapse.
WrittenRule rule_with(bool eligibility, std::vector<double>& values) {
  static const auto basis = published_basis();  // whose names the terms refer to
  WrittenRule rule;
  rule.parameter_list.assign(basis.parameters().begin(), basis.parameters().end());
  rule.signal_list.assign(basis.signals().begin(), basis.signals().end());
  rule.term_list.assign(basis.terms().begin(), basis.terms().end());
  values = published_values;
  if (!eligibility) return rule;
  const auto next = static_cast<int>(values.size());
  Term term{"e", "e", next, Factor::one, Factor::one};
  term.synapse_signal = 0;
  rule.term_list.push_back(term);
  rule.signal_list.push_back({"e", Side::synapse, Source::pre_times_post, next + 1});
  rule.parameter_list.push_back(coefficient("c.e"));
  rule.parameter_list.push_back(time_constant("tau.e"));
  values.insert(values.end(), {1e-3, 5e-3});
  return rule;
}

/// A presynaptic trace times the postsynaptic rate, with Oja's bound.
class ShortRule : public WrittenRule {
 public:
  ShortRule() {
    parameter_list = {coefficient("c.x~*y"), coefficient("c.w*y*y"), time_constant("tau.x~*y")};
    signal_list = {{"trace", Side::pre, Source::activity, 2}};
    term_list = {{"x~*y", "", 0, Factor::activity, Factor::signal, 0, -1, 0},
                 {"w*y*y", "", 1, Factor::activity_squared, Factor::one, 1}};
  }
};

/// The same with loops over the synapses, as a plugin writes them.
class ShortRuleInLoops final : public ShortRule {
 public:
  bool separable() const noexcept override { return false; }
  void accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                  VectorView effect) const override {
    double hebb_sum = 0, bound_sum = 0;
    for (Eigen::Index j = 0; j < delta.cols(); ++j) {
      const double x = values[0] * view.pre_signals(j, 0);
      for (Eigen::Index i = 0; i < delta.rows(); ++i) {
        const double y = view.post_activity[i], hebb = x * y, bound = values[1] * view.weights(i, j) * y * y;
        delta(i, j) += hebb + bound;
        hebb_sum += std::abs(hebb) * view.mask(i, j);
        bound_sum += std::abs(bound) * view.mask(i, j);
      }
    }
    effect[0] += hebb_sum;
    effect[1] += bound_sum;
  }
};

/// Weights of 0.2 where a synapse is, and an eighth of the cells active, as in the published model.
struct Drawn {
  PathwayState state;
  Eigen::VectorXd rates;

  explicit Drawn(Eigen::Index n, double probability = 1) : rates(Eigen::VectorXd::Zero(n)) {
    state.weights = PaddedMatrix(n, n);
    state.plastic = PaddedMatrix(n, n);
    state.mask = PaddedMatrix(n, n);
    state.non_negative = true;
    state.learning_rate = 1e-9;
    Random random(1, "weights", 0);
    for (Eigen::Index j = 0; j < n; ++j) {
      for (Eigen::Index i = 0; i < n; ++i)
        state.weights(i, j) = i != j && random.uniform() < probability ? 0.2 : 0;
    }
    state.plastic.view() = (state.weights.view().array() != 0).cast<double>();
    for (double& r : rates) r = random.uniform() < 0.125 ? 0.1 * random.uniform() : 0.0;
  }
};

void count_synapses(benchmark::State& run, double synapses) {
  run.counters["ns_per_synapse"] = benchmark::Counter(
      synapses * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void time_steps(benchmark::State& run, const RuleBasis& rule, const std::vector<double>& values,
                KernelChoice choice, Drawn& drawn) {
  const auto plasticity = make_plasticity(rule, values, 1e-4, drawn.state, {}, choice);
  drawn.state.begin_trial();
  plasticity->begin_trial(0, true);
  const double* r = drawn.rates.data();
  std::int64_t i = 0;
  for (auto _ : run) plasticity->step(i++ % 1000, r, r, r, r);
  count_synapses(run, drawn.state.plastic.view().sum());
}

void step_of_the_published_basis(benchmark::State& run, KernelChoice choice, bool eligibility = false) {
  std::vector<double> values;
  const WrittenRule rule = rule_with(eligibility, values);
  Drawn drawn(run.range(0));
  time_steps(run, rule, values, choice, drawn);
}

// Arguments: cells, percent of the synapses that there could be.
void step_of_a_sparse_pathway(benchmark::State& run, bool in_blocks) {
  std::vector<double> values;
  const WrittenRule rule = rule_with(false, values);
  Drawn drawn(run.range(0), static_cast<double>(run.range(1)) / 100);
  drawn.state.most_blocks_small = drawn.state.most_blocks_large = drawn.state.most_blocks_memory =
      in_blocks ? 1 : 0;
  time_steps(run, rule, values, KernelChoice::fused, drawn);
}

// W r of a pathway without a rule.
void input_through_a_sparse_pathway(benchmark::State& run, bool in_blocks) {
  const Eigen::Index n = run.range(0);
  Drawn drawn(n, static_cast<double>(run.range(1)) / 100);
  drawn.state.most_blocks_fixed = in_blocks ? 1 : 0;
  drawn.state.begin_fixed_trial();
  PaddedMatrix vectors(n, 2);
  vectors.view().col(0) = drawn.rates;
  std::vector<std::int32_t> active(static_cast<std::size_t>(n));
  CellRates after{nullptr, vectors.col(0), nullptr, active.data()};
  list_active_cells(after, static_cast<std::size_t>(n));
  const CellRates rates{after.after, nullptr, after.active, nullptr, after.active_count};
  const PathwayState& s = drawn.state;
  PopulationStep step;
  step.cells = static_cast<std::size_t>(n);
  step.input = vectors.col(1);
  step.incoming.push_back({&rates, s.weights.data(), nullptr, static_cast<std::size_t>(s.weights.pitch()),
                           &s.any_frozen, &s.in_blocks, &s.blocks.view(), &s.frozen_blocks.view()});
  const PaddedMatrix drive(n, 1);
  for (auto _ : run) step_population(step, drive.data());
  count_synapses(run, s.plastic.view().sum());
}

template <class Rule>
void step_of_a_short_rule(benchmark::State& run) {
  Drawn drawn(run.range(0));
  time_steps(run, Rule(), {1e-3, -1e-3, 5e-3}, KernelChoice::fused, drawn);
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
BENCHMARK(step_of_a_short_rule<ShortRule>)->Arg(25)->Arg(100)->Arg(400);
BENCHMARK(step_of_a_short_rule<ShortRuleInLoops>)->Arg(25)->Arg(100)->Arg(400);
BENCHMARK_CAPTURE(step_of_a_sparse_pathway, dense, false)->ArgsProduct({{25, 100, 400, 1000}, {5, 10, 20}});
BENCHMARK_CAPTURE(step_of_a_sparse_pathway, blocks, true)->ArgsProduct({{25, 100, 400, 1000}, {5, 10, 20}});
BENCHMARK_CAPTURE(input_through_a_sparse_pathway, dense, false)->ArgsProduct({{25, 100, 400, 1000}, {5, 10}});
BENCHMARK_CAPTURE(input_through_a_sparse_pathway, blocks, true)->ArgsProduct({{25, 100, 400, 1000}, {5, 10}});
BENCHMARK(load_and_store)->Arg(25)->Arg(100)->Arg(400)->Arg(1000);

}  // namespace
