#include <array>
#include <hebbforge/register.hpp>

#include "cma_es.hpp"

namespace {
using namespace hebbforge;

constexpr const char* restart_choices[] = {"none", "ipop"};
constexpr const char* ipop = "ipop";

cma_es::Settings settings_from(const Config& c) {
  return {c.integer("population"),
          c.boolean("active"),
          c.text("restarts") == "ipop",
          c.integer("max_restarts"),
          c.real("tolfun"),
          c.real("tolfunhist"),
          c.real("tolx"),
          c.real("tolfacupx"),
          c.real("tolupsigma"),
          c.real("tolconditioncov")};
}

class Plugin final : public Optimizer {
 public:
  static constexpr Identity identity{"hebbforge.cma_es", "1.0.0",
                                     "Covariance matrix adaptation with active weights and restarts.",
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
      P{.name = "restarts",
        .summary = "What follows when a run stops: nothing, or a new run with twice the population.",
        .type = T::text,
        .default_texts = {&ipop, 1},
        .choices = {restart_choices, 2}},
      P{.name = "max_restarts",
        .summary = "Restarts at most.",
        .type = T::integer,
        .default_value = 200,
        .minimum = 0},
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
        .minimum = 1}};

  explicit Plugin(const Config& config) : cma_(settings_from(config)) {}
  void begin(const SearchSpace& space) override { cma_.begin(space); }
  Eigen::Index population_size() const noexcept override { return cma_.population_size(); }
  void ask(MatrixView candidates) override { cma_.ask(candidates); }
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override {
    cma_.tell(candidates, evaluations);
  }
  std::string_view stop() const noexcept override { return cma_.stop(); }
  void save(StateWriter& out) const override { cma_.save(out); }
  void restore(const StateReader& in) override { cma_.restore(in); }
  void best(VectorView parameters) const override { cma_.best(parameters); }
  bool covariance(MatrixView out) const override { return cma_.covariance(out); }

 private:
  cma_es::CmaEs cma_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::Optimizer)
