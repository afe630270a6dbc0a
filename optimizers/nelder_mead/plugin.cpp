#include <array>
#include <hebbforge/register.hpp>

#include "nelder_mead.hpp"

namespace {
using namespace hebbforge;

class Plugin final : public nelder_mead::NelderMead {
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

  explicit Plugin(const Config& c)
      : NelderMead({c.integer("max_restarts"), c.real("tolx"), c.real("tolfun")}) {}
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::Optimizer)
