#include <array>
#include <hebbforge/register.hpp>

#include "polynomial.hpp"

namespace {
using namespace hebbforge;

class Plugin final : public RuleBasis {
 public:
  static constexpr Identity identity{"hebbforge.polynomial", "1.0.0",
                                     "A sum of products of rates, traces and the weight, given as text.",
                                     "Bell et al., NeurIPS 37 (2024), Eq. 1"};
  static constexpr std::array schema{abi::Parameter{.name = "terms",
                                                    .summary = "Terms such as \"x~ y\", \"w y~ y\" or \"1\".",
                                                    .type = abi::ParameterType::text_list,
                                                    .required = true}};
  explicit Plugin(const Config& config) : rule_(config) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return rule_.parameters(); }
  std::span<const Signal> signals() const noexcept override { return rule_.signals(); }
  std::span<const Term> terms() const noexcept override { return rule_.terms(); }

 private:
  polynomial::Polynomial rule_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Plugin, hebbforge::RuleBasis)
