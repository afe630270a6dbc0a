// Does not say its parameters.
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

class Rule final : public RuleBasis {
 public:
  static constexpr Identity identity{"tests.rule", "1.0.0", "A rule."};
  static constexpr std::span<const abi::Parameter> schema{};
  explicit Rule(const Config&) {}
};
}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Rule, hebbforge::RuleBasis)
