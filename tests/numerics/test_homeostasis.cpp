// Known rules of plasticity and homeostasis, each at the fixed point of its own mathematics.
#include <Eigen/Eigenvalues>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/host/pipeline.hpp>

#include "framework/registry.hpp"
#include "pathway.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
using engine::KernelChoice;
namespace data = boost::unit_test::data;

namespace {

const auto both_kernels = data::make({KernelChoice::fused, KernelChoice::reference});

Pipeline pipeline_of(const std::string& text) {
  static const auto directory = scratch("homeostasis");
  const auto file = directory / "p.toml";
  std::ofstream(file) << "circuit = { preset = \"bell2024.hvc\" }\n" << text;
  return load_pipeline(built_plugins(), file);
}

std::string phase(int trials, const std::string& stimulus = "") {
  return "[phase.organise]\nstimulus = { plugin = \"kick_and_poisson\"" + stimulus +
         " }\ntrials = " + std::to_string(trials) + "\nduration = \"110 ms\"\n";
}

// A rule as a pipeline chooses it, with its values.
RuleSpec rule_of(const std::string& choice) {
  return *pipeline_of("[pathway.EE]\nrule = " + choice + "\n" + phase(1)).pathways[0].rule;
}

// Activities as they are, and weights that may change their sign.
void plain(engine::PathwayState& s, double learning_rate) {
  s.rate_scale = s.trace_scale = 1;
  s.learning_rate = learning_rate;
  s.absent_below = 0;
  s.dale = false;
}

// One cell that sums its inputs, its weights learned: a trial per presentation.
class LearningCell {
 public:
  LearningCell(RuleSpec rule, const Eigen::VectorXd& weights, double learning_rate, KernelChoice kernel)
      : rule_(std::move(rule)),
        pathway_(weights.transpose(), *rule_.basis, rule_.values, kernel,
                 [=](engine::PathwayState& s) { plain(s, learning_rate); }) {}
  /// \returns y = [w x + drive]^+, as learned from
  double see(const Eigen::VectorXd& x, double drive = 0) {
    Eigen::MatrixXd pre(x.size(), 2), post(1, 2);
    pre << (last_x_.size() > 0 ? last_x_ : Eigen::VectorXd(Eigen::VectorXd::Zero(x.size()))), x;
    const double y = std::max(0.0, weights().dot(x) + drive);
    post << last_y_, y;
    pathway_.run_trial(pre, post);
    last_x_ = x;
    last_y_ = y;
    return y;
  }
  Eigen::VectorXd weights() const { return pathway_.weights().transpose(); }

 private:
  RuleSpec rule_;
  Pathway pathway_;
  Eigen::VectorXd last_x_;
  double last_y_ = 0;
};

}  // namespace

// Oja (1982): the weights become the principal component of the inputs, of norm 1.
BOOST_DATA_TEST_CASE(ojas_preset_finds_the_principal_component_at_norm_1, both_kernels, kernel) {
  Eigen::MatrixXd x(4, 3);
  x << 1, 0.8, 0.1, 0.6, 0.9, 0.3, 0.3, 0.2, 0.9, 0.5, 0.4, 0.2;
  LearningCell cell(rule_of("{ preset = \"oja1982.oja\" }"), Eigen::VectorXd::Constant(4, 0.2), 0.01, kernel);
  for (int k = 0; k < 3 * 60000; ++k) cell.see(x.col(k % 3));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> principal(x * x.transpose());
  const Eigen::VectorXd w = cell.weights();
  // A presentation moves w by at most 1e-4: so near is the end of each round.
  BOOST_TEST(std::abs(w.norm() - 1) < 3e-4);
  BOOST_TEST(std::abs(w.dot(principal.eigenvectors().col(3))) / w.norm() > 1 - 1e-7);
}

