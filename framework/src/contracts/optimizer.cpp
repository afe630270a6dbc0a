// The promises of an optimizer.
#include <functional>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/state.hpp>
#include <iterator>
#include <numeric>

#include "contracts/battery.hpp"

namespace hebbforge::contracts {
namespace {

using Eigen::Index;
constexpr Index most_evaluations = 20000;
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Space {
  Eigen::VectorXd start, lower, upper, step;
  std::uint64_t seed = 1;
  Eigen::MatrixXd covariance{};
  SearchSpace view() const {
    return {view_of(start), view_of(lower), view_of(upper), view_of(step), seed, view_of(covariance)};
  }
};

// Inside, on the lower bound, on the upper bound, fixed, without bounds.
Space awkward_space(std::uint64_t seed = 1) {
  Space s{Eigen::VectorXd(5), Eigen::VectorXd(5), Eigen::VectorXd(5), Eigen::VectorXd(5), seed};
  s.start << 0.3, -1, 4, 2, 0.7;
  s.lower << -10, -1, 0, 2, -infinity;
  s.upper << 10, 3, 4, 2, infinity;
  s.step << 0.5, 0.2, 1, 0.1, 0.3;
  return s;
}
constexpr Index fixed_coordinate = 3;

Space sphere_space() {
  return {Eigen::VectorXd::Constant(5, std::sqrt(5.0)), Eigen::VectorXd::Constant(5, -10),
          Eigen::VectorXd::Constant(5, 10), Eigen::VectorXd::Ones(5), 3};
}

using Objective = std::function<double(const Eigen::VectorXd&)>;
double sphere(const Eigen::VectorXd& x) { return x.squaredNorm(); }
// Drives every coordinate against a bound.
double slope(const Eigen::VectorXd& x) { return x.sum(); }
double all_equal(const Eigen::VectorXd&) { return 1; }

// An optimizer at work; remembers what it proposed.
class Search {
 public:
  Search(const RegisteredPlugin& plugin, const Space& space)
      : optimizer(plugin.create<Optimizer>(contract_config(*plugin.descriptor))), space_(space) {
    optimizer->begin(space_.view());
  }
  /// One generation; false if it has stopped. \param mix_losers  candidates that are no parents get other
  /// losses, in another order, still above the parents'
  bool step(const Objective& objective, Status status = Status::healthy, bool mix_losers = false) {
    if (!optimizer->stop().empty()) return false;
    const Index population = optimizer->population_size();
    if (population <= 0 || population > most_evaluations)
      throw Error("population_size() is " + std::to_string(population));
    candidates = Eigen::MatrixXd::Constant(space_.start.size(), population, std::nan(""));
    Padded asked(candidates);
    optimizer->ask(asked.view());
    if (!asked.padding_untouched()) throw Error("it wrote between the columns of the candidates");
    candidates = asked.values();
    Eigen::VectorXd loss(population);
    for (Index k = 0; k < population; ++k) {
      loss[k] = objective(candidates.col(k));
      if (loss[k] < best_loss) best_loss = loss[k];
    }
    if (mix_losers) {
      std::vector<Index> order(static_cast<std::size_t>(population));
      std::iota(order.begin(), order.end(), Index{0});
      std::ranges::stable_sort(order, {}, [&](Index k) { return loss[k]; });
      const double highest = loss[order.back()];
      for (Index rank = optimizer->parents(); rank < population; ++rank)
        loss[order[static_cast<std::size_t>(rank)]] = highest + static_cast<double>(population - rank);
    }
    const std::vector<Status> all(static_cast<std::size_t>(population), status);
    const Eigen::MatrixXd per_network = loss.transpose().replicate(2, 1) / 2;
    const Eigen::MatrixXd measures(0, population);
    optimizer->tell(std::as_const(asked).view(),
                    {view_of(std::as_const(loss)), view_of(per_network), view_of(measures), all});
    evaluations += population;
    return true;
  }
  Eigen::VectorXd best() const {
    Eigen::VectorXd parameters = Eigen::VectorXd::Constant(space_.start.size(), std::nan(""));
    optimizer->best(view_of(parameters));
    return parameters;
  }
  bool in_bounds(const Eigen::VectorXd& x) const {
    return x.allFinite() && (x.array() >= space_.lower.array()).all() &&
           (x.array() <= space_.upper.array()).all();
  }
  bool candidates_in_bounds() const {
    for (Index k = 0; k < candidates.cols(); ++k) {
      if (!in_bounds(candidates.col(k))) return false;
    }
    return true;
  }
  MemoryState saved() const {
    MemoryState state;
    optimizer->save(state);
    return state;
  }

