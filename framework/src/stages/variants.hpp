// Pipelines that a stage scores on the same networks: their lives, as files and as tables.
#pragma once

#include <hebbforge/host/run.hpp>
#include <string>
#include <vector>

#include "stages/comparison.hpp"
#include "stages/evaluator.hpp"

namespace hebbforge {

/// What a stage is handed.
struct StageContext {
  const StageSpec& spec;
  const Pipeline& pipeline;
  const RunSummary* search;  ///< null: the pipeline has none
  const RunOptions& options;
  Evaluator& evaluator;
  std::filesystem::path folder;  ///< the stage's own; exists

  std::vector<double> learned()
      const;  ///< what the search picked. \throws SimulationError: it picked nothing
  void message(const std::string& text) const;
};

/// A pipeline with all its values, and its lives.
struct Variant {
  std::string rule, instance, condition;  ///< as in StageVariant
  Pipeline pipeline;
  Scores scores{};
};

/// The variants of a stage; those of learned rules with the values that were learned.
std::vector<Variant> variants_of(const StageContext& context);

/// What the lives of a variant depend on, as a digest.
std::string identity_of(const StageContext& context, const Variant& variant);

/// Scores the variants one after the other and writes results.h5 after each. One that results.h5 has
/// already, made from the same inputs, is taken from there.
/// \returns false: interrupted
bool score(const StageContext& context, std::vector<Variant>& variants);

/// The variants of an earlier stage; their pipelines are empty. \throws Error for a file that is none
std::vector<Variant> read_variants(const std::filesystem::path& results);

/// A rule, or family of rules, under one condition.
struct VariantGroup {
  std::string rule, condition;
  std::vector<std::string> instances;
  InstanceLosses losses;         ///< of each instance; infinite: failed
  std::vector<double> measures;  ///< medians over healthy lives, as layout.measures of the first variant
  std::string name() const;      ///< "learned, probability=0.01"
};
HEBBFORGE_API std::vector<VariantGroup> groups_of(const std::vector<Variant>& variants);

/// The losses of all instances, one after the other.
std::vector<double> pooled(const InstanceLosses& losses);

/// Of the loss per network: of one rule the interval is over networks, of a family over instances and
/// networks.
struct GroupSummary {
  double median = 0;
  Interval interval;
  double failed_share = 0;
};
GroupSummary summary_of(const VariantGroup& group);

struct Comparison {
  const VariantGroup *of, *with;
  PairedDifference difference;
  PublishedTest test;
};
/// Of every rule with the first under the same condition, of every condition with the first under the same
/// rule, there between the instances that both have. \param groups  have to outlive what is returned
HEBBFORGE_API std::vector<Comparison> comparisons_of(const std::vector<VariantGroup>& groups);

/// lives.csv, a row per life; summary.csv, a row per group; comparisons.csv, a row per comparison.
/// \returns the tables to be read
std::string write_tables(const StageContext& context, const std::vector<Variant>& variants);

}  // namespace hebbforge
