#include <algorithm>
#include <array>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

/// Total effect of the rules, sum of |c_k phi_k| over terms, steps and synapses (Bell et al. 2024, Eq. 3).
class RuleEffect final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.rule_effect", "1.0.0",
                                     "Total synaptic change that the terms of the rules evoke.",
                                     "Bell et al., NeurIPS 37 (2024), Eq. 3"};
  static constexpr abi::List<const char*> none{};
  static constexpr std::array schema{abi::Parameter{.name = "pathways",
                                                    .summary = "Which pathways' rules; an empty list: all.",
                                                    .type = abi::ParameterType::text_list,
                                                    .default_texts = none,
                                                    .refers_to = "pathway"}};

  explicit RuleEffect(const Config& c) : pathways_(c.texts("pathways").begin(), c.texts("pathways").end()) {}
  std::string_view result_name() const noexcept override { return "l1_penalty"; }
  double evaluate(const LifeView& life, Random&, Measures&) const override {
    double sum = 0;
    for (const std::string_view p : life.pathways()) {
      const bool wanted =
          pathways_.empty() || std::find(pathways_.begin(), pathways_.end(), p) != pathways_.end();
      if (wanted && life.has_rule(p)) sum += life.effects(p).sum();
    }
    return sum;
  }

 private:
  std::vector<std::string> pathways_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(RuleEffect, hebbforge::Loss)
