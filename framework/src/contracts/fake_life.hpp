// A small network that only its parts believe in.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/interfaces/life.hpp>
#include <map>
#include <string>
#include <vector>

namespace hebbforge::contracts {

/// Populations E (25 cells) and I (8), pathways EE, EI and IE with the published initial weights, a rule of
/// three terms on EE, 200 trials of 1100 time points of 0.1 ms, and the datasets of a replayed life and of a
/// task of 10 trials, 20 times and 25 channels, and mean rates in three trials. What a part asks to record is
/// random, or silence.
class HEBBFORGE_API FakeLife final : public LifeView {
 public:
  static constexpr Eigen::Index excitatory = 25, inhibitory = 8;

  explicit FakeLife(std::int64_t network = 0);
  /// Three trials of every recording that the part names, or the previous one.
  /// \throws Error for an unknown quantity
  void record(const LifePart& part, bool silent);

  double dt() const noexcept override { return 1e-4; }
  std::int64_t network() const noexcept override { return network_; }
  std::int64_t trials() const noexcept override { return 200; }
  std::int64_t steps(std::int64_t) const override { return 1100; }
  std::span<const std::string_view> populations() const noexcept override { return populations_; }
  Eigen::Index cells(std::string_view population) const override;
  Eigen::Index first_cell(std::string_view population) const override;
  std::span<const std::string_view> pathways() const noexcept override { return names_; }
  std::string_view presynaptic(std::string_view pathway) const override;
  std::string_view postsynaptic(std::string_view pathway) const override;
  ConstMatrixView dataset(std::string_view name) const override;
  bool has_dataset(std::string_view name) const noexcept override { return datasets_.contains(name); }
  std::span<const std::int64_t> dataset_shape(std::string_view name) const override;
  std::string_view input_file() const noexcept override { return "contract.h5"; }
  /// Three trials, as are recorded, from the first on that the text names in a phase `organise`.
  std::span<const std::int64_t> trials_named(std::string_view text) const override;
  /// "labels": 0 and 1 in turn; "targets": one that changes over trials and steps.
  ConstMatrixView signal(std::string_view name, std::int64_t trial) const override;
  MatrixView weights(std::string_view pathway) override { return view_of(at(weights_, pathway)); }
  MatrixView plastic(std::string_view pathway) override { return view_of(at(plastic_, pathway)); }
  VectorView input_gain(std::string_view population) override;
  std::span<const ConstMatrixView> recording(std::string_view name) const override;
  ConstVectorView effects(std::string_view pathway) const override;
  bool has_rule(std::string_view pathway) const override { return pathway == "EE"; }

  /// All that a part may change, in one vector.
  Eigen::VectorXd everything() const;

 private:
  using Matrices = std::map<std::string, Eigen::MatrixXd, std::less<>>;
  static Eigen::MatrixXd& at(Matrices& matrices, std::string_view name);

  std::int64_t network_;
  std::array<std::string_view, 3> names_{"EE", "EI", "IE"};
  std::array<std::string_view, 2> populations_{"E", "I"};
  Matrices weights_, plastic_, datasets_;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> shapes_;
  mutable Eigen::MatrixXd signal_;
  mutable std::map<std::string, std::vector<std::int64_t>, std::less<>> trials_;
  std::map<std::string, Eigen::VectorXd, std::less<>> gains_;
  std::map<std::string, std::vector<Eigen::MatrixXd>, std::less<>> recorded_;
  std::map<std::string, std::vector<ConstMatrixView>, std::less<>> recordings_;
  Eigen::VectorXd effects_ = Eigen::VectorXd::LinSpaced(3, 1, 3);
};

}  // namespace hebbforge::contracts
