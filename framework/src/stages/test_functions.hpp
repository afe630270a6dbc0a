// Functions that optimizers are compared on.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/random.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// A function with its search space, as Hansen and Ostermeier (Evol. Comput. 9, 2001) and the black-box
/// benchmarks (Hansen et al., arXiv:1603.08785) have them: x = 1 and a step of 1, or what the function asks
/// for.
class HEBBFORGE_API TestFunction {
 public:
  /// \param name  one of test_function_names()
  /// \param seed  of the rotation and the shift of those that have them, of start and noise
  /// \throws ConfigError for an unknown name
  TestFunction(std::string_view name, Eigen::Index dimension, std::uint64_t seed);

  /// Not below 0, which is the optimum; noisy ones draw anew with every call.
  double operator()(const Eigen::VectorXd& x);
  /// Without noise: what a target is compared with.
  double exact(const Eigen::VectorXd& x) const;

  Eigen::VectorXd start, step, lower, upper;
  double target = 1e-10;
  bool multimodal = false;  ///< a search may need many restarts

 private:
  using Function = double (*)(const Eigen::VectorXd&);
  Function function_ = nullptr;
  Eigen::VectorXd shift_;
  Eigen::MatrixXd rotation_;  // empty: none
  double noise_ = 0;
  Random random_;
};

/// "sphere", "ellipsoid", "rotated_ellipsoid", …; rotated ones are shifted too.
HEBBFORGE_API const std::vector<std::string>& test_function_names();

}  // namespace hebbforge
