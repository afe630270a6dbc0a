#include <array>
#include <hebbforge/register.hpp>
#include <string>

#include "nlopt_methods.hpp"

namespace {
using namespace hebbforge;

constexpr const char* bobyqa = "bobyqa";

class Plugin final : public nlopt_methods::NloptMethod {
 public:
  static constexpr Identity identity{"hebbforge.nlopt", "1.0.0",
                                     "Derivative-free methods of NLopt, one candidate at a time.",
                                     "Johnson, https://github.com/stevengj/nlopt"};
  using P = abi::Parameter;
  static constexpr std::array schema{
      P{.name = "method",
        .summary = "Local: bobyqa, cobyla, sbplx; global: crs2, isres, esch, direct_l.",
        .type = abi::ParameterType::text,
        .default_texts = {&bobyqa, 1},
        .choices = {nlopt_methods::method_names, std::size(nlopt_methods::method_names)}},
      P{.name = "tolx",
        .summary = "Stops when steps are smaller, in initial steps.",
        .default_value = 1e-8,
        .minimum = 0},
      P{.name = "tolfun",
        .summary = "Stops when the loss improves by less; 0: never.",
        .default_value = 0,
        .minimum = 0},
      P{.name = "half_box",
        .summary = "A global method looks this many initial steps on either side where a bound is infinite.",
        .default_value = 10,
        .minimum = 1e-3}};

  explicit Plugin(const Config& c)
      : NloptMethod({std::string(c.text("method")), c.real("tolx"), c.real("tolfun"), c.real("half_box")}) {}
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::Optimizer)
