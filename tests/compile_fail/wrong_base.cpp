// Not derived from the interface that it is exported as.
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

class Rule final : public Neuron {
 public:
  static constexpr Identity identity{"tests.rule", "1.0.0", "A rule."};
  static constexpr std::span<const abi::Parameter> schema{};
  explicit Rule(const Config&) {}
  void step(const PopulationView&) const noexcept override {}
};
}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Rule, hebbforge::RuleBasis)
