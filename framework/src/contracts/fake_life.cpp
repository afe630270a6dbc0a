#include "contracts/fake_life.hpp"

#include <algorithm>
#include <hebbforge/error.hpp>
#include <hebbforge/host/pipeline.hpp>

#include "contracts/battery.hpp"

namespace hebbforge::contracts {
namespace {
Eigen::MatrixXd table(std::initializer_list<std::initializer_list<double>> rows) {
  return Eigen::MatrixXd(rows);
}
}  // namespace

FakeLife::FakeLife(std::int64_t network) : network_(network) {
  Random random(6, "contract weights", static_cast<std::uint64_t>(network));
  weights_["EE"] = uniform_matrix(excitatory, excitatory, 0.08, 0.4, random);
  weights_["EE"].diagonal().setZero();
  weights_["EI"] = uniform_matrix(inhibitory, excitatory, 0.2, 0.8, random);
  weights_["IE"] = uniform_matrix(excitatory, inhibitory, -0.5, -0.1, random);
  for (const auto& [name, w] : weights_) plastic_[name] = (w.array() != 0).cast<double>();
  gains_["E"] = Eigen::VectorXd::Ones(excitatory);
  gains_["I"] = Eigen::VectorXd::Ones(inhibitory);
  datasets_["turnover"] = table({{0, 3, 4, 0}, {5, 3, 4, 1}, {5, 20, 0, 0}, {150, 7, 24, 0}});
  datasets_["fixed_spikes"] = table({{0, 0}, {1, 0}, {10, 24}, {11, 25}, {649, 32}});
  datasets_["random_spikes"] = table({{0, 12, 3}, {0, 700, 30}, {1, 1099, 24}, {199, 40, 32}});
  Random task(13, "contract task");
  datasets_["inputs"] = uniform_matrix(excitatory, 10 * 20, -1, 1, task);
  datasets_["data"] = uniform_matrix(3, excitatory + inhibitory, 0, 0.1, task);
  for (const auto& [name, values] : datasets_) shapes_[name] = {values.rows(), values.cols()};
  shapes_["inputs"] = {10, 20, excitatory};
}

void FakeLife::record(const LifePart& part, bool silent) {
  recorded_.clear();
  recordings_.clear();
  Random random(7, "contract recording");
  for (const Recording& wanted : part.recordings()) {
    const std::string quantity(wanted.quantity);
    const auto dot = quantity.find('.');
    const std::string owner = dot == quantity.npos ? "" : quantity.substr(0, dot);
    Eigen::Index rows = excitatory + inhibitory;
    if (quantity.ends_with(".rate"))
      rows = cells(owner);
    else if (quantity.ends_with(".weight"))
      rows = at(weights_, owner).rows();
    else if (quantity != "rate")
      throw Error("nobody can record '" + quantity + "'");
    if (wanted.stride < 1)
      throw Error("'" + quantity + "' is recorded every " + std::to_string(wanted.stride) + " steps");
    const Eigen::Index samples = quantity.ends_with(".weight")
                                     ? at(weights_, owner).cols()
                                     : (steps(0) + wanted.stride - 1) / wanted.stride;
    for (int trial = 0; trial < (wanted.trials == "previous" ? 1 : 3); ++trial)
      recorded_[std::string(wanted.name)].push_back(
          uniform_matrix(rows, samples, 0, silent ? 0 : 0.1, random));
  }
  for (const auto& [name, matrices] : recorded_) {
    for (const Eigen::MatrixXd& matrix : matrices) recordings_[name].push_back(view_of(matrix));
  }
}

Eigen::Index FakeLife::cells(std::string_view population) const {
  if (population == "E") return excitatory;
  if (population == "I") return inhibitory;
  throw Error("no population '" + std::string(population) + "'");
}

Eigen::Index FakeLife::first_cell(std::string_view population) const {
  return cells(population) == excitatory ? 0 : excitatory;
}

std::string_view FakeLife::presynaptic(std::string_view pathway) const { return pathway == "IE" ? "I" : "E"; }
std::string_view FakeLife::postsynaptic(std::string_view pathway) const {
  return pathway == "EI" ? "I" : "E";
}

Eigen::MatrixXd& FakeLife::at(Matrices& matrices, std::string_view name) {
  const auto found = matrices.find(name);
  if (found == matrices.end()) throw Error("no pathway '" + std::string(name) + "'");
  return found->second;
}

ConstMatrixView FakeLife::dataset(std::string_view name) const {
  const auto found = datasets_.find(name);
  if (found == datasets_.end()) throw Error("no dataset '" + std::string(name) + "'");
  return view_of(found->second);
}

std::span<const std::int64_t> FakeLife::dataset_shape(std::string_view name) const {
  dataset(name);
  return shapes_.find(name)->second;
}

std::span<const std::int64_t> FakeLife::trials_named(std::string_view text) const {
  PhaseSpec phase;
  phase.name = "organise";
  phase.trials = trials();
  const std::int64_t first = std::min(hebbforge::trials_named({phase}, text).at(0), trials() - 3);
  return trials_[std::string(text)] = {first, first + 1, first + 2};
}

ConstMatrixView FakeLife::signal(std::string_view name, std::int64_t trial) const {
  const auto number = static_cast<double>(trial);
  if (name == "labels")
    signal_ = Eigen::MatrixXd::Constant(1, 1, static_cast<double>(trial % 2));
  else if (name == "targets")
    signal_ = Eigen::RowVectorXd::LinSpaced(steps(trial), number, number + 1);
  else
    throw Error("no signal '" + std::string(name) + "'");
  return view_of(std::as_const(signal_));
}

VectorView FakeLife::input_gain(std::string_view population) {
  cells(population);
  return view_of(gains_.find(population)->second);
}

std::span<const ConstMatrixView> FakeLife::recording(std::string_view name) const {
  const auto found = recordings_.find(name);
  if (found == recordings_.end()) throw Error("nothing was recorded under '" + std::string(name) + "'");
  return found->second;
}

ConstVectorView FakeLife::effects(std::string_view pathway) const {
  if (!has_rule(pathway)) throw Error("no rule on pathway '" + std::string(pathway) + "'");
  return view_of(effects_);
}

Eigen::VectorXd FakeLife::everything() const {
  std::vector<double> all;
  for (const Matrices* matrices : {&weights_, &plastic_}) {
    for (const auto& [name, m] : *matrices) all.insert(all.end(), m.data(), m.data() + m.size());
  }
  for (const auto& [name, gain] : gains_) all.insert(all.end(), gain.data(), gain.data() + gain.size());
  return Eigen::Map<const Eigen::VectorXd>(all.data(), static_cast<Eigen::Index>(all.size()));
}

}  // namespace hebbforge::contracts
