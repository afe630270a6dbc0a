#include <array>
#include <hebbforge/register.hpp>

#include "nelder_mead.hpp"

namespace {
using namespace hebbforge;

class Plugin final : public Optimizer {
 public:
  static constexpr Identity identity{"hebbforge.nelder_mead", "1.0.0",
                                     "The simplex method with coefficients by dimension, restarted.",
                                     "Nelder and Mead 1965; Gao and Han, doi 10.1007/s10589-010-9329-3"};
  using P = abi::Parameter;
  static constexpr std::array schema{
      P{.name = "max_restarts",
        .summary = "Restarts at most: around the best point if the last run improved it, else elsewhere.",
        .type = abi::ParameterType::integer,
        .default_value = 200,
        .minimum = 0},
      P{.name = "tolx",
        .summary = "Ends a run whose simplex is smaller, in initial steps.",
        .default_value = 1e-9,
        .minimum = 0},
      P{.name = "tolfun",
        .summary =
            "Ends a run whose corners' losses differ less, once the simplex is below 1e-3 initial steps.",
        .default_value = 1e-12,
        .minimum = 0}};

  explicit Plugin(const Config& c) : method_({c.integer("max_restarts"), c.real("tolx"), c.real("tolfun")}) {}
  void begin(const SearchSpace& space) override { method_.begin(space); }
  Eigen::Index population_size() const noexcept override { return method_.population_size(); }
  void ask(MatrixView candidates) override { method_.ask(candidates); }
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override {
    method_.tell(candidates, evaluations);
  }
  std::string_view stop() const noexcept override { return method_.stop(); }
  void save(StateWriter& out) const override { method_.save(out); }
  void restore(const StateReader& in) override { method_.restore(in); }
  void best(VectorView parameters) const override { method_.best(parameters); }

 private:
  nelder_mead::NelderMead method_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::Optimizer)
