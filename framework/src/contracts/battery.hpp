// What the checks of all kinds share.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <exception>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/types.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace hebbforge::contracts {

/// Collects results. A check returns how the promise was broken, or "".
class Battery {
 public:
  explicit Battery(const ContractOptions& options) : options_(options) {}
  template <class Check>
  bool check(std::string name, Check&& check) {
    ContractResult result{std::move(name), false, {}};
    if (options_.begins) options_.begins(result.name);
    try {
      result.detail = check();
      result.passed = result.detail.empty();
    } catch (const std::exception& error) {
      result.detail = std::string("threw: ") + error.what();
    } catch (...) {
      result.detail = "threw an object that is not a std::exception";
    }
    if (options_.ends) options_.ends(result);
    results_.push_back(std::move(result));
    return results_.back().passed;
  }
  std::vector<ContractResult> take() { return std::move(results_); }

 private:
  const ContractOptions& options_;
  std::vector<ContractResult> results_;
};

/// A matrix whose columns are padded with NaN: who ignores the stride is found out.
class Padded {
 public:
  Padded(Eigen::Index rows, Eigen::Index cols, double value = 0)
      : rows_(rows),
        all_(Eigen::MatrixXd::Constant(rows + 2, cols, std::numeric_limits<double>::quiet_NaN())) {
    all_.topRows(rows).setConstant(value);
  }
  explicit Padded(const Eigen::MatrixXd& values) : Padded(values.rows(), values.cols()) {
    all_.topRows(rows_) = values;
  }
  MatrixView view() { return {all_.data(), rows_, all_.cols(), Eigen::OuterStride<>(all_.rows())}; }
  ConstMatrixView view() const {
    return {all_.data(), rows_, all_.cols(), Eigen::OuterStride<>(all_.rows())};
  }
  Eigen::MatrixXd values() const { return all_.topRows(rows_); }
  bool padding_untouched() const { return all_.bottomRows(2).array().isNaN().all(); }

 private:
  Eigen::Index rows_;
  Eigen::MatrixXd all_;
};

inline Eigen::MatrixXd uniform_matrix(Eigen::Index rows, Eigen::Index cols, double low, double high,
                                      Random& random) {
  return Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return low + (high - low) * random.uniform(); });
}

/// Equal but for the rounding of sums in another order.
inline bool close(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  if (a.size() == 0 && b.size() == 0) return true;
  const double scale = std::max(a.cwiseAbs().maxCoeff(), b.cwiseAbs().maxCoeff());
  return (a - b).cwiseAbs().maxCoeff() <= 1e-12 * scale;
}

std::vector<ContractResult> check_rule(const RegisteredPlugin& plugin, const ContractOptions& options);
std::vector<ContractResult> check_optimizer(const RegisteredPlugin& plugin, const ContractOptions& options);
std::vector<ContractResult> check_perturbation(const RegisteredPlugin& plugin,
                                               const ContractOptions& options);
std::vector<ContractResult> check_loss(const RegisteredPlugin& plugin, const ContractOptions& options);
std::vector<ContractResult> check_stimulus(const RegisteredPlugin& plugin, const ContractOptions& options);
std::vector<ContractResult> check_neuron(const RegisteredPlugin& plugin, const ContractOptions& options);
std::vector<ContractResult> check_constraint(const RegisteredPlugin& plugin, const ContractOptions& options);
std::vector<ContractResult> check_executor(const RegisteredPlugin& plugin, const ContractOptions& options);

}  // namespace hebbforge::contracts
