#include <array>
#include <hebbforge/register.hpp>

#include "equation.hpp"

namespace {
using namespace hebbforge;

class Plugin final : public equation::Equation {
 public:
  static constexpr Identity identity{"hebbforge.equation", "1.0.0",
                                     "A rule written as an equation for dw/dt."};
  static constexpr std::array schema{
      abi::Parameter{.name = "dw/dt",
                     .summary = "The right side, such as \"hebb*x*post - decay*w*post^2\".",
                     .type = abi::ParameterType::text,
                     .required = true},
      abi::Parameter{.name = "*",
                     .summary = "Every other key names a constant (0.01, \"20 ms\") or a helper signal "
                                "(\"filter(pre, tau_x)\").",
                     .type = abi::ParameterType::text_list}};
  using Equation::Equation;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::RuleBasis)
