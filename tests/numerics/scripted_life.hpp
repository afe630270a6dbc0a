// A life that says what a test wants it to say.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <hebbforge/error.hpp>
#include <hebbforge/host/registry.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "framework/registry.hpp"

namespace hebbforge {

/// Population E with `cells` cells and In with two, pathway InE from the one to the other; dt = 1 ms; every
/// recording is a list of matrices, every signal a matrix for each trial.
class ScriptedLife final : public LifeView {
 public:
  struct Data {
    std::vector<std::int64_t> shape;
    Eigen::MatrixXd values;
  };
  Eigen::Index excitatory = 3;
  std::int64_t steps_per_trial = 10;
  std::map<std::string, Data, std::less<>> datasets;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> trials_of;
  std::map<std::string, std::map<std::int64_t, Eigen::MatrixXd>, std::less<>> signals;
  std::map<std::string, std::vector<Eigen::MatrixXd>, std::less<>> recordings;

  /// A dataset of shape (trials, times, channels): values in the order of the file.
  void put(const std::string& name, std::vector<std::int64_t> shape, const std::vector<double>& values) {
    const auto extent = [&](std::size_t k) { return k < shape.size() ? shape[k] : 1; };
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::MatrixXd matrix =
        shape.size() == 3 ? Eigen::MatrixXd(Eigen::Map<const Eigen::MatrixXd>(values.data(), extent(2),
                                                                              extent(0) * extent(1)))
                          : Eigen::MatrixXd(Eigen::Map<const RowMajor>(values.data(), extent(0), extent(1)));
    datasets[name] = {std::move(shape), std::move(matrix)};
  }

  double dt() const noexcept override { return 1e-3; }
  std::int64_t network() const noexcept override { return 0; }
  std::int64_t trials() const noexcept override { return 100; }
  std::int64_t steps(std::int64_t) const override { return steps_per_trial; }
  std::span<const std::string_view> populations() const noexcept override { return populations_; }
  Eigen::Index cells(std::string_view population) const override {
    return population == "In" ? 2 : excitatory;
  }
  Eigen::Index first_cell(std::string_view population) const override {
    return population == "In" ? excitatory : 0;
  }
  std::span<const std::string_view> pathways() const noexcept override { return pathways_; }
  std::string_view presynaptic(std::string_view) const override { return "In"; }
  std::string_view postsynaptic(std::string_view) const override { return "E"; }
  ConstMatrixView dataset(std::string_view name) const override { return view_of(at(datasets, name).values); }
  bool has_dataset(std::string_view name) const noexcept override { return datasets.contains(name); }
  std::span<const std::int64_t> dataset_shape(std::string_view name) const override {
    return at(datasets, name).shape;
  }
  std::string_view input_file() const noexcept override { return "task.h5"; }
  std::span<const std::int64_t> trials_named(std::string_view text) const override {
    return at(trials_of, text);
  }
  ConstMatrixView signal(std::string_view name, std::int64_t trial) const override {
    return view_of(at(signals, name).at(trial));
  }
  MatrixView weights(std::string_view) override { throw Error("no weights"); }
  MatrixView plastic(std::string_view) override { throw Error("no mask"); }
  VectorView input_gain(std::string_view) override { throw Error("no gain"); }
  std::span<const ConstMatrixView> recording(std::string_view name) const override {
    views_.clear();
    for (const Eigen::MatrixXd& m : at(recordings, name)) views_.push_back(view_of(m));
    return views_;
  }
  ConstVectorView effects(std::string_view) const override { throw Error("no effects"); }
  bool has_rule(std::string_view) const override { return false; }

 private:
  template <class Map>
  static const typename Map::mapped_type& at(const Map& map, std::string_view name) {
    const auto found = map.find(name);
    if (found == map.end()) throw Error("the script has no '" + std::string(name) + "'");
    return found->second;
  }
  std::array<std::string_view, 2> populations_{"E", "In"};
  std::array<std::string_view, 1> pathways_{"InE"};
  mutable std::vector<ConstMatrixView> views_;
};

struct Scored : Measures {
  double loss = 0;
  std::map<std::string, double, std::less<>> measures;
  void add(std::string_view name, double value) override { measures[std::string(name)] = value; }
};

/// What a stock loss says about a scripted life. \param set  parameters that differ from their defaults
inline Scored score(const char* loss, ScriptedLife& life, const std::map<std::string, Config::Value>& set) {
  const RegisteredPlugin& plugin = built_plugins().find(abi::Kind::loss, loss);
  Config config = default_config(*plugin.descriptor);
  for (const auto& [name, value] : set) config.set(name, value);
  const auto part = plugin.create<Loss>(config);
  Random begin(1, "begin"), random(2, "evaluate");
  part->begin_life(life, begin);
  Scored scored;
  scored.loss = part->evaluate(life, random, scored);
  return scored;
}

/// The sentence of the error that it throws; "" if it throws none.
inline std::string complaint(const char* loss, ScriptedLife& life,
                             const std::map<std::string, Config::Value>& set) {
  try {
    score(loss, life, set);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace hebbforge
