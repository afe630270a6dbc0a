#include <array>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>

namespace {
using namespace hebbforge;

/// Bell et al. (2024), Eq. 4:
/// \f$ \dot w_{ij} = c_0\,\tilde x_j y_i + c_1\, x_j \tilde y_i + c_2\, w_{ij}\,\tilde y_i y_i \f$.
class TemporalOja final : public RuleBasis {
 public:
  static constexpr Identity identity{"bell2024.temporal_oja", "1.0.0", "Temporally asymmetric Oja rule.",
                                     "Bell et al., NeurIPS 37 (2024), Eq. 4, openreview nw4TWuEPGx"};
  static constexpr std::span<const abi::Parameter> schema{};

  explicit TemporalOja(const Config&) {}
  std::span<const abi::Parameter> parameters() const noexcept override { return all_parameters; }
  std::span<const Signal> signals() const noexcept override { return all_signals; }
  std::span<const Term> terms() const noexcept override { return all_terms; }

 private:
  static constexpr std::array all_parameters{coefficient("c.x~*y"),     coefficient("c.x*y~"),
                                             coefficient("c.w*y~*y"),   time_constant("tau.x~*y"),
                                             time_constant("tau.x*y~"), time_constant("tau.w*y~*y")};
  static constexpr std::array all_signals{Signal{"pre", Side::pre, Source::activity, 3},
                                          Signal{"post", Side::post, Source::activity, 4},
                                          Signal{"decay", Side::post, Source::activity, 5}};
  static constexpr std::array all_terms{
      Term{"x~*y", R"(\tilde{x}_j y_i)", 0, Factor::activity, Factor::signal, 0, -1, 0},
      Term{"x*y~", R"(x_j \tilde{y}_i)", 1, Factor::signal, Factor::activity, 0, 0},
      Term{"w*y~*y", R"(w_{ij} \tilde{y}_i y_i)", 2, Factor::signal_times_activity, Factor::one, 1, 1}};
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(TemporalOja, hebbforge::RuleBasis)
