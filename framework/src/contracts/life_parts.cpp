// The promises of what takes part in a life: perturbation, constraint, loss, stimulus.
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/interfaces/stimulus.hpp>

#include "contracts/battery.hpp"
#include "contracts/fake_life.hpp"

namespace hebbforge::contracts {
namespace {

using Eigen::Index;

template <class Interface>
std::shared_ptr<Interface> begun(const RegisteredPlugin& plugin, const LifeContext& life) {
  auto part = plugin.create<Interface>(contract_config(*plugin.descriptor));
  Random random(8, "contract begin", static_cast<std::uint64_t>(life.network()));
  part->begin_life(life, random);
  return part;
}

Random stream(std::int64_t network, std::int64_t trial, std::uint64_t seed = 9) {
  return Random(seed, "contract trial", static_cast<std::uint64_t>(network), trial);
}

// A whole life under a perturbation.
void perturb(const RegisteredPlugin& plugin, FakeLife& life) {
  const auto perturbation = begun<Perturbation>(plugin, life);
  life.record(*perturbation, false);
  for (std::int64_t trial = 0; trial < life.trials(); ++trial) {
    Random random = stream(life.network(), trial);
    perturbation->before_trial(trial, life, random);
  }
}

class CollectedMeasures final : public Measures {
 public:
  void add(std::string_view name, double value) override { values.emplace_back(name, value); }
  std::vector<std::pair<std::string, double>> values;
};

struct Score {
  double loss = 0;
  std::vector<std::pair<std::string, double>> measures;
};

Score score(const Loss& loss, const FakeLife& life) {
  CollectedMeasures measures;
  Random random = stream(0, 0);
  const double value = loss.evaluate(life, random, measures);
  return {value, std::move(measures.values)};
}

// One trial's input of one population, copied.
struct Received {
  std::vector<std::pair<int, int>> frozen, fresh;
  Eigen::MatrixXd drive;
  double tau = 0, cut = 0, amplitude = 0;
  bool operator==(const Received& other) const {
    return frozen == other.frozen && fresh == other.fresh && drive.rows() == other.drive.rows() &&
           drive.cols() == other.drive.cols() && drive == other.drive && tau == other.tau &&
           cut == other.cut && amplitude == other.amplitude;
  }
};

constexpr std::int64_t stimulus_trials = 10;
constexpr std::string_view populations[] = {"E", "I"};

// Of trial t and population p: entry 2 t + p.
std::vector<Received> received(const RegisteredPlugin& plugin, FakeLife& life, std::uint64_t seed) {
  const auto stimulus = begun<Stimulus>(plugin, life);
  stimulus->begin_phase(0, stimulus_trials);
  std::vector<Received> all;
  for (std::int64_t trial = 0; trial < stimulus_trials; ++trial) {
    for (const std::string_view population : populations) {
      Random random = stream(life.network(), trial, seed);
      const Input input = stimulus->input(trial, population, as_const(life.input_gain(population)), random);
      Received copy{{}, {}, input.drive, input.tau, input.cut, input.amplitude};
      for (const Spike& s : input.frozen) copy.frozen.emplace_back(s.step, s.cell);
      for (const Spike& s : input.fresh) copy.fresh.emplace_back(s.step, s.cell);
      all.push_back(std::move(copy));
    }
  }
  return all;
}

}  // namespace

std::vector<ContractResult> check_perturbation(const RegisteredPlugin& plugin,
                                               const ContractOptions& options) {
  Battery battery(options);
  battery.check("same streams, same result", [&]() -> std::string {
    FakeLife first, second;
    perturb(plugin, first);
    perturb(plugin, second);
    return first.everything() == second.everything() ? "" : "two lives with the same streams differ";
  });
  battery.check("leaves finite weights, a mask of 0 and 1, and gains that are not negative",
                [&]() -> std::string {
                  FakeLife life;
                  perturb(plugin, life);
                  if (!life.everything().allFinite()) return "a value is not finite";
                  for (const std::string_view p : life.pathways()) {
                    const Eigen::ArrayXXd mask = life.plastic(p);
                    if ((mask != 0 && mask != 1).any())
                      return "the mask of " + std::string(p) + " has other values";
                  }
                  for (const std::string_view p : populations) {
                    if (life.input_gain(p).minCoeff() < 0)
                      return "a gain of " + std::string(p) + " is negative";
                  }
                  return {};
                });
  battery.check("signs of weights are kept", [&]() -> std::string {
    FakeLife life;
    perturb(plugin, life);
    const bool kept = life.weights("EE").minCoeff() >= 0 && life.weights("EI").minCoeff() >= 0 &&
                      life.weights("IE").maxCoeff() <= 0;
    return kept ? "" : "a weight changed its sign";
  });
  battery.check("no synapse of a cell onto itself", [&]() -> std::string {
    FakeLife life;
    perturb(plugin, life);
    return life.weights("EE").diagonal().isZero(0) ? "" : "the diagonal of EE is not 0";
  });
  return battery.take();
}

std::vector<ContractResult> check_constraint(const RegisteredPlugin& plugin, const ContractOptions& options) {
  const auto applied = [&](Index rows, Index cols) {
    FakeLife life;
    const auto constraint = begun<Constraint>(plugin, life);
    life.record(*constraint, false);
    constraint->before_trial(0, "EE", life);
    Random random(10, "contract constraint");
    Padded weights(uniform_matrix(rows, cols, 0, 5, random));
    const Padded mask(rows, cols, 1);
    for (int step = 0; step < 100; ++step) constraint->apply(weights.view(), mask.view());
    return weights;
  };
  Battery battery(options);
  battery.check("finite weights stay finite", [&]() -> std::string {
    const Padded weights = applied(FakeLife::excitatory, FakeLife::excitatory);
    return weights.values().allFinite() && weights.padding_untouched() ? "" : "a weight is not finite";
  });
  battery.check("same weights, same result", [&]() -> std::string {
    const Eigen::MatrixXd first = applied(FakeLife::excitatory, FakeLife::excitatory).values();
    return first == applied(FakeLife::excitatory, FakeLife::excitatory).values() ? "" : "two lives differ";
  });
  return battery.take();
}

std::vector<ContractResult> check_loss(const RegisteredPlugin& plugin, const ContractOptions& options) {
  Battery battery(options);
  for (const bool silent : {false, true}) {
    const std::string of = silent ? " of a silent network" : " of an active network";
    FakeLife life;
    const auto loss = begun<Loss>(plugin, life);
    battery.check("loss and measures" + of + " are finite", [&]() -> std::string {
      life.record(*loss, silent);
      const Score scored = score(*loss, life);
      if (!std::isfinite(scored.loss)) return "the loss is " + std::to_string(scored.loss);
      for (const auto& [name, value] : scored.measures) {
        if (!std::isfinite(value)) return "measure '" + name + "' is " + std::to_string(value);
      }
      return {};
    });
    battery.check("loss" + of + " is not negative unless it says so", [&]() -> std::string {
      const Score scored = score(*loss, life);
      return loss->may_be_negative() || scored.loss >= 0 ? "" : "it is " + std::to_string(scored.loss);
    });
  }
  battery.check("same life and stream, same loss", [&]() -> std::string {
    FakeLife life;
    const auto first = begun<Loss>(plugin, life), second = begun<Loss>(plugin, life);
    life.record(*first, false);
    const Score a = score(*first, life), b = score(*first, life), c = score(*second, life);
    return a.loss == b.loss && a.loss == c.loss && a.measures == b.measures && a.measures == c.measures
               ? ""
               : "two evaluations differ";
  });
  return battery.take();
}

std::vector<ContractResult> check_stimulus(const RegisteredPlugin& plugin, const ContractOptions& options) {
  Battery battery(options);
  FakeLife life;
  battery.check("spikes lie inside the trial and the population", [&]() -> std::string {
    const auto all = received(plugin, life, 9);
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::string where = " of population " + std::string(populations[k % 2]);
      for (const auto* spikes : {&all[k].frozen, &all[k].fresh}) {
        for (const auto& [step, cell] : *spikes) {
          if (step < 0 || step >= life.steps(0))
            return "a spike" + where + " is in step " + std::to_string(step);
          if (cell < 0 || cell >= life.cells(populations[k % 2]))
            return "a spike" + where + " is in cell " + std::to_string(cell);
        }
      }
      const bool spikes = !all[k].frozen.empty() || !all[k].fresh.empty();
      if (spikes && !(all[k].tau > 0 && all[k].cut >= 0 && std::isfinite(all[k].amplitude)))
        return "the response to spikes" + where + " has no time constant, length or amplitude";
    }
    return {};
  });
  battery.check("a drive has one finite value per cell and step", [&]() -> std::string {
    const auto all = received(plugin, life, 9);
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Eigen::MatrixXd& drive = all[k].drive;
      if (drive.size() == 0) continue;
      if (drive.rows() != life.cells(populations[k % 2]) || drive.cols() != life.steps(0))
        return "it has another shape";
      if (!drive.allFinite()) return "a value is not finite";
    }
    return {};
  });
  battery.check("same streams, same input", [&]() -> std::string {
    return received(plugin, life, 9) == received(plugin, life, 9) ? ""
                                                                  : "two lives with the same streams differ";
  });
  battery.check("frozen spikes are the same in every trial and for every stream of a trial",
                [&]() -> std::string {
                  const auto all = received(plugin, life, 9), other = received(plugin, life, 11);
                  for (std::size_t k = 0; k < all.size(); ++k) {
                    if (all[k].frozen != all[k % 2].frozen)
                      return "they differ in trial " + std::to_string(k / 2);
                    if (all[k].frozen != other[k].frozen) return "they depend on the stream of the trial";
                  }
                  return {};
                });
  return battery.take();
}

}  // namespace hebbforge::contracts
