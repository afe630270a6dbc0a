// Evaluations that CMA-ES needs, against the best public implementations.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <ostream>

#include "cma_es.hpp"
#include "optimizer_run.hpp"
#include "stages/optimizer_bench.hpp"
#include "stages/test_functions.hpp"

using namespace hebbforge;
using namespace hebbforge::test;

namespace hebbforge {
std::ostream& operator<<(std::ostream& out, const BenchReference& row) {
  return out << row.function << ", n = " << row.dimension << ", " << row.name;
}
}  // namespace hebbforge

namespace {

// Rows of the stored table that take a fraction of a second.
std::vector<BenchReference> table() {
  std::vector<BenchReference> rows;
  for (const BenchReference& r :
       read_bench_references(HEBBFORGE_SOURCE "/framework/benchmarks/optimizer_medians.csv")) {
    if (r.like.ends_with("restarts=none") && r.dimension <= 20 && r.median < 18000) rows.push_back(r);
  }
  return rows;
}

double evaluations(const BenchReference& row, std::uint64_t seed) {
  cma_es::Settings settings;
  settings.active = row.like.find("active=false") == std::string::npos;
  settings.diagonal = row.like.find("covariance=diagonal") != std::string::npos;
  settings.restarts = cma_es::Restarts::none;
  cma_es::CmaEs cma(settings);
  TestFunction f(row.function, row.dimension, seed);
  Problem(f.start, f.step, seed).begin(cma);
  double count = 0;
  while (cma.stop().empty()) {
    const Vector losses = advance(cma, row.dimension, [&](const Vector& x) { return f(x); });
    for (const double loss : losses) {
      ++count;
      if (loss <= f.target) return count;
    }
  }
  return HUGE_VAL;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_table_has_its_rows) { BOOST_TEST(table().size() >= 30u); }

// Medians of 11 seeds scatter by 2 %; a correct algorithm exceeds the bound with probability < 1e-3.
BOOST_DATA_TEST_CASE(the_median_evaluations_are_at_most_a_tenth_above_the_table,
                     boost::unit_test::data::make(table()), row) {
  std::vector<double> counts;
  for (std::uint64_t seed = 1; seed <= 11; ++seed) counts.push_back(evaluations(row, seed));
  std::ranges::sort(counts);
  const double median = counts[5];
  BOOST_TEST_MESSAGE(row << ": " << median << ", " << median / row.median << " of the table");
  BOOST_TEST(median <= 1.10 * row.median);
}

// Restarts of both kinds, within the budget: of 101 seeds all do.
BOOST_AUTO_TEST_CASE(bipop_solves_rastrigin_in_ten_dimensions) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    cma_es::Settings settings;
    settings.restarts = cma_es::Restarts::bipop;
    cma_es::CmaEs cma(settings);
    TestFunction f("rastrigin", 10, seed);
    Problem(f.start, f.step, seed).begin(cma);
    double best = HUGE_VAL;
    Eigen::Index count = 0;
    while (best > f.target && count + cma.population_size() <= 200000) {
      const Vector losses = advance(cma, 10, [&](const Vector& x) { return f(x); });
      best = std::min(best, losses.minCoeff());
      count += losses.size();
    }
    BOOST_TEST(best <= f.target);
  }
}
