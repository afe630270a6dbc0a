#include "stages/racing.hpp"

#include <algorithm>
#include <hebbforge/error.hpp>
#include <limits>
#include <vector>

namespace hebbforge {
namespace {

constexpr std::int64_t rounds = 5;  // about as many for a candidate that is finished

}  // namespace

bool race(Evaluator& evaluator, const Pipeline& pipeline, const Eigen::MatrixXd& candidates,
          std::int64_t first, std::int64_t networks, std::size_t parents,
          const std::function<double(const Scores&, std::size_t)>& objective, Scores& scores) {
  const auto count = static_cast<std::size_t>(candidates.cols()), all = static_cast<std::size_t>(networks);
  const auto round = static_cast<std::size_t>(std::max<std::int64_t>(1, networks / rounds));
  scores = Scores::unfinished(LifeLayout::of(pipeline), count, all);
  std::vector<std::size_t> next(count, 0);  // networks run
  const auto run = [&](const std::vector<std::size_t>& chosen, std::size_t more) {
    std::vector<std::size_t> columns;
    for (const std::size_t k : chosen) {
      const std::size_t end = std::min(all, next[k] + more);
      for (; next[k] < end; ++next[k]) columns.push_back(k * all + next[k]);
    }
    if (!evaluator.run(pipeline, candidates, NetworkSet::search, first, columns, scores)) return false;
    for (const std::size_t column : columns) {
      const std::size_t k = column / all, n = column % all;
      if (scores.end(k, n) == LifeEnd::healthy && scores.loss(k, n) < 0)
        throw SimulationError("a loss is negative although none says that it may be; leave racing out");
    }
    return true;
  };
  std::vector<std::size_t> open(count);
  for (std::size_t k = 0; k < count; ++k) open[k] = k;
  if (!run(open, round)) return false;
  for (;;) {
    std::vector<double> finished;
    for (std::size_t k = 0; k < count; ++k) {
      if (next[k] == all) finished.push_back(objective(scores, k));
    }
    std::ranges::sort(finished);
    // At equality the candidate goes on: ties are for the optimizer to break.
    const double last_parent =
        finished.size() < parents ? std::numeric_limits<double>::infinity() : finished[parents - 1];
    open.clear();
    for (std::size_t k = 0; k < count; ++k) {
      if (next[k] < all && objective(scores, k) <= last_parent) open.push_back(k);
    }
    if (open.empty()) return true;
    if (finished.size() >= parents) {
      if (!run(open, round)) return false;
      continue;
    }
    // The most promising ones set the mark.
    std::ranges::stable_sort(open, {}, [&](std::size_t k) { return objective(scores, k); });
    open.resize(std::min(open.size(), parents - finished.size()));
    if (!run(open, all)) return false;
  }
}

}  // namespace hebbforge
