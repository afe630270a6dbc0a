// No identity.
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

class Rule final : public RuleBasis {
 public:
  static constexpr std::span<const abi::Parameter> schema{};
  explicit Rule(const Config&) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return {}; }
};
}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Rule, hebbforge::RuleBasis)
