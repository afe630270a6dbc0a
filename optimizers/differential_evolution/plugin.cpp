#include <array>
#include <hebbforge/register.hpp>

#include "differential_evolution.hpp"

namespace {
using namespace hebbforge;

class Plugin final : public differential_evolution::DifferentialEvolution {
 public:
  static constexpr Identity identity{"hebbforge.differential_evolution", "1.0.0",
                                     "Differential evolution that learns its scale and crossover (SHADE).",
                                     "Tanabe and Fukunaga, doi 10.1109/CEC.2013.6557555"};
  using P = abi::Parameter;
  static constexpr std::array schema{
      P{.name = "population",
        .summary = "Candidates per generation, at least 4; 0: 20 + n.",
        .type = abi::ParameterType::integer,
        .default_value = 0,
        .minimum = 0,
        .maximum = 1e6},
      P{.name = "greediness",
        .summary = "Steps lead towards one of this share of the best.",
        .default_value = 0.15,
        .minimum = 0,
        .maximum = 1},
      P{.name = "tolfun",
        .summary = "Stops when all losses differ less and the population is below 1e-3 initial steps.",
        .default_value = 1e-12,
        .minimum = 0},
      P{.name = "tolx",
        .summary = "Stops when the population spreads over less, in initial steps.",
        .default_value = 1e-11,
        .minimum = 0}};

  explicit Plugin(const Config& c)
      : DifferentialEvolution(
            {c.integer("population"), c.real("greediness"), c.real("tolfun"), c.real("tolx")}) {}
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::Optimizer)
