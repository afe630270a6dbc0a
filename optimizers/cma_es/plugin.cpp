#include <algorithm>
#include <array>
#include <hebbforge/register.hpp>

#include "cma_es.hpp"

namespace {
using namespace hebbforge;

constexpr const char* covariance_choices[] = {"full", "diagonal"};
constexpr const char* restart_choices[] = {"none", "ipop", "bipop"};
constexpr const char* noise_choices[] = {"none", "networks", "reevaluation"};
constexpr const char *full = "full", *ipop = "ipop", *none = "none";

template <class Choice, std::size_t size>
Choice chosen(std::string_view text, const char* const (&choices)[size]) {
  return static_cast<Choice>(std::ranges::find(choices, text) - choices);
}

cma_es::Settings settings_from(const Config& c) {
  return {.population = c.integer("population"),
          .active = c.boolean("active"),
          .negative_weights = c.real("negative_weights"),
          .diagonal = c.text("covariance") == "diagonal",
          .restarts = chosen<cma_es::Restarts>(c.text("restarts"), restart_choices),
          .max_restarts = c.integer("max_restarts"),
          .max_population = c.integer("max_population"),
          .noise = chosen<cma_es::NoiseMeasure>(c.text("noise"), noise_choices),
          .evaluate_mean = c.boolean("evaluate_mean"),
          .tolfun = c.real("tolfun"),
          .tolfunhist = c.real("tolfunhist"),
          .tolx = c.real("tolx"),
          .tolfacupx = c.real("tolfacupx"),
          .tolupsigma = c.real("tolupsigma"),
          .tolconditioncov = c.real("tolconditioncov"),
          .tolbehind = c.real("tolbehind")};
}

class Plugin final : public cma_es::CmaEs {
 public:
  static constexpr Identity identity{
      "hebbforge.cma_es", "1.0.0",
      "Covariance matrix adaptation, full or diagonal, with active weights and restarts.",
      "Hansen, arXiv:1604.00772"};
  using P = abi::Parameter;
  using T = abi::ParameterType;
  static constexpr std::array schema{
      P{.name = "population",
        .summary = "Candidates per generation; 0: 4 + floor(3 ln n).",
        .type = T::integer,
        .default_value = 0,
        .minimum = 0,
        .maximum = 1e6},
      P{.name = "active",
        .summary = "Negative weights for the worse half.",
        .type = T::boolean,
        .default_value = 1},
      P{.name = "negative_weights",
        .summary =
            "Bound of the sum of negative weights, in units of the tutorial's; 0: 1, but 1.5 for a full "
            "covariance of more than 20 dimensions.",
        .default_value = 0,
        .minimum = 0,
        .maximum = 2},
      P{.name = "covariance",
        .summary = "Full, or diagonal: a variance per coordinate, learned about n/3 times as fast.",
        .type = T::text,
        .default_texts = {&full, 1},
        .choices = {covariance_choices, std::size(covariance_choices)}},
      P{.name = "restarts",
        .summary = "What follows a run that stopped: nothing, a run with twice the population (ipop), or "
                   "large and small runs in turns (bipop).",
        .type = T::text,
        .default_texts = {&ipop, 1},
        .choices = {restart_choices, std::size(restart_choices)}},
      P{.name = "max_restarts",
        .summary = "Restarts at most.",
        .type = T::integer,
        .default_value = 200,
        .minimum = 0},
      P{.name = "max_population",
        .summary = "Restarts and noise let the population grow no further; 0: 256 times the first.",
        .type = T::integer,
        .default_value = 0,
        .minimum = 0,
        .maximum = 1e7},
      P{.name = "noise",
        .summary = "Where ranks change between halves of the networks, or when candidates are evaluated "
                   "again, the population grows.",
        .type = T::text,
        .default_texts = {&none, 1},
        .choices = {noise_choices, std::size(noise_choices)}},
      P{.name = "evaluate_mean",
        .summary =
            "One more candidate per generation: the mean, which is ranked by no one but may be picked.",
        .type = T::boolean,
        .default_value = 0},
      P{.name = "tolfun",
        .summary = "Stops a run whose losses differ less, over generations.",
        .default_value = 1e-11,
        .minimum = 0},
      P{.name = "tolfunhist",
        .summary = "Stops a run whose best losses differ less, over generations.",
        .default_value = 1e-12,
        .minimum = 0},
      P{.name = "tolx",
        .summary = "Stops a run whose deviations are all smaller, in initial steps.",
        .default_value = 1e-11,
        .minimum = 0},
      P{.name = "tolfacupx",
        .summary = "Stops a run when a deviation exceeds this many initial steps.",
        .default_value = 1e3,
        .minimum = 1},
      P{.name = "tolupsigma",
        .summary = "Stops a run when sigma grows this far beyond the largest axis.",
        .default_value = 1e20,
        .minimum = 1},
      P{.name = "tolconditioncov",
        .summary = "Stops a run when the condition of the covariance exceeds it.",
        .default_value = 1e14,
        .minimum = 1},
      P{.name = "tolbehind",
        .summary = "Stops a run whose best losses differ, over generations, by less than this share of what "
                   "it is behind an earlier run.",
        .default_value = 0.1,
        .minimum = 0,
        .maximum = 1}};

  explicit Plugin(const Config& config) : CmaEs(settings_from(config)) {}
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::Optimizer)
