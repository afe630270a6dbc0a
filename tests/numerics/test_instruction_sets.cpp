// A life has the same bytes whatever the vector width, and the same numbers without fused multiply-add.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/host/registry.hpp>
#include <string>
#include <vector>

#include "engine/instruction_set.hpp"

using namespace hebbforge;

namespace {

struct Lived {
  std::string isa;
  bool fused_multiply_add = false;
  Eigen::MatrixXd rates, weights;
  Eigen::VectorXd effects;
  std::vector<double> losses;
};

// The published circuit with a learned rule and turnover, as long as its decoder needs.
std::vector<Lived> lives_on_all_instruction_sets(const std::vector<std::string>& overrides) {
  Registry registry;
  registry.search_default_steps({});
  PipelineOptions options;
  options.rule = "bell2024.mean_still";
  options.overrides = {"phase.organise.trials=56", "perturbation.turnover.plugin=\"synaptic_turnover\"",
                       "perturbation.turnover.pathway=\"EE\"", "perturbation.turnover.probability=7.2e-4"};
  options.overrides.insert(options.overrides.end(), overrides.begin(), overrides.end());
  const Pipeline pipeline =
      load_pipeline(registry, HEBBFORGE_SOURCE "/examples/02_find_a_rule/pipeline.toml", options);
  std::vector<Lived> all;
  engine::use_instruction_set("");
  for (const std::string& isa : engine::instruction_sets()) {
    engine::use_instruction_set(isa);
    BOOST_TEST_REQUIRE(engine::instruction_set() == isa);
    LifeRecord record;
    LifeOptions life;
    life.record = &record;
    const LifeResult result = run_life(pipeline, life);
    BOOST_TEST_CONTEXT(isa) { BOOST_TEST_REQUIRE(name_of(result.end) == name_of(LifeEnd::healthy)); }
    all.push_back({isa, engine::has_fused_multiply_add(), record.rates, record.final_weights,
                   result.effects[0], result.losses});
  }
  engine::use_instruction_set("");
  return all;
}

template <class Values>
bool same_bytes(const Values& a, const Values& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

void check(const std::vector<Lived>& all) {
  BOOST_TEST_REQUIRE(!all.empty());
  for (const Lived& a : all) {
    for (const Lived& b : all) {
      BOOST_TEST_CONTEXT(a.isa << " and " << b.isa) {
        if (a.fused_multiply_add == b.fused_multiply_add) {
          BOOST_TEST(same_bytes(a.rates, b.rates));
          BOOST_TEST(same_bytes(a.weights, b.weights));
          BOOST_TEST(same_bytes(a.effects, b.effects));
          BOOST_TEST(same_bytes(a.losses, b.losses));
          continue;
        }
        // Rounding grows by no more than 1e4 in a life: the dynamics is not chaotic.
        BOOST_TEST((a.rates - b.rates).cwiseAbs().maxCoeff() <= 1e-11 * b.rates.cwiseAbs().maxCoeff());
        BOOST_TEST((a.weights - b.weights).cwiseAbs().maxCoeff() <= 1e-11 * b.weights.cwiseAbs().maxCoeff());
        BOOST_TEST((a.effects - b.effects).cwiseAbs().maxCoeff() <= 1e-11 * b.effects.cwiseAbs().maxCoeff());
        for (std::size_t k = 0; k < a.losses.size(); ++k)
          BOOST_TEST(std::abs(a.losses[k] - b.losses[k]) <= 1e-8 * std::abs(b.losses[k]));
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_life_has_the_same_bytes_whatever_the_vector_width) {
  check(lives_on_all_instruction_sets({}));
}

BOOST_AUTO_TEST_CASE(so_has_one_whose_cells_fill_no_vector_and_no_block) {
  check(lives_on_all_instruction_sets({"population.E.size=13", "population.I.size=3"}));
}

BOOST_AUTO_TEST_CASE(an_unknown_instruction_set_is_refused_and_those_of_the_machine_named) {
  engine::use_instruction_set("");
  const std::string best(engine::instruction_set());
  BOOST_CHECK_EXCEPTION(engine::use_instruction_set("mmx"), ConfigError, [&](const ConfigError& error) {
    const std::string text = error.what();
    return text.find("'mmx'") != std::string::npos && text.find(best) != std::string::npos;
  });
  BOOST_TEST(engine::instruction_set() == best);
}