// Bienenstock, Cooper & Munro (1982) with the threshold <y^2>: y = theta = y^2.
BOOST_DATA_TEST_CASE(under_bcm_a_single_pattern_settles_where_rate_and_threshold_are_1, both_kernels,
                     kernel) {
  const RuleSpec rule =
      rule_of("{ plugin = \"bcm\", values = { \"c.bcm\" = 1.0, \"tau.theta\" = \"2 ms\" } }");
  for (const double start : {0.1, 1.5}) {
    LearningCell cell(rule, Eigen::Vector2d(start, start), 0.002, kernel);
    double y = 0;
    for (int k = 0; k < 20000; ++k) y = cell.see(Eigen::Vector2d(0.8, 0.4));
    BOOST_TEST(y == 1, boost::test_tools::tolerance(1e-6));
  }
}

// Of two patterns, each half of the time, one is answered by y = 2 and the other by 0: then theta = 2^2 / 2
// = 2.
BOOST_DATA_TEST_CASE(under_bcm_a_cell_becomes_selective, both_kernels, kernel) {
  const RuleSpec rule =
      rule_of("{ plugin = \"bcm\", values = { \"c.bcm\" = 1.0, \"tau.theta\" = \"10 ms\" } }");
  const Eigen::Vector2d patterns[] = {{1, 0.3}, {0.3, 1}};
  for (const int preferred : {0, 1}) {
    LearningCell cell(rule, 0.4 * patterns[preferred] + 0.3 * patterns[1 - preferred], 0.002, kernel);
    double y[2] = {};
    for (int k = 0; k < 60000; ++k) y[k % 2] = cell.see(patterns[k % 2]);
    // The threshold ripples by 2 / 100 within a round.
    BOOST_TEST(std::abs(y[preferred] - 2) < 0.04);
    BOOST_TEST(y[1 - preferred] < 0.01);
  }
}