  std::shared_ptr<Optimizer> optimizer;
  Eigen::MatrixXd candidates;
  double best_loss = infinity;
  Index evaluations = 0;

 private:
  Space space_;
};

bool same_bytes(const MemoryState& a, const MemoryState& b) {
  return std::equal(a.entries().begin(), a.entries().end(), b.entries().begin(), b.entries().end(),
                    [](const auto& x, const auto& y) {
                      const MemoryState::Entry &p = x.second, &q = y.second;
                      return x.first == y.first && p.type == q.type && p.text == q.text &&
                             p.integer == q.integer && p.rows == q.rows && p.cols == q.cols &&
                             p.reals == q.reals;
                    });
}

// One that has stopped says so after being restored too, and its best is still in bounds.
std::string mistake_after_stop(const RegisteredPlugin& plugin, const Search& stopped) {
  Search restored(plugin, awkward_space());
  restored.optimizer->restore(stopped.saved());
  if (restored.optimizer->stop() != stopped.optimizer->stop())
    return "restored, it forgets that it has stopped";
  return restored.in_bounds(restored.best()) ? "" : "its best is out of bounds when it has stopped";
}

std::string mistake_within_budget(const RegisteredPlugin& plugin, const Objective& objective, Status status) {
  Search search(plugin, awkward_space());
  while (search.evaluations + search.optimizer->population_size() <= most_evaluations) {
    if (!search.step(objective, status)) return mistake_after_stop(plugin, search);
    if (!search.candidates_in_bounds()) return "a candidate is out of bounds or not finite";
  }
  return {};
}

std::string mistake_after_restoring(const RegisteredPlugin& plugin, const Objective& objective,
                                    int generation) {
  Search original(plugin, awkward_space()), restored(plugin, awkward_space());
  for (int g = 0; g < generation; ++g) {
    if (!original.step(objective)) return {};
  }
  const MemoryState state = original.saved();
  restored.optimizer->restore(state);
  const std::string when = "restored after generation " + std::to_string(generation) + ", ";
  if (!same_bytes(restored.saved(), state)) return when + "it saves something else";
  for (int g = 0; g < 4; ++g) {
    const bool goes_on = original.step(objective);
    if (restored.step(objective) != goes_on) return when + "it stops at another time";
    if (!goes_on) break;
    if (original.candidates != restored.candidates) return when + "its candidates differ";
  }
  return same_bytes(original.saved(), restored.saved()) && original.best() == restored.best()
             ? ""
             : when + "it ends in another state";
}

}  // namespace

std::vector<ContractResult> check_optimizer(const RegisteredPlugin& plugin, const ContractOptions& options) {
  Battery battery(options);
  battery.check("same seed, same candidates; other seed, others", [&]() -> std::string {
    Search a(plugin, awkward_space(1)), b(plugin, awkward_space(1)), c(plugin, awkward_space(2));
    bool differ = false;
    for (int g = 0; g < 20; ++g) {
      const bool goes_on = a.step(sphere);
      if (b.step(sphere) != goes_on || a.candidates != b.candidates)
        return "two searches with one seed differ";
      c.step(sphere);
      differ = differ || a.candidates.cols() != c.candidates.cols() || a.candidates != c.candidates;
      if (!goes_on) break;
    }
    return differ ? "" : "the seed changes nothing";
  });
  battery.check("candidates and the best stay within the bounds", [&]() -> std::string {
    for (const Objective& objective : {Objective(sphere), Objective(slope),
                                       Objective([](const Eigen::VectorXd& x) { return -slope(x); })}) {
      Search search(plugin, awkward_space());
      if (!search.in_bounds(search.best())) return "the best before the first generation is out of bounds";
      for (int g = 0; g < 100 && search.step(objective); ++g) {
        if (!search.candidates_in_bounds())
          return "a candidate of generation " + std::to_string(g) + " is out of bounds";
        if (!search.in_bounds(search.best()))
          return "the best of generation " + std::to_string(g) + " is out of bounds";
      }
    }
    return {};
  });
  battery.check("it learns nothing from the order of candidates that are no parents", [&]() -> std::string {
    Search a(plugin, awkward_space()), b(plugin, awkward_space());
    for (int g = 0; g < 10; ++g) {
      const Index parents = a.optimizer->parents();
      if (parents < 1 || parents > a.optimizer->population_size())
        return "parents() is " + std::to_string(parents) + ", outside of 1 to population_size()";
      const bool goes_on = a.step(sphere);
      if (b.step(sphere, Status::healthy, true) != goes_on || a.candidates != b.candidates)
        return "with other losses of losers its candidates differ in generation " + std::to_string(g);
      if (!goes_on) break;
    }
    return {};
  });
  battery.check("a fixed coordinate stays, and does not end the search", [&]() -> std::string {
    Search search(plugin, awkward_space());
    const Index first_population = search.optimizer->population_size();
    for (int g = 0; g < 20; ++g) {
      if (!search.step(sphere))
        return "it stopped in generation " + std::to_string(g) + ": " + std::string(search.optimizer->stop());
      if ((search.candidates.row(fixed_coordinate).array() != awkward_space().start[fixed_coordinate]).any())
        return "it moved";
    }
    const Index population = search.optimizer->population_size();
    return population <= 2 * first_population
               ? ""
               : "the population grew from " + std::to_string(first_population) + " to " +
                     std::to_string(population);
  });
  battery.check("survives losses that are all equal",
                [&] { return mistake_within_budget(plugin, all_equal, Status::healthy); });
  battery.check("survives huge losses", [&] {
    Random random(4, "contract");
    return mistake_within_budget(
        plugin, [random](const Eigen::VectorXd&) mutable { return 1e300 * (1 + random.uniform()); },
        Status::healthy);
  });
  battery.check("survives losses of which half are those of failures", [&] {
    return mistake_within_budget(
        plugin, [](const Eigen::VectorXd& x) { return x[0] < 0 ? 2e12 : sphere(x); }, Status::healthy);
  });
  battery.check("survives candidates that all fail", [&] {
    Random random(5, "contract");
    return mistake_within_budget(
        plugin,
        [random](const Eigen::VectorXd&) mutable {
          return 1e12 * (2 - static_cast<double>(random.index(4)) / 4);
        },
        Status::failed);
  });
  battery.check("restored at any generation, it goes on to the same bytes", [&]() -> std::string {
    for (const Objective& objective : {Objective(sphere), Objective(slope), Objective(all_equal)}) {
      for (const int generation : {0, 1, 2, 3, 7, 30, 80}) {
        const std::string mistake = mistake_after_restoring(plugin, objective, generation);
        if (!mistake.empty()) return mistake;
      }
    }
    return {};
  });
  battery.check("finds better points than the start", [&]() -> std::string {
    Search search(plugin, sphere_space());
    while (search.evaluations < 5000 && search.step(sphere)) {
    }
    if (!(search.best_loss < 25))
      return "none in " + std::to_string(search.evaluations) + " evaluations of the sphere";
    return sphere(search.best()) < 25 ? "" : "its best is no better";
  });
  battery.check("one that claims to converge solves the sphere", [&]() -> std::string {
    Search search(plugin, sphere_space());
    Eigen::MatrixXd covariance(5, 5);
    bool claims = search.optimizer->covariance(view_of(covariance));
    while (search.evaluations < 5000 && search.best_loss >= 1e-6 && search.step(sphere)) {
    }
    claims = claims || !search.optimizer->stop().empty();
    return !claims || search.best_loss < 1e-6
               ? ""
               : "in 5 dimensions it got from 25 to " + std::to_string(search.best_loss) + " in " +
                     std::to_string(search.evaluations) + " evaluations, not below 1e-6";
  });
  battery.check("its covariance is one, and starts a search", [&]() -> std::string {
    Search search(plugin, sphere_space());
    Eigen::MatrixXd covariance(5, 5);
    for (int g = 0; g < 30 && search.step(sphere); ++g) {
    }
    Padded padded(5, 5, std::nan(""));
    if (!search.optimizer->covariance(padded.view())) return {};
    covariance = padded.values();
    if (!covariance.allFinite() || !padded.padding_untouched())
      return "it is not finite, or ignores the stride";
    if (!close(covariance, covariance.transpose())) return "it is not symmetric";
    if (!(covariance.diagonal().minCoeff() > 0)) return "a variance is not positive";
    Space warm = sphere_space();
    warm.covariance = covariance;
    Search next(plugin, warm);
    return next.step(sphere) && next.candidates_in_bounds() ? "" : "a search that starts from it fails";
  });
  return battery.take();
}

}  // namespace hebbforge::contracts
