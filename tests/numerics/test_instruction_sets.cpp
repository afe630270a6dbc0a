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
Pipeline pipeline_with(Registry& registry, const std::vector<std::string>& overrides) {
  registry.search_default_steps({});
  PipelineOptions options;
  options.rule = "bell2024.mean_still";
  options.overrides = {"phase.organise.trials=56", "perturbation.turnover.plugin=\"synaptic_turnover\"",
                       "perturbation.turnover.pathway=\"EE\"", "perturbation.turnover.probability=7.2e-4"};
  options.overrides.insert(options.overrides.end(), overrides.begin(), overrides.end());
  return load_pipeline(registry, HEBBFORGE_SOURCE "/examples/02_find_a_rule/pipeline.toml", options);
}

Lived lived(const Pipeline& pipeline, const std::string& name, bool reference = false) {
  LifeRecord record;
  LifeOptions life;
  life.record = &record;
  life.reference_kernel = reference;
  const LifeResult result = run_life(pipeline, life);
  BOOST_TEST_CONTEXT(name) { BOOST_TEST_REQUIRE(name_of(result.end) == name_of(LifeEnd::healthy)); }
  return {
      name,         engine::has_fused_multiply_add(), record.rates, record.final_weights, result.effects[0],
      result.losses};
}

std::vector<Lived> lives_on_all_instruction_sets(const std::vector<std::string>& overrides) {
  Registry registry;
  const Pipeline pipeline = pipeline_with(registry, overrides);
  std::vector<Lived> all;
  engine::use_instruction_set("");
  for (const std::string& isa : engine::instruction_sets()) {
    engine::use_instruction_set(isa);
    BOOST_TEST_REQUIRE(engine::instruction_set() == isa);
    all.push_back(lived(pipeline, isa));
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

// The pathway with the rule and those without one go by blocks.
BOOST_AUTO_TEST_CASE(so_has_one_of_sparse_pathways_and_the_reference_agrees) {
  const std::vector<std::string> sparse{
      "population.E.size=48",
      "population.I.size=16",
      "pathway.EE.probability=0.1",
      "pathway.EE.weights={ distribution = \"uniform\", low = 0.2, high = 0.9 }",
      "pathway.EI.probability=0.05",
      "pathway.EI.weights={ distribution = \"normal\", mean = 2.0, sd = 0.6 }",
      "pathway.IE.probability=0.05",
      "pathway.IE.weights={ distribution = \"normal\", mean = -1.2, sd = 0.36 }",
      "perturbation.turnover.probability=5e-3"};
  const auto all = lives_on_all_instruction_sets(sparse);
  check(all);
  Registry registry;
  const Lived reference = lived(pipeline_with(registry, sparse), "reference", true);
  const Lived& fused = all.front();
  BOOST_TEST((fused.rates - reference.rates).cwiseAbs().maxCoeff() <=
             1e-9 * reference.rates.cwiseAbs().maxCoeff());
  BOOST_TEST((fused.weights - reference.weights).cwiseAbs().maxCoeff() <=
             1e-9 * reference.weights.cwiseAbs().maxCoeff());
  BOOST_TEST((fused.effects - reference.effects).cwiseAbs().maxCoeff() <=
             1e-9 * reference.effects.cwiseAbs().maxCoeff());
  BOOST_TEST(reference.effects.maxCoeff() > 0);
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
