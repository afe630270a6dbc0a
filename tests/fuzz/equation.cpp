// Equations: the first line is the right side, each further one a definition; one that is accepted is
// computed.
#include "equation.hpp"

#include <vector>

#include "hostile.hpp"

using namespace hebbforge;

namespace {

// A pathway of two cells onto three, with as many signals as the rule has.
void step(const RuleBasis& rule) {
  const auto terms = static_cast<Eigen::Index>(rule.terms().size());
  Eigen::Index of_side[4] = {};
  for (const Signal& s : rule.signals()) ++of_side[static_cast<int>(s.side)];
  const Eigen::VectorXd pre = Eigen::VectorXd::LinSpaced(2, -1, 2),
                        post = Eigen::VectorXd::LinSpaced(3, 0, 3);
  const Eigen::MatrixXd pre_signals = Eigen::MatrixXd::Constant(2, of_side[static_cast<int>(Side::pre)], 0.5),
                        post_signals =
                            Eigen::MatrixXd::Constant(3, of_side[static_cast<int>(Side::post)], -2);
  const Eigen::MatrixXd weights = Eigen::MatrixXd::Constant(3, 2, 0.3), mask = Eigen::MatrixXd::Ones(3, 2);
  const Eigen::VectorXd global = Eigen::VectorXd::Constant(of_side[static_cast<int>(Side::global)], 1);
  const std::vector<ConstMatrixView> synapse(
      static_cast<std::size_t>(of_side[static_cast<int>(Side::synapse)]), view_of(weights));
  std::vector<double> values;
  for (const abi::Parameter& p : rule.parameters()) values.push_back(p.default_value);
  Eigen::MatrixXd delta = Eigen::MatrixXd::Zero(3, 2);
  Eigen::VectorXd effect = Eigen::VectorXd::Zero(terms);
  rule.accumulate({values.data(), static_cast<Eigen::Index>(values.size())},
                  {1e-4, view_of(pre), view_of(post), view_of(pre_signals), view_of(post_signals), synapse,
                   view_of(global), view_of(weights), view_of(mask)},
                  view_of(delta), view_of(effect));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const auto line = [&] {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string one(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return one;
  };
  Config config;
  config.set("dw/dt", line());
  std::vector<std::string> definitions;
  while (!text.empty()) {
    // As the pipeline reader hands them on.
    const std::string one = line();
    if (one.find(" = ") != one.npos) definitions.push_back(one);
  }
  config.set("*", definitions);
  fuzz::read_or_refuse([&] { step(equation::Equation(config)); });
  return 0;
}
