// A checked pipeline: everything that a run needs to know, every value in SI units.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/config.hpp>
#include <hebbforge/export.hpp>
#include <hebbforge/host/dataset_file.hpp>
#include <hebbforge/host/registry.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// A plugin that a pipeline chose, and the checked values of its parameters.
struct PluginChoice {
  const RegisteredPlugin* plugin = nullptr;
  Config config;
};

struct PopulationSpec {
  std::string name;
  Eigen::Index size = 0;
  PluginChoice neuron;
};

/// A rule on a pathway: the basis and the value of each of its parameters().
struct RuleSpec {
  PluginChoice choice;
  std::shared_ptr<const RuleBasis> basis;
  std::vector<double> values;  ///< as basis->parameters()
  bool from_input = false;     ///< values are the input file's coefficients and time_constants
};

/// Where a pathway's initial weights come from.
struct WeightSpec {
  enum class Distribution { uniform, normal, constant, input };
  Distribution distribution = Distribution::constant;
  double low = 0, high = 0;    ///< uniform
  double mean = 0, sd = 0;     ///< normal; draws of the wrong sign become 0
  double value = 0;            ///< constant
  std::string dataset = "w0";  ///< input: (cells, cells) over all populations
  std::string plastic;         ///< input: dataset of the plastic mask; "": where the weight is not 0
};

struct PathwaySpec {
  std::string name, from, to;     ///< from: presynaptic, to: postsynaptic population
  double probability = 1;         ///< that a synapse exists
  bool self_connections = false;  ///< only where from == to
  WeightSpec weights;
  bool dale = true;  ///< weights keep their sign: those that would cross 0 stay at +-floor
  double floor = 1e-6;
  double absent_below = 2e-6;  ///< weights at most this at the start of a trial are frozen for it
  double rate_scale = 0.02, trace_scale = 0.01;
  double learning_rate = 0.0005;  ///< per step
  bool must_live = false;         ///< all weights below 1.5e-6: the life has failed
  std::optional<RuleSpec> rule;
};

struct PhaseSpec {
  std::string name;
  std::int64_t trials = 0;
  std::int64_t steps = 0;  ///< time points of a trial: duration / dt
  PluginChoice stimulus;
  bool plasticity = true;
  bool reset = true;         ///< state, rates and traces are 0 at the start of each trial
  std::string frozen_input;  ///< phase whose frozen input it repeats; its own name: a new one
};

enum class NetworkSubset { all, even, odd };

struct PerturbationSpec {
  std::string name;
  PluginChoice choice;
  NetworkSubset networks = NetworkSubset::all;
  std::string trials_text = "all";
  std::vector<std::int64_t> trials;  ///< of the life, ascending
};

struct ConstraintSpec {
  std::string name, pathway;
  PluginChoice choice;
};

struct LossSpec {
  std::string name;
  PluginChoice choice;
  double weight = 1;  ///< 0: measured only
};

/// Which value of the model a search coordinate sets.
struct ParameterTarget {
  enum class Part { rule, neuron, stimulus, constraint, perturbation, loss };
  Part part = Part::rule;
  std::size_t owner = 0;  ///< index into pathways, populations, phases, constraints, perturbations, losses
  std::size_t index = 0;  ///< of a rule: into its parameters()
  std::string parameter;  ///< of the others: the name in its schema
  bool operator==(const ParameterTarget&) const = default;
};

/// One coordinate of the search.
struct FreeParameter {
  std::string path;  ///< "EE.c.x~*y"
  ParameterTarget target;
  double start = 0, lower = 0, upper = 0;  ///< in the parameter's unit
  double step = 0;                         ///< the same; of a log scale: of the logarithm
  std::string unit = "1";
  bool log_scale = false;
  std::vector<ParameterTarget> followers{};  ///< set to the same value
};

/// What ends a search.
struct BudgetSpec {  ///< 0: no limit; at least one is set
  std::int64_t evaluations = 0, generations = 0, lives = 0;
  double wall_time = 0;  ///< s
};

/// What a rule file or preset holds for the pathways of a pipeline.
struct LoadedRules {
  std::vector<std::optional<RuleSpec>> pathways;             ///< none where it names none
  std::vector<std::pair<ParameterTarget, double>> others{};  ///< found with them, in other parts of the model
};

/// Rules that are scored beside the search, on the same networks.
struct ReferenceRule {
  std::string name;    ///< as tables and results call it
  std::string source;  ///< path of a rule file, a preset, or "no_plasticity"
  LoadedRules rules;
};

struct SearchSpec {
  PluginChoice optimizer;
  BudgetSpec budget;
  bool graded_failure = true;        ///< false: failure = "published", the flat loss of Bell et al.
  bool pick_by_median = true;        ///< over the select set; false: by the sum
  bool redraw = false;               ///< other search networks in every generation
  bool racing = false;               ///< losers of a generation are not run in all networks
  std::filesystem::path start_from;  ///< a rule file, or the directory of a run; empty: none
  std::vector<ReferenceRule> references;
  bool shared_time_constants = false;  ///< time_constants = "published"
  std::vector<FreeParameter> free;
};