// Vogels et al. (2011): inhibition brings the cell to its target, whatever excites it.
BOOST_DATA_TEST_CASE(under_vogels_preset_the_cell_comes_to_its_target_rate, both_kernels, kernel) {
  const RuleSpec rule =
      rule_of("{ preset = \"vogels2011.inhibitory\", values = { \"c.x*y\" = -0.01, \"c.x\" = 0.007 } }");
  for (const double drive : {1.5, 4.0}) {
    LearningCell cell(rule, Eigen::Vector3d::Constant(-0.3), 0.1, kernel);
    double y = 0;
    for (int k = 0; k < 30000; ++k) y = cell.see(Eigen::Vector3d(1, 0.5, 0.2), drive);
    BOOST_TEST(y == 0.7, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(cell.weights().maxCoeff() < 0);
  }
}

// van Rossum et al. (2000): the cell comes to its target, and the ratios of its weights stay.
BOOST_DATA_TEST_CASE(under_multiplicative_scaling_the_cell_comes_to_its_target_rate, both_kernels, kernel) {
  const RuleSpec rule = rule_of("{ preset = \"vanrossum2000.scaling\" }");
  for (const double size : {0.1, 3.0}) {
    const Eigen::Vector3d start = size * Eigen::Vector3d(0.2, 0.5, 1);
    LearningCell cell(rule, start, 0.1, kernel);
    double y = 0;
    for (int k = 0; k < 40000; ++k) y = cell.see(Eigen::Vector3d(1, 0.5, 0.2));
    BOOST_TEST(y == 1, boost::test_tools::tolerance(1e-9));
    BOOST_TEST((cell.weights() / cell.weights()[2] - start / start[2]).norm() < 1e-9);
  }
}

namespace {

// Weights learned by nothing but what constrains them.
const std::string still = "[pathway.EE]\nrule = { plugin = \"polynomial\", terms = [\"1\"] }\n";

LifeRecord life(const std::string& text) {
  LifeRecord record;
  LifeOptions options;
  options.record = &record;
  const LifeResult result = run_life(pipeline_of(text), options);
  BOOST_TEST_REQUIRE((result.end == LifeEnd::healthy), result.message);
  return record;
}

}  // namespace

// With the same input in every trial the E cells of the published circuit come to one mean rate.
BOOST_AUTO_TEST_CASE(synaptic_scaling_brings_every_cell_to_its_target_rate) {
  const std::string scaling =
      "[constraint.scaling]\nplugin = \"synaptic_scaling\"\npathway = \"EE\"\ntarget = 0.02\nrate = 0.05\n";
  const LifeRecord before = life(still + phase(1, ", fresh_rate = 0")),
                   after = life(still + phase(600, ", fresh_rate = 0") + scaling);
  const Eigen::VectorXd first = before.rates.topRows(25).rowwise().mean(),
                        last = after.rates.topRows(25).rowwise().mean();
  BOOST_TEST((first.tail(24).array() < 0.01).count() >= 20);
  BOOST_TEST((last.tail(24).array() / 0.02 - 1).abs().maxCoeff() < 1e-6);
  // The kick alone is too much for the first cell: its recurrent input goes.
  BOOST_TEST(last[0] > 0.02);
  BOOST_TEST(after.final_weights.row(0).head(25).maxCoeff() < 0.01);
}

BOOST_AUTO_TEST_CASE(synaptic_scaling_follows_the_rates_of_the_trial_before) {
  const std::string scaling =
      "[constraint.scaling]\nplugin = \"synaptic_scaling\"\npathway = \"EE\"\ntarget = 0.003\nrate = 0.3\n";
  const LifeRecord one = life(still + phase(1) + scaling), two = life(still + phase(2) + scaling);
  BOOST_TEST((one.final_weights == one.initial_weights));
  Eigen::MatrixXd expected = one.initial_weights;
  for (Eigen::Index i = 0; i < 25; ++i) {
    const double relative = 1 - one.rates.row(i).mean() / 0.003;
    expected.row(i).head(25) *= std::exp(0.3 * std::min(1.0, std::max(-1.0, relative)));
  }
  BOOST_TEST((two.final_weights - expected).cwiseAbs().maxCoeff() < 1e-14);
}

// Also where a loss keeps the rates of that trial.
BOOST_AUTO_TEST_CASE(a_cell_is_manipulated_by_its_place_in_the_sequence_of_the_trial_before) {
  const std::string ablation =
      "[perturbation.one]\nplugin = \"cell_manipulation\"\nwhat = \"ablate\"\npopulation = \"E\"\ncell = 5\n"
      "trials = \"organise[3]\"\n";
  const std::string loss = "[loss.rate]\nplugin = \"mean_rate\"\ntrials = [\"organise[2]\"]\n";
  const LifeRecord three = life(phase(3));
  const Eigen::VectorXd time =
      Eigen::VectorXd::LinSpaced(three.rates.cols(), 0, static_cast<double>(three.rates.cols() - 1));
  const Eigen::MatrixXd rates = three.rates.topRows(25);
  const Eigen::VectorXd centre = (rates * time).cwiseQuotient(rates.rowwise().sum());
  BOOST_TEST_REQUIRE((rates.rowwise().sum().array() > 0).count() > 5);
  for (const std::string& text : {phase(6) + ablation, phase(6) + ablation + loss}) {
    const Eigen::MatrixXd weights = life(text).final_weights;
    int ablated = 0;
    for (Eigen::Index i = 0; i < 25; ++i) {
      if (!weights.row(i).isZero(0) || !weights.col(i).isZero(0)) continue;
      ++ablated;
      BOOST_TEST((centre.array() < centre[i]).count() == 5);
    }
    BOOST_TEST(ablated == 1);
  }
}

BOOST_AUTO_TEST_CASE(before_the_first_trial_no_cell_has_a_place_in_a_sequence) {
  const Pipeline pipeline = pipeline_of(phase(2) +
                                        "[perturbation.one]\nplugin = \"cell_manipulation\"\nwhat = "
                                        "\"ablate\"\npopulation = \"E\"\ncell = 5\n");
  BOOST_CHECK_THROW(run_life(pipeline, {}), Error);
}
