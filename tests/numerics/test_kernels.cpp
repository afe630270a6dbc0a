// The fused kernel against the plain reference, and against itself on other instruction sets.
#include <hwy/targets.h>

#include <algorithm>
#include <bit>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <hebbforge/interfaces/constraint.hpp>

#include "engine/fused_plan.hpp"
#include "engine/instruction_set.hpp"
#include "pathway.hpp"
#include "published_basis.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
using engine::KernelChoice;
using engine::PathwayState;
namespace data = boost::unit_test::data;

namespace {

struct Size {
  Eigen::Index post, pre;
};
std::ostream& operator<<(std::ostream& out, Size s) { return out << s.post << "x" << s.pre; }
const std::vector<Size> sizes{{1, 1}, {3, 5}, {64, 1}, {8, 25}, {25, 8}, {25, 25}, {33, 47}};

enum class Signs { positive, negative, mixed };
std::ostream& operator<<(std::ostream& out, Signs s) {
  return out << (s == Signs::positive ? "positive" : s == Signs::negative ? "negative" : "mixed");
}

// Caps every weight and pulls columns of too large a sum down: masked synapses move, as the published
// heterosynaptic rule has it.
class CapAndSum final : public Constraint {
 public:
  void apply(MatrixView weights, ConstMatrixView) override {
    for (Eigen::Index j = 0; j < weights.cols(); ++j) {
      const double excess = std::max(0.0, weights.col(j).sum() - 0.2 * static_cast<double>(weights.rows()));
      weights.col(j).array() -= 0.01 * excess;
    }
    weights = weights.cwiseMin(0.38);
  }
};

Eigen::MatrixXd initial_weights(Size size, Signs signs, Random& random) {
  Eigen::MatrixXd w = uniform_matrix(size.post, size.pre, 0.08, 0.4, random);
  for (double& v : w.reshaped()) {
    const double u = random.uniform();
    if (signs == Signs::negative || (signs == Signs::mixed && random.uniform() < 0.4)) v = -v;
    if (size.post * size.pre == 1) continue;
    if (u < 0.1) v = 0;                        // no synapse
    if (u > 0.9) v = std::copysign(1e-6, v);   // frozen at the floor
    if (u > 0.95) v = std::copysign(1e-5, v);  // alive, soon to be clamped
  }
  return w;
}

bool same_bits(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

enum class Storage { dense, blocks };

void store_as(Storage storage, PathwayState& s) {
  s.most_blocks_small = s.most_blocks_large = s.most_blocks_memory = storage == Storage::blocks ? 1 : -1;
}

// Drives two pathways alike through three trials and compares all that they leave behind; a third one goes by
// blocks and leaves the same bits as the first.
void check_that_kernels_agree(Size size, Signs signs, const RuleBasis& rule,
                              const std::vector<double>& values, const Pathway::Adjust& adjust,
                              bool reset = true, const engine::GlobalSignals& globals = {}) {
  Random random(11, "kernels");
  const Eigen::MatrixXd w = initial_weights(size, signs, random);
  const auto stored = [&](Storage storage) {
    return [&adjust, storage](PathwayState& s) { store_as(storage, s), adjust(s); };
  };
  Pathway fused(w, rule, values, KernelChoice::fused, stored(Storage::dense), globals);
  Pathway blocks(w, rule, values, KernelChoice::fused, stored(Storage::blocks), globals);
  Pathway reference(w, rule, values, KernelChoice::reference, adjust, globals);
  BOOST_TEST_REQUIRE(rule.separable());
  Eigen::MatrixXd pre, post;
  for (int trial = 0; trial < 3; ++trial) {
    const Eigen::MatrixXd last_pre = pre, last_post = post;
    pre = sparse_rates(size.pre, 150, 0.06, random);
    post = sparse_rates(size.post, 150, 0.06, random);
    if (!fused.state.non_negative) {
      pre.array() -= 0.01;
      post.array() -= 0.01;
    }
    if (trial > 0 && !reset) {
      pre.col(0) = last_pre.rightCols(1);
      post.col(0) = last_post.rightCols(1);
    }
    fused.run_trial(pre, post, reset);
    blocks.run_trial(pre, post, reset);
    BOOST_TEST(!fused.state.in_blocks);
    reference.run_trial(pre, post, reset);
  }
  const Eigen::MatrixXd expected = reference.weights(), found = fused.weights();
  BOOST_TEST(same_bits(blocks.weights(), found));
  BOOST_TEST(same_bits(blocks.effects, fused.effects));
  BOOST_TEST_REQUIRE(expected.allFinite());
  BOOST_TEST_REQUIRE(expected.cwiseAbs().maxCoeff() < 10);
  BOOST_TEST((expected - w).cwiseAbs().maxCoeff() > 1e-8);  // the rule acted
  BOOST_TEST((found - expected).cwiseAbs().maxCoeff() < 1e-12);
  for (Eigen::Index k = 0; k < expected.size(); ++k) {
    if (w.data()[k] == 0 && fused.state.constraints.empty()) BOOST_TEST_REQUIRE(found.data()[k] == 0);
  }
  for (Eigen::Index k = 0; k < reference.effects.size(); ++k) {
    BOOST_TEST(std::abs(fused.effects[k] - reference.effects[k]) <= 1e-12 * reference.effects[k]);
  }
  BOOST_TEST(reference.effects.sum() > 0);
}

// All factors on both sides with and without w, over signals of every kind; `count` of the terms, some of
// which share a coefficient, some scaled by a global signal.
struct RandomRule {
  WrittenRule rule;
  std::vector<double> values;
  Eigen::MatrixXd first_dataset, second_dataset;
  engine::GlobalSignals globals() const { return {view_of(first_dataset), view_of(second_dataset)}; }
};

RandomRule random_rule(std::size_t count, std::uint64_t seed, bool by_synapse = false) {
  RandomRule r;
  Random random(seed, "rule");
  const auto coefficients = static_cast<int>(std::max<std::size_t>(1, count - count / 8));
  for (int k = 0; k < coefficients; ++k) {
    r.rule.parameter_list.push_back(coefficient("c"));
    r.values.push_back(random.uniform() < 0.25 && count > 3 ? 0 : 0.02 * random.normal());
  }
  const auto tau = [&] {
    r.rule.parameter_list.push_back(time_constant("tau"));
    r.values.push_back(0.5e-3 + 20e-3 * random.uniform());
    return static_cast<int>(r.values.size()) - 1;
  };
  for (const Side side : {Side::pre, Side::post}) {
    r.rule.signal_list.push_back({"trace", side, Source::activity, tau()});
    r.rule.signal_list.push_back({"kept", side, Source::activity, tau(), true});
    r.rule.signal_list.push_back({"squared", side, Source::activity_squared, tau()});
    r.rule.signal_list.push_back({"squared, kept", side, Source::activity_squared, tau(), true});
    r.rule.signal_list.push_back({"present", side, Source::activity, -1});
    r.rule.signal_list.push_back({"squared, present", side, Source::activity_squared, -1});
  }
  if (by_synapse) {
    r.rule.signal_list.push_back({"eligibility", Side::synapse, Source::pre_times_post, tau()});
    r.rule.signal_list.push_back({"eligibility, kept", Side::synapse, Source::pre_times_post, tau(), true});
    r.rule.signal_list.push_back({"coincidence", Side::synapse, Source::pre_times_post, -1});
  }
  r.rule.signal_list.push_back({"reward", Side::global, Source::dataset, tau()});
  r.rule.signal_list.push_back({"error", Side::global, Source::dataset, -1});
  r.first_dataset = uniform_matrix(2, 50, -1, 1, random);
  r.second_dataset = uniform_matrix(3, 299, -1, 1, random);

  constexpr Factor factors[] = {Factor::one,    Factor::activity,       Factor::activity_squared,
                                Factor::signal, Factor::signal_squared, Factor::signal_times_activity};
  std::vector<Term> all;
  for (const Factor post : factors) {
    for (const Factor pre : factors) {
      for (const int power : {0, 1}) {
        Term term{"term", "", static_cast<int>(random.index(coefficients)), post, pre, power};
        term.post_signal = static_cast<int>(random.index(6));
        term.pre_signal = static_cast<int>(random.index(6));
        if (random.uniform() < 0.2) term.global_signal = static_cast<int>(random.index(2));
        if (random.uniform() < 0.3) term.sign = -1;
        if (by_synapse && random.uniform() < 0.4) term.synapse_signal = static_cast<int>(random.index(3));
        if (by_synapse && random.uniform() < 0.3) term.weight_power = 2 + static_cast<int>(random.index(2));
        all.push_back(term);
      }
    }
  }
  while (r.rule.term_list.size() < count) {
    const auto k = random.index(static_cast<std::int64_t>(all.size()));
    r.rule.term_list.push_back(all[static_cast<std::size_t>(k)]);
    all.erase(all.begin() + k);
  }
  return r;
}

}  // namespace

BOOST_DATA_TEST_CASE(the_published_basis_agrees_with_the_reference,
                     data::make(sizes) * data::make({Signs::positive, Signs::negative, Signs::mixed}) *
                         data::make({true, false}),
                     size, signs, dale) {
  const auto rule = published_basis();
  check_that_kernels_agree(size, signs, rule, published_values, [&](PathwayState& s) {
    s.dale = dale;
    s.non_negative = true;
  });
}

BOOST_DATA_TEST_CASE(the_published_basis_agrees_under_a_constraint,
                     data::make(sizes) * data::make({Signs::positive, Signs::negative, Signs::mixed}) *
                         data::make({true, false}),
                     size, signs, dale) {
  const auto rule = published_basis();
  check_that_kernels_agree(size, signs, rule, published_values, [&](PathwayState& s) {
    s.dale = dale;
    s.non_negative = true;
    s.constraints = {std::make_shared<CapAndSum>()};
  });
}

BOOST_DATA_TEST_CASE(the_published_basis_agrees_for_rates_of_both_signs,
                     data::make(sizes) * data::make({Signs::positive, Signs::mixed}), size, signs) {
  const auto rule = published_basis();
  check_that_kernels_agree(size, signs, rule, published_values,
                           [](PathwayState& s) { s.non_negative = false; });
}

BOOST_DATA_TEST_CASE(the_published_basis_agrees_when_trials_follow_without_a_reset, data::make(sizes), size) {
  const auto rule = published_basis();
  check_that_kernels_agree(
      size, Signs::positive, rule, published_values, [](PathwayState& s) { s.non_negative = true; }, false);
}

namespace {

void check_a_random_rule(int count, int seed, bool non_negative, bool reset, const RandomRule& r) {
  const Signs signs[] = {Signs::positive, Signs::mixed, Signs::negative, Signs::mixed};
  check_that_kernels_agree(
      sizes[static_cast<std::size_t>(seed + count) % sizes.size()], signs[seed], r.rule, r.values,
      [&](PathwayState& s) {
        s.non_negative = non_negative;
        s.dale = seed != 3;
        if (seed == 2) s.constraints = {std::make_shared<CapAndSum>()};
      },
      reset, r.globals());
}

}  // namespace

// From one term to all 72: every combination of the kernel's ranks, and the loop beyond them.
BOOST_DATA_TEST_CASE(rules_of_any_terms_agree_with_the_reference,
                     data::make({1, 2, 3, 4, 6, 9, 14, 20, 40, 72}) * data::xrange(4) *
                         data::make({true, false}) * data::make({true, false}),
                     count, seed, non_negative, reset) {
  check_a_random_rule(count, seed, non_negative, reset,
                      random_rule(static_cast<std::size_t>(count), static_cast<std::uint64_t>(1 + seed)));
}

// Signals of a synapse and higher powers of w, beside terms that are outer products.
BOOST_DATA_TEST_CASE(terms_that_need_every_synapse_agree_with_the_reference,
                     data::make({1, 2, 5, 12, 30}) * data::xrange(4) * data::make({true, false}) *
                         data::make({true, false}),
                     count, seed, non_negative, reset) {
  check_a_random_rule(
      count, seed, non_negative, reset,
      random_rule(static_cast<std::size_t>(count), static_cast<std::uint64_t>(50 + seed), true));
}

namespace {

// Few synapses, as many kinds of them as there are. \param share  of pairs of cells with a synapse
Eigen::MatrixXd sparse_weights(Size size, Signs signs, double share, Random& random) {
  Eigen::MatrixXd w = initial_weights(size, signs, random);
  for (double& v : w.reshaped()) v = random.uniform() < share ? v : 0;
  return w;
}

}  // namespace

BOOST_DATA_TEST_CASE(a_sparse_pathway_goes_by_blocks_while_its_synapses_turn_over,
                     data::make(std::vector<Size>{{25, 25}, {33, 47}, {7, 90}, {200, 180}}) *
                         data::make({Signs::positive, Signs::negative, Signs::mixed}) *
                         data::make({true, false}),
                     size, signs, non_negative) {
  Random random(17, "turnover");
  const auto rule = published_basis();
  const Eigen::MatrixXd w = sparse_weights(size, signs, 0.06, random);
  const auto pathway = [&](KernelChoice kernel, const Pathway::Adjust& adjust) {
    return Pathway(w, rule, published_values, kernel, [&](PathwayState& s) {
      s.non_negative = non_negative;
      s.dale = signs != Signs::mixed;
      s.plastic.view().setOnes();
      s.plastic(0, 0) = 0;
      s.weights(0, 0) = signs == Signs::negative ? -0.1 : 0.1;
      adjust(s);
    });
  };
  Pathway as_chosen = pathway(KernelChoice::fused, [](PathwayState&) {});
  Pathway dense = pathway(KernelChoice::fused, [](PathwayState& s) { store_as(Storage::dense, s); });
  Pathway reference = pathway(KernelChoice::reference, [](PathwayState&) {});
  Eigen::MatrixXd exists = (w.array() != 0).cast<double>();
  for (int trial = 0; trial < 5; ++trial) {
    const Eigen::MatrixXd pre = sparse_rates(size.pre, 80, 0.06, random),
                          post = sparse_rates(size.post, 80, 0.06, random);
    for (Pathway* p : {&as_chosen, &dense, &reference}) p->run_trial(pre, post);
    BOOST_TEST(as_chosen.state.in_blocks);
    BOOST_TEST(!dense.state.in_blocks);
    BOOST_TEST(same_bits(as_chosen.weights(), dense.weights()));
    BOOST_TEST(same_bits(as_chosen.effects, dense.effects));
    for (Eigen::Index j = 0; j < size.pre; ++j) {
      for (Eigen::Index i = 0; i < size.post; ++i) {
        if (random.uniform() >= (exists(i, j) != 0 ? 0.3 : 0.02)) continue;
        exists(i, j) = 1 - exists(i, j);
        for (Pathway* p : {&as_chosen, &dense, &reference})
          p->state.weights(i, j) = exists(i, j) * (signs == Signs::negative ? -0.08 : 0.08);
      }
    }
  }
  BOOST_TEST((as_chosen.weights() - reference.weights()).cwiseAbs().maxCoeff() < 1e-12);
  BOOST_TEST((as_chosen.weights() - w).cwiseAbs().maxCoeff() > 1e-8);
  for (Eigen::Index k = 0; k < reference.effects.size(); ++k)
    BOOST_TEST(std::abs(as_chosen.effects[k] - reference.effects[k]) <= 1e-12 * reference.effects[k]);
}

BOOST_AUTO_TEST_CASE(the_published_basis_needs_four_outer_products_per_power_of_w) {
  const auto plan = engine::FusedPlan::make(published_basis(), published_values);
  BOOST_TEST(plan.terms.size() == 20u);
  BOOST_TEST(plan.forms[0].size() == 4u);
  BOOST_TEST(plan.forms[1].size() == 4u);
}

BOOST_AUTO_TEST_CASE(terms_without_a_coefficient_cost_nothing_and_have_no_effect) {
  const auto rule = published_basis();
  std::vector<double> values = published_values;
  std::fill_n(values.begin(), 20, 0.0);
  const auto plan = engine::FusedPlan::make(rule, values);
  BOOST_TEST(plan.terms.empty());

  Random random(12, "kernels");
  const Eigen::MatrixXd w = uniform_matrix(5, 7, 0.1, 0.4, random);
  Pathway pathway(w, rule, values, KernelChoice::fused);
  pathway.run_trial(sparse_rates(7, 100, 0.06, random), sparse_rates(5, 100, 0.06, random));
  BOOST_TEST((pathway.weights() == w));
  BOOST_TEST((pathway.effects.array() == 0).all());
}

namespace {

// The instruction sets that both this machine and the kernel have.
std::vector<std::int64_t> instruction_sets() {
  hwy::SetSupportedTargetsForTest(0);
  std::vector<std::int64_t> targets;
  const std::int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  for (int bit = 0; bit < 62; ++bit) {
    const std::int64_t target = std::int64_t{1} << bit;
    if (usable & target) targets.push_back(target);
  }
  return targets;
}

struct Outcome {
  std::int64_t target;
  Storage storage;
  bool fused_multiply_add;
  Eigen::MatrixXd weights;
  Eigen::VectorXd effects;
};

std::vector<Outcome> outcomes(const RuleBasis& rule, const std::vector<double>& values, Size size,
                              const engine::GlobalSignals& globals) {
  std::vector<Outcome> found;
  for (const std::int64_t target : instruction_sets()) {
    hwy::SetSupportedTargetsForTest(target);
    BOOST_TEST_REQUIRE(engine::instruction_set() == hwy::TargetName(target));
    for (const Storage storage : {Storage::dense, Storage::blocks}) {
      Random random(13, "instruction sets");
      Pathway pathway(
          initial_weights(size, Signs::positive, random), rule, values, KernelChoice::fused,
          [&](PathwayState& s) { s.non_negative = true, store_as(storage, s); }, globals);
      for (int trial = 0; trial < 2; ++trial) {
        const Eigen::MatrixXd pre = sparse_rates(size.pre, 300, 0.06, random);
        pathway.run_trial(pre, sparse_rates(size.post, 300, 0.06, random));
      }
      found.push_back(
          {target, storage, engine::has_fused_multiply_add(), pathway.weights(), pathway.effects});
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  return found;
}

void check_instruction_sets(const RuleBasis& rule, const std::vector<double>& values, Size size,
                            const engine::GlobalSignals& globals = {}) {
  const auto all = outcomes(rule, values, size, globals);
  for (const Outcome& a : all) {
    for (const Outcome& b : all) {
      BOOST_TEST_CONTEXT(hwy::TargetName(a.target)
                         << " against " << hwy::TargetName(b.target) << ", by blocks "
                         << (a.storage == Storage::blocks) << (b.storage == Storage::blocks)) {
        if (a.fused_multiply_add == b.fused_multiply_add) {
          BOOST_TEST(same_bits(a.weights, b.weights));
          BOOST_TEST(same_bits(a.effects, b.effects));
        } else {
          BOOST_TEST((a.weights - b.weights).cwiseAbs().maxCoeff() < 1e-12);
          for (Eigen::Index k = 0; k < a.effects.size(); ++k)
            BOOST_TEST(std::abs(a.effects[k] - b.effects[k]) <= 1e-12 * b.effects[k]);
        }
      }
    }
  }
}

}  // namespace

BOOST_DATA_TEST_CASE(instruction_sets_give_equal_bits_for_the_published_basis, data::make(sizes), size) {
  check_instruction_sets(published_basis(), published_values, size);
}

BOOST_DATA_TEST_CASE(instruction_sets_give_equal_bits_for_rules_of_any_terms, data::make({1, 3, 6, 20, 72}),
                     count) {
  for (const bool by_synapse : {false, true}) {
    const RandomRule r = random_rule(static_cast<std::size_t>(count), 5, by_synapse);
    check_instruction_sets(r.rule, r.values, {25, 25}, r.globals());
  }
}
