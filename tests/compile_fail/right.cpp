// Compiles: what the other files here lack.
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

class Rule final : public RuleBasis {
 public:
  static constexpr Identity identity{"tests.rule", "1.0.0", "A rule."};
  static constexpr std::span<const abi::Parameter> schema{};
  explicit Rule(const Config&) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return {}; }
};
}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Rule, hebbforge::RuleBasis)