/// What becomes of lives in which a plugin breaks.
struct EvaluationSpec {
  bool isolated = false;            ///< every life in a process of its own
  double time_limit = 600;          ///< s, of an isolated life
  double memory_limit = 4e9;        ///< bytes that an isolated life may take
  double tolerated_failures = 0.5;  ///< share of lives in which a plugin broke: above it the run ends
};

struct Pipeline;

/// A pipeline under one rule and one condition: what a stage scores.
struct StageVariant {
  std::string rule;      ///< the name that the stage gives to the rule, or to a family of rules
  std::string instance;  ///< which one of a family: the name of its run; "" of a single rule
  std::string condition;
  std::shared_ptr<const Pipeline> pipeline;
  std::vector<std::string> overrides;  ///< what the stage sets, as after --set: it wins over what was learned
  bool learned = false;                ///< the values that this pipeline's search picks are still to be set
  std::filesystem::path run;           ///< as learned, but by the run in this directory; empty: none
};

/// What is to be done once a search is over, or without one.
struct StageSpec {
  enum class Kind { simulate, dropout, rank_and_refit, forward_selection, sweep, compare };
  std::string name;
  Kind kind = Kind::compare;
  std::string network_set = "report";
  std::int64_t networks = 100;
  std::vector<StageVariant> variants;  ///< the first is what the others are compared with
  bool published_statistics = false;   ///< compare: also the tests of Bell et al. (2024)
  // rank_and_refit and forward_selection:
  std::vector<std::string> rankings;  ///< stages `dropout` of this pipeline, or folders of such in other runs
  double keep_below = 0;              ///< instances whose full rule has a greater median loss are left out
  std::vector<std::int64_t> terms;    ///< how many of the best ranked: one search for each number
  bool keep_signs = true;
  std::optional<SearchSpec> search;  ///< of one search: optimizer, budget, what may move
  std::string text;                  ///< the stage's table as TOML
};

struct NetworkCounts {
  std::int64_t search = 10, select = 10, report = 100;
};

/// All derived from `seed` unless given.
struct Seeds {
  std::uint64_t seed = 0, networks = 0, inputs = 0, perturbations = 0, optimizer = 0;
};

/// A checked pipeline file.
struct HEBBFORGE_API Pipeline {
  std::filesystem::path file;
  std::string title;  ///< the file's first comment line, "" if none
  Seeds seeds;
  double dt = 1e-4;                          ///< s
  std::shared_ptr<const DatasetFile> input;  ///< null: none
  NetworkCounts networks;
  std::vector<PopulationSpec> populations;
  std::vector<PathwaySpec> pathways;
  std::vector<PhaseSpec> phases;
  std::vector<PerturbationSpec> perturbations;
  std::vector<ConstraintSpec> constraints;
  std::vector<LossSpec> losses;
  PluginChoice executor;
  EvaluationSpec evaluation;
  std::optional<SearchSpec> search;
  std::vector<ParameterTarget> found;  ///< values outside of rules that were learned together with its rules
  std::vector<StageSpec> stages;       ///< in the order of the file
  std::string resolved;                ///< the whole pipeline as TOML, every default and seed written out

  std::int64_t trials() const noexcept;                       ///< of a life
  std::size_t pathway_index(std::string_view name) const;     ///< \throws Error
  std::size_t population_index(std::string_view name) const;  ///< \throws Error
};

struct PipelineOptions {
  std::vector<std::string> overrides;  ///< "loss.time.weight=500", as after --set; later ones win
  std::optional<std::uint64_t> seed;   ///< as after --seed
  std::string rule;                    ///< a rule file or preset that replaces the pipeline's rules; "": none
  bool needs_search = false;           ///< neither [search] nor a stage is a mistake
  bool stages = true;                  ///< false: tables of stages are not looked at
  bool smoke = false;                  ///< two networks a set, one generation a search, two terms a refit
  std::string text;                    ///< read in place of the file's; "": the file
};

/// Reads and checks a pipeline file and everything that it refers to.
/// \throws ConfigError with every mistake, one `file:line:col: …` each, in file order
HEBBFORGE_API Pipeline load_pipeline(Registry& registry, const std::filesystem::path& file,
                                     const PipelineOptions& options = {});

/// The trials that a text such as "organise[-56:-30:5]", "organise", "all" or "last" names: the slice
/// syntax of Python over one phase's trials.
/// \returns trials of the life, ascending
/// \throws Error saying what was expected
HEBBFORGE_API std::vector<std::int64_t> trials_named(const std::vector<PhaseSpec>& phases,
                                                     std::string_view text);

}  // namespace hebbforge
