#include "stages/optimizer_bench.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <limits>
#include <sstream>
#include <utility>

#include "stages/processor_time.hpp"
#include "stages/statistics.hpp"
#include "stages/test_functions.hpp"

namespace hebbforge {
namespace {

template <class Call>
void timed(double& seconds, Call&& call) {
  const double before = processor_seconds();
  call();
  seconds += processor_seconds() - before;
}

}  // namespace

BenchSearch bench_search(const RegisteredPlugin& plugin, const Config& config, std::string_view function,
                         Eigen::Index dimension, std::uint64_t seed, std::int64_t budget) {
  TestFunction f(function, dimension, seed);
  const auto optimizer = plugin.create<Optimizer>(config);
  optimizer->begin({view_of(std::as_const(f.start)), view_of(std::as_const(f.lower)),
                    view_of(std::as_const(f.upper)), view_of(std::as_const(f.step)), seed});
  BenchSearch search;
  Eigen::MatrixXd candidates;
  Eigen::VectorXd losses;
  std::vector<Status> status;
  for (;;) {
    search.ended = optimizer->stop();
    if (!search.ended.empty()) return search;
    const Eigen::Index population = optimizer->population_size();
    if (population < 1)
      throw PluginError("", std::string(plugin.name()),
                        "it asks for a population of " + std::to_string(population));
    if (search.spent + population > budget) {
      search.ended = "budget";
      return search;
    }
    candidates.setConstant(dimension, population, std::numeric_limits<double>::quiet_NaN());
    timed(search.own_seconds, [&] { optimizer->ask(view_of(candidates)); });
    losses.resize(population);
    for (Eigen::Index k = 0; k < population; ++k) {
      const Eigen::VectorXd x = candidates.col(k);
      if (!((x.array() >= f.lower.array()) && (x.array() <= f.upper.array())).all())
        throw PluginError("", std::string(plugin.name()), "a candidate is out of bounds or not finite");
      losses[k] = std::min(f(x), std::numeric_limits<double>::max());
      ++search.spent;
      if (f.exact(x) <= f.target) {
        search.evaluations = search.spent;
        search.ended = "target";
        return search;
      }
    }
    status.resize(static_cast<std::size_t>(population), Status::healthy);
    const Eigen::MatrixXd per_network = losses.transpose();
    timed(search.own_seconds, [&] {
      optimizer->tell(view_of(std::as_const(candidates)),
                      {view_of(std::as_const(losses)), view_of(per_network), no_matrix(), status});
    });
  }
}

BenchCell bench_cell(const std::vector<BenchSearch>& searches) {
  BenchCell cell;
  std::vector<double> evaluations, own;
  for (const BenchSearch& s : searches) {
    const bool reached = s.evaluations >= 0;
    cell.reached += reached;
    evaluations.push_back(reached ? static_cast<double>(s.evaluations)
                                  : std::numeric_limits<double>::infinity());
    if (s.spent > 0) own.push_back(1e6 * s.own_seconds / static_cast<double>(s.spent));
  }
  cell.searches = static_cast<std::int64_t>(searches.size());
  cell.median = median(evaluations);
  const Interval interval = median_interval(evaluations);
  cell.low = interval.low;
  cell.high = interval.high;
  cell.own_microseconds = median(own);
  return cell;
}

std::vector<BenchReference> read_bench_references(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw Error("cannot read the stored medians '" + file.string() + "'");
  std::vector<BenchReference> all;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#' || line.starts_with("function;")) continue;
    std::istringstream fields(line);
    BenchReference r;
    std::string dimension, median_text;
    std::getline(fields, r.function, ';');
    std::getline(fields, dimension, ';');
    std::getline(fields, r.name, ';');
    std::getline(fields, r.like, ';');
    std::getline(fields, median_text);
    try {
      r.dimension = std::stol(dimension);
      r.median = std::stod(median_text);
    } catch (const std::exception&) {
      throw Error(file.string() + ":" + std::to_string(number) +
                  ": expected function;dimension;name;like;median");
    }
    all.push_back(std::move(r));
  }
  return all;
}

}  // namespace hebbforge
