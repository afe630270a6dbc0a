#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/random.hpp>
#include <numbers>
#include <numeric>
#include <ostream>

#include "cma_es.hpp"
#include "optimizer_run.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
using cma_es::CmaEs;
using cma_es::LinQuad;
using cma_es::NoiseMeasure;
using cma_es::Restarts;
using cma_es::Settings;
namespace data = boost::unit_test::data;

namespace {

Settings settings_of(std::int64_t population, bool active, bool ipop = false) {
  Settings s;
  s.population = population;
  s.active = active;
  s.restarts = ipop ? Restarts::ipop : Restarts::none;
  return s;
}

double ellipsoid(const Vector& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i)
    sum +=
        std::pow(1e6, static_cast<double>(i) / static_cast<double>(std::max<Eigen::Index>(1, x.size() - 1))) *
        x[i] * x[i];
  return sum;
}

// ---------------------------------------------------------------- one generation, as plain loops

using Row = std::vector<double>;
using Rows = std::vector<Row>;

// Eigenvalues and, as columns, eigenvectors of a symmetric matrix, by Jacobi's rotations.
void jacobi(Rows a, Row& values, Rows& vectors) {
  const std::size_t n = a.size();
  vectors.assign(n, Row(n, 0));
  for (std::size_t i = 0; i < n; ++i) vectors[i][i] = 1;
  for (int round = 0; round < 100; ++round) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p][q] == 0) continue;
        const double angle = 0.5 * std::atan2(2 * a[p][q], a[q][q] - a[p][p]);
        const double c = std::cos(angle), s = std::sin(angle);
        for (std::size_t k = 0; k < n; ++k) {
          const double u = a[k][p], v = a[k][q];
          a[k][p] = c * u - s * v;
          a[k][q] = s * u + c * v;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double u = a[p][k], v = a[q][k];
          a[p][k] = c * u - s * v;
          a[q][k] = s * u + c * v;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double u = vectors[k][p], v = vectors[k][q];
          vectors[k][p] = c * u - s * v;
          vectors[k][q] = s * u + c * v;
        }
      }
    }
  }
  values.resize(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = a[i][i];
}

/// Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, Appendix A, written from the text.
/// Coordinates are divided by the initial steps. Diagonal: Ros and Hansen (PPSN 2008), learning rates
/// (n + 2) / 3 times as large, covariances forgotten.
struct Tutorial {
  std::size_t n, lambda, mu;
  Row w, m, ps, pc;
  Rows c;
  double sigma = 1, mueff = 0, cc, cs, c1, cmu, damps;
  int generation = 0, stalls = 0;
  bool diagonal = false;

  Tutorial(std::size_t dimension, std::size_t population, bool active, Row start, bool separable)
      : n(dimension),
        lambda(population),
        mu(population / 2),
        m(std::move(start)),
        ps(n, 0),
        pc(n, 0),
        diagonal(separable) {
    c.assign(n, Row(n, 0));
    for (std::size_t i = 0; i < n; ++i) c[i][i] = 1;
    const auto d = static_cast<double>(n);
    // Eq. 49: preliminary convex weights; Table 1 from there.
    Row raw;
    for (std::size_t i = 1; i <= lambda; ++i)
      raw.push_back(std::log((static_cast<double>(lambda) + 1) / 2) - std::log(static_cast<double>(i)));
    double sum = 0, squares = 0, sum_below = 0, squares_below = 0, positive = 0, negative = 0;
    for (std::size_t i = 0; i < lambda; ++i) {
      (i < mu ? sum : sum_below) += raw[i];
      (i < mu ? squares : squares_below) += raw[i] * raw[i];
      (raw[i] > 0 ? positive : negative) += std::abs(raw[i]);
    }
    mueff = sum * sum / squares;
    const double mueff_below = sum_below * sum_below / squares_below;
    cs = (mueff + 2) / (d + mueff + 5);
    damps = 1 + 2 * std::max(0.0, std::sqrt((mueff - 1) / (d + 1)) - 1) + cs;
    cc = (4 + mueff / d) / (d + 4 + 2 * mueff / d);
    const double rate = diagonal ? (d + 2) / 3 : 1;
    c1 = rate * 2 / (std::pow(d + 1.3, 2) + mueff);
    cmu = std::min(1 - c1, rate * 2 * (0.25 + mueff + 1 / mueff - 2) / (std::pow(d + 2, 2) + 2 * mueff / 2));
    // Eqs. 50 to 53.
    const double alpha_mu = 1 + c1 / cmu, alpha_mueff = 1 + 2 * mueff_below / (mueff + 2),
                 alpha_definite = (1 - c1 - cmu) / (d * cmu);
    const double alpha = std::min(alpha_mu, std::min(alpha_mueff, alpha_definite));
    for (const double r : raw) {
      if (r >= 0)
        w.push_back(r / positive);
      else
        w.push_back(active ? alpha / negative * r : 0);
    }
  }

  Row inverse_root_times(const Row& values, const Rows& b, const Row& y) const {
    Row out(n, 0);
    for (std::size_t k = 0; k < n; ++k) {
      double along = 0;
      for (std::size_t i = 0; i < n; ++i) along += b[i][k] * y[i];
      for (std::size_t i = 0; i < n; ++i) out[i] += b[i][k] * along / std::sqrt(values[k]);
    }
    return out;
  }
  static double norm(const Row& v) {
    double sum = 0;
    for (const double x : v) sum += x * x;
    return std::sqrt(sum);
  }

  /// \param x  the generation's points, one per row; \param loss of each
  void update(const Rows& x, const Row& loss) {
    std::vector<std::size_t> order(lambda);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return loss[a] < loss[b]; });
    Row values;
    Rows b;
    jacobi(c, values, b);
    Rows y(lambda, Row(n));
    for (std::size_t k = 0; k < lambda; ++k)
      for (std::size_t i = 0; i < n; ++i) y[k][i] = (x[order[k]][i] - m[i]) / sigma;
    Row mean_step(n, 0);  // <y>_w, Eq. 41
    for (std::size_t k = 0; k < mu; ++k)
      for (std::size_t i = 0; i < n; ++i) mean_step[i] += w[k] * y[k][i];
    for (std::size_t i = 0; i < n; ++i) m[i] += sigma * mean_step[i];  // Eq. 42

    const auto d = static_cast<double>(n);
    const double expected_norm = std::sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d));
    const Row white = inverse_root_times(values, b, mean_step);
    for (std::size_t i = 0; i < n; ++i)  // Eq. 43
      ps[i] = (1 - cs) * ps[i] + std::sqrt(cs * (2 - cs) * mueff) * white[i];
    const double sigma_before = sigma;
    sigma = sigma_before * std::exp(cs / damps * (norm(ps) / expected_norm - 1));  // Eq. 44
    ++generation;
    const bool heaviside =
        norm(ps) / std::sqrt(1 - std::pow(1 - cs, 2 * generation)) < (1.4 + 2 / (d + 1)) * expected_norm;
    stalls += !heaviside;
    for (std::size_t i = 0; i < n; ++i)  // Eq. 45
      pc[i] = (1 - cc) * pc[i] + (heaviside ? std::sqrt(cc * (2 - cc) * mueff) * mean_step[i] : 0);
    // Eqs. 46 and 47.
    double sum_of_weights = 0;
    for (const double weight : w) sum_of_weights += weight;
    const double delta = heaviside ? 0 : cc * (2 - cc);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j)
        c[i][j] = (1 + c1 * delta - c1 - cmu * sum_of_weights) * c[i][j] + c1 * pc[i] * pc[j];
    }
    for (std::size_t k = 0; k < lambda; ++k) {
      const double length = norm(inverse_root_times(values, b, y[k]));
      const double weight = w[k] >= 0 ? w[k] : w[k] * d / (length * length);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) c[i][j] += cmu * weight * y[k][i] * y[k][j];
    }
    for (std::size_t i = 0; diagonal && i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) c[i][j] = i == j ? c[i][j] : 0;
    }
  }
};

void check_close(const Row& expected, ConstVectorView found) {
  double scale = 0;
  for (const double v : expected) scale = std::max(scale, std::abs(v));
  for (std::size_t i = 0; i < expected.size(); ++i)
    BOOST_TEST(std::abs(found[static_cast<Eigen::Index>(i)] - expected[i]) <= 1e-10 * scale);
}

// Follows CMA-ES through `generations` on its own candidates.
int follow(Eigen::Index n, std::int64_t population, bool active, bool diagonal, const Objective& f,
           int generations) {
  Settings settings = settings_of(population, active);
  settings.diagonal = diagonal;
  settings.negative_weights = 1;
  CmaEs cma(settings);
  Problem problem(n, 0, 1, 7);
  Row start;
  for (Eigen::Index i = 0; i < n; ++i) {
    problem.start[i] = 1 - 0.3 * static_cast<double>(i);
    problem.step[i] = 0.5 + static_cast<double>(i % 3);
    start.push_back(problem.start[i] / problem.step[i]);
  }
  problem.begin(cma);
  Tutorial tutorial(static_cast<std::size_t>(n), static_cast<std::size_t>(cma.population_size()), active,
                    start, diagonal);
  for (int g = 0; g < generations; ++g) {
    const Matrix candidates = ask(cma, n);
    const Vector losses = losses_of(f, candidates);
    tell(cma, candidates, losses);
    Rows x;
    for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
      x.emplace_back();
      for (Eigen::Index i = 0; i < n; ++i) x.back().push_back(candidates(i, k) / problem.step[i]);
    }
    tutorial.update(x, Row(losses.begin(), losses.end()));
    MemoryState state;
    cma.save(state);
    BOOST_TEST_CONTEXT("generation " << g) {
      BOOST_TEST(state.real("sigma") == tutorial.sigma, boost::test_tools::tolerance(1e-10));
      check_close(tutorial.m, state.vector("mean"));
      check_close(tutorial.ps, state.vector("ps"));
      check_close(tutorial.pc, state.vector("pc"));
      Matrix c(n, n);
      cma.covariance(view_of(c));
      c /= cma.sigma() * cma.sigma();
      Row expected, found;
      for (std::size_t i = 0; i < tutorial.n; ++i) {
        for (std::size_t j = 0; j < tutorial.n; ++j) {
          expected.push_back(tutorial.c[i][j]);
          found.push_back(c(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)));
        }
      }
      check_close(expected, ConstVectorView(found.data(), static_cast<Eigen::Index>(found.size())));
    }
  }
  return tutorial.stalls;
}

}  // namespace

// Dimensions of at most 20, where C is decomposed in every generation, as the tutorial's loop does.
BOOST_DATA_TEST_CASE(a_generation_is_the_tutorials_written_out_loop_by_loop,
                     data::make({2, 5, 10}) * data::make({0, 5, 8, 15}) * data::make({true, false}) *
                         data::make({true, false}),
                     n, population, active, diagonal) {
  follow(n, population, active, diagonal, ellipsoid, 12);
}

BOOST_AUTO_TEST_CASE(the_tutorials_loop_agrees_where_a_long_path_stalls_the_rank_one_update) {
  const Objective slope = [](const Vector& x) { return -x[0] - 0.1 * x[1]; };
  BOOST_TEST(follow(4, 0, true, false, slope, 12) > 0);
  BOOST_TEST(follow(10, 0, false, false, slope, 12) > 0);
}

// ---------------------------------------------------------------- bounds

BOOST_AUTO_TEST_CASE(the_published_time_constants_map_as_published) {
  const LinQuad tau{0.5e-3, 40e-3};
  BOOST_TEST(tau.near_lower() == 0.01975, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(tau.near_upper() == 0.01975, boost::test_tools::tolerance(1e-12));
  const double g = tau.to_genotype(5e-3);
  BOOST_TEST(std::abs(g - -3.95e-4) < 0.5e-6);
  BOOST_TEST(std::abs((tau.to_phenotype(g + 1e-7) - tau.to_phenotype(g - 1e-7)) / 2e-7 - 0.477) < 0.5e-3);
  for (const double x : {-0.019, -0.01, 0.0, 0.01, 0.02})
    BOOST_TEST(tau.to_phenotype(x) == 0.5e-3 + (x + 0.01925) * (x + 0.01925) / 0.079,
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(coefficients_are_not_transformed_where_they_live) {
  const LinQuad c{-10, 10}, positive{0, 10};
  BOOST_TEST(c.near_lower() == 0.55, boost::test_tools::tolerance(1e-12));
  for (const double x : {-9.4, -0.02, 0.0, 0.018, 9.4}) {
    BOOST_TEST(c.to_phenotype(x) == x);
    BOOST_TEST(c.to_genotype(x) == x);
  }
  // A bound at 0: quadratic within 0.05, and 0.018 moves with a slope of 0.6.
  BOOST_TEST(positive.near_lower() == 0.05, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(positive.near_upper() == 0.55, boost::test_tools::tolerance(1e-12));
  const double g = positive.to_genotype(0.018);
  BOOST_TEST((positive.to_phenotype(g + 1e-6) - positive.to_phenotype(g - 1e-6)) / 2e-6 == 0.6,
             boost::test_tools::tolerance(1e-6));
}

namespace {
const LinQuad bounds[] = {{0.5e-3, 40e-3},       {-10, 10},     {0, 10},      {-10, 0},
                          {-HUGE_VAL, 3},        {2, HUGE_VAL}, {-1e6, -1e5}, {1, 1 + 1e-12},
                          {-HUGE_VAL, HUGE_VAL}, {0.25, 0.25}};
}

BOOST_DATA_TEST_CASE(phenotypes_never_leave_their_bounds, data::xrange(10), b) {
  const LinQuad& bound = bounds[b];
  Random random(40, "bounds", static_cast<std::uint64_t>(b));
  for (int k = 0; k < 100000; ++k) {
    const double scale = std::pow(10, -6 + 14 * random.uniform());
    const double x = bound.to_phenotype(scale * random.normal());
    BOOST_TEST_REQUIRE(x >= bound.lower);
    BOOST_TEST_REQUIRE(x <= bound.upper);
  }
}

BOOST_DATA_TEST_CASE(bounds_are_mirrors_with_a_period, data::xrange(4), b) {
  const LinQuad& bound = bounds[b];
  const double low = bound.lower - bound.near_lower(), high = bound.upper + bound.near_upper();
  Random random(41, "bounds", static_cast<std::uint64_t>(b));
  for (int k = 0; k < 1000; ++k) {
    const double g = low + (high - low) * random.uniform();
    const double x = bound.to_phenotype(g), width = bound.upper - bound.lower;
    BOOST_TEST(std::abs(bound.to_phenotype(2 * low - g) - x) <= 1e-12 * width);
    BOOST_TEST(std::abs(bound.to_phenotype(2 * high - g) - x) <= 1e-12 * width);
    for (const int periods : {-3, -1, 1, 5})
      BOOST_TEST(std::abs(bound.to_phenotype(g + periods * 2 * (high - low)) - x) <= 1e-12 * width);
  }
}

BOOST_DATA_TEST_CASE(every_phenotype_has_a_genotype, data::xrange(10), b) {
  const LinQuad& bound = bounds[b];
  const double low = std::isfinite(bound.lower) ? bound.lower : std::min(bound.upper, 10.0) - 20;
  const double high = std::isfinite(bound.upper) ? bound.upper : low + 20;
  for (int k = 0; k <= 1000; ++k) {
    const double x = std::min(low + (high - low) * k / 1000, high);
    BOOST_TEST(std::abs(bound.to_phenotype(bound.to_genotype(x)) - x) <=
               1e-12 * std::max(high - low, std::abs(x)));
  }
}

BOOST_AUTO_TEST_CASE(the_map_is_continuous_with_a_continuous_slope_and_rises_between_its_mirrors) {
  const LinQuad bound{-1, 10};
  const double low = bound.lower - bound.near_lower(), high = bound.upper + bound.near_upper(), h = 1e-3;
  double before = bound.to_phenotype(low), slope_before = 0;
  for (double g = low + h; g < high; g += h) {
    const double x = bound.to_phenotype(g), slope = (x - before) / h;
    BOOST_TEST_REQUIRE(slope > 0);
    BOOST_TEST_REQUIRE(slope < 1 + 1e-9);
    BOOST_TEST_REQUIRE(std::abs(slope - slope_before) < 0.011);
    before = x;
    slope_before = slope;
  }
}

BOOST_DATA_TEST_CASE(an_optimum_on_a_bound_is_found, data::make({true, false}), active) {
  // Coordinates 0 and 1 are pulled beyond their bounds, 2 has its optimum exactly on one, 3 inside.
  CmaEs cma(settings_of(0, active));
  Problem problem(4, 0.2, 0.3, 3);
  problem.lower << -1, -1, -1, -1;
  problem.upper << 1, 1, 1, 1;
  Vector target(4), expected(4);
  target << 3, -1.5, 1, 0.3;
  expected << 1, -1, 1, 0.3;
  problem.begin(cma);
  for (int g = 0; g < 250 && cma.stop().empty(); ++g) {
    const Matrix candidates = ask(cma, 4);
    BOOST_TEST_REQUIRE((candidates.array().abs() <= 1).all());
    tell(cma, candidates, losses_of([&](const Vector& x) { return (x - target).squaredNorm(); }, candidates));
  }
  BOOST_TEST((best_of(cma, 4) - expected).cwiseAbs().maxCoeff() < 1e-5);
}

BOOST_AUTO_TEST_CASE(the_start_is_the_first_mean_also_beside_a_bound) {
  CmaEs cma(settings_of(0, true));
  Problem problem(3, 0, 0.01);
  problem.lower << 0, 0.5e-3, -10;
  problem.upper << 10, 40e-3, 0;
  problem.start << 1e-3, 5e-3, 0;
  problem.begin(cma);
  BOOST_TEST((best_of(cma, 3) - problem.start).cwiseAbs().maxCoeff() < 1e-15);
}

BOOST_AUTO_TEST_CASE(no_deviation_exceeds_a_third_of_its_range) {
  CmaEs cma(settings_of(0, true));
  Problem problem(3, 0, 1);
  problem.lower << -1, -2, -5;
  problem.upper << 1, 2, 5;
  problem.begin(cma);
  Random random(42, "flat");
  for (int g = 0; g < 100; ++g) {
    advance(cma, 3, [&](const Vector&) { return random.uniform(); });
    Matrix covariance(3, 3);
    cma.covariance(view_of(covariance));
    for (int i = 0; i < 3; ++i)
      BOOST_TEST(std::sqrt(covariance(i, i)) <= (problem.upper[i] - problem.lower[i]) / 3 * (1 + 1e-12));
  }
}

// ---------------------------------------------------------------- seeds, checkpoints

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_candidates_and_another_seed_others) {
  const auto run = [](std::uint64_t seed) {
    CmaEs cma(settings_of(0, true));
    Problem(6, 1, 0.5, seed).begin(cma);
    Matrix last;
    for (int g = 0; g < 20; ++g) {
      last = ask(cma, 6);
      tell(cma, last, losses_of(ellipsoid, last));
    }
    return last;
  };
  const Matrix a = run(1), b = run(1), c = run(2);
  BOOST_TEST((a == b));
  BOOST_TEST((a.array() != c.array()).all());
}

BOOST_AUTO_TEST_CASE(samples_follow_the_search_distribution) {
  // The first generation: mean at the start, deviations as given; each check at 5 standard errors.
  constexpr Eigen::Index n = 3, many = 40000;
  CmaEs cma(settings_of(many, true));
  Problem problem(n, 0, 1, 5);
  problem.start << 1, -2, 3;
  problem.step << 0.1, 1, 10;
  problem.begin(cma);
  const Matrix z = (ask(cma, n).colwise() - problem.start).array().colwise() / problem.step.array();
  const Vector mean = z.rowwise().mean();
  const Matrix covariance =
      (z.colwise() - mean) * (z.colwise() - mean).transpose() / static_cast<double>(many);
  BOOST_TEST(mean.cwiseAbs().maxCoeff() < 5 / std::sqrt(many));
  BOOST_TEST((covariance - Matrix::Identity(n, n)).cwiseAbs().maxCoeff() < 5 * std::sqrt(2.0 / many));
}

BOOST_DATA_TEST_CASE(a_restored_search_continues_to_the_same_bytes, data::xrange(12), draw) {
  // Flat enough to restart within the generations that follow; sometimes as if evaluations were noisy.
  const auto f = [](const Vector& x, std::int64_t g) {
    return std::floor(20 * x.squaredNorm() + 0.1 * static_cast<double>(g % 7) * x[0]);
  };
  Random random(43, "checkpoint", static_cast<std::uint64_t>(draw));
  const std::int64_t saved_after = random.index(120);
  Settings settings = settings_of(0, draw % 2 == 0, true);
  settings.restarts = draw % 4 < 2 ? Restarts::ipop : Restarts::bipop;
  settings.diagonal = draw % 3 == 1;
  settings.evaluate_mean = draw % 5 == 1;
  settings.noise = draw % 3 == 2 ? NoiseMeasure::reevaluation : NoiseMeasure::none;
  CmaEs whole(settings);
  Problem problem(5, 0.6, 0.3, static_cast<std::uint64_t>(draw));
  problem.lower.setConstant(-1);
  problem.upper.setConstant(2);
  if (draw == 5) problem.covariance = 2 * Matrix::Identity(5, 5);
  problem.begin(whole);
  for (std::int64_t g = 0; g < saved_after; ++g) advance(whole, 5, [&](const Vector& x) { return f(x, g); });
  MemoryState state;
  whole.save(state);

  CmaEs restored(settings);
  problem.begin(restored);
  restored.restore(state);
  for (std::int64_t g = 0; g < 80; ++g) {
    BOOST_TEST_REQUIRE(restored.population_size() == whole.population_size());
    const Matrix a = ask(whole, 5), b = ask(restored, 5);
    BOOST_TEST_REQUIRE((a == b));
    const Vector losses = losses_of([&](const Vector& x) { return f(x, g); }, a);
    tell(whole, a, losses);
    tell(restored, b, losses);
    BOOST_TEST_REQUIRE(whole.stop() == restored.stop());
    BOOST_TEST_REQUIRE(whole.last_restart_reason() == restored.last_restart_reason());
  }
  BOOST_TEST(whole.last_restart_reason() != "");
  BOOST_TEST((best_of(whole, 5) == best_of(restored, 5)));
}

BOOST_AUTO_TEST_CASE(a_warm_start_begins_from_the_covariance_that_another_search_left) {
  constexpr Eigen::Index n = 4, many = 40000;
  CmaEs first(settings_of(0, true));
  Problem problem(n, 1, 0.5);
  problem.step << 0.5, 0.1, 1, 2;
  problem.begin(first);
  for (int g = 0; g < 40; ++g) advance(first, n, ellipsoid);
  Matrix learned(n, n), begun(n, n);
  BOOST_TEST(first.covariance(view_of(learned)));
  BOOST_TEST((learned - learned.transpose()).cwiseAbs().maxCoeff() <= 1e-15 * learned.cwiseAbs().maxCoeff());

  CmaEs second(settings_of(many, true));
  problem.covariance = learned;
  problem.begin(second);
  second.covariance(view_of(begun));
  BOOST_TEST((begun - learned).cwiseAbs().maxCoeff() <= 1e-15 * learned.cwiseAbs().maxCoeff());

  // Whitened by it, the first samples are standard normal; each check at 5 standard errors.
  const Matrix steps = (ask(second, n).colwise() - problem.start).array().colwise() / problem.step.array();
  const Matrix z = Eigen::LLT<Matrix>(learned).matrixL().solve(steps);
  const Matrix covariance = z * z.transpose() / static_cast<double>(many);
  BOOST_TEST((covariance - Matrix::Identity(n, n)).cwiseAbs().maxCoeff() < 5 * std::sqrt(2.0 / many));
}

// ---------------------------------------------------------------- termination and restarts

namespace {
// Runs until it stops; the objective also sees the generation.
std::string reason(const Settings& settings, const Problem& problem,
                   const std::function<double(const Vector&, int)>& f) {
  CmaEs cma(settings);
  problem.begin(cma);
  for (int g = 0; g < 5000 && cma.stop().empty(); ++g)
    advance(cma, problem.start.size(), [&](const Vector& x) { return f(x, g); });
  BOOST_TEST(cma.stop() == cma.last_restart_reason());
  return std::string(cma.stop());
}

// No criterion by tolerance: tests switch one on.
Settings endless() {
  Settings s = settings_of(0, true);
  s.tolfun = s.tolfunhist = s.tolx = 0;
  s.tolfacupx = s.tolupsigma = s.tolconditioncov = HUGE_VAL;
  return s;
}
double sphere(const Vector& x, int) { return x.squaredNorm(); }
double slope(const Vector& x, int) { return x[0]; }
}  // namespace

BOOST_AUTO_TEST_CASE(a_search_on_flat_ground_stops_by_its_history) {
  BOOST_TEST(reason(settings_of(0, true), {3, 1, 1}, [](const Vector&, int) { return 5.0; }) == "tolfunhist");
}

BOOST_AUTO_TEST_CASE(small_differences_over_generations_stop_it) {
  Settings s = endless();
  s.tolfunhist = 1e-9;
  BOOST_TEST(reason(s, {3, 1, 1}, sphere) == "tolfunhist");
  s = endless();
  s.tolfun = 1e-9;
  BOOST_TEST(reason(s, {3, 1, 1}, sphere) == "tolfun");
}

BOOST_AUTO_TEST_CASE(generations_of_equal_losses_stop_it_though_each_is_better_than_the_last) {
  BOOST_TEST(reason(endless(), {3, 1, 1}, [](const Vector&, int g) { return -g; }) == "tolflatfitness");
}

BOOST_AUTO_TEST_CASE(equal_best_losses_stop_it_without_any_tolerance) {
  BOOST_TEST(reason(endless(), {3, 1, 1}, [](const Vector&, int) { return 5.0; }) == "equalfunvalues");
}

BOOST_AUTO_TEST_CASE(a_run_that_converges_behind_an_earlier_one_is_cut_short) {
  // The first run ends at 0; later ones at 1, on the same ground.
  const auto generations_of_second_run = [](double tolbehind) {
    Settings s = settings_of(6, true, true);
    s.tolbehind = tolbehind;
    CmaEs cma(s);
    Problem(3, 1, 0.5).begin(cma);
    while (cma.last_restart_reason().empty())
      advance(cma, 3, [](const Vector& x) { return x.squaredNorm(); });
    int generations = 0;
    for (; cma.population_size() == 12; ++generations)
      advance(cma, 3, [](const Vector& x) { return 1 + x.squaredNorm(); });
    BOOST_TEST(cma.last_restart_reason() == (tolbehind > 0 ? "tolbehind" : "tolfun"));
    return generations;
  };
  BOOST_TEST(2 * generations_of_second_run(0.1) < generations_of_second_run(0));
}

BOOST_AUTO_TEST_CASE(small_deviations_stop_it) {
  Settings s = endless();
  s.tolx = 1e-6;
  BOOST_TEST(reason(s, {3, 1, 1}, sphere) == "tolx");
}

BOOST_AUTO_TEST_CASE(deviations_that_grow_without_end_stop_it) {
  Settings s = endless();
  s.tolfacupx = 1e3;
  BOOST_TEST(reason(s, {3, 1, 1}, slope) == "tolfacupx");
  s = endless();
  s.tolupsigma = 10;
  BOOST_TEST(reason(s, {3, 1, 1}, slope) == "tolupsigma");
}

BOOST_AUTO_TEST_CASE(an_ill_conditioned_covariance_stops_it) {
  Settings s = endless();
  s.tolconditioncov = 1e4;
  BOOST_TEST(reason(s, {3, 1, 1}, [](const Vector& x, int) { return ellipsoid(x); }) == "tolconditioncov");
}

BOOST_AUTO_TEST_CASE(steps_below_the_rounding_of_the_mean_stop_it) {
  Problem everywhere(2, 1e20, 1), in_one(2, 0, 1);
  in_one.start[0] = 1e20;
  BOOST_TEST(reason(endless(), everywhere, sphere) == "noeffectaxis");
  BOOST_TEST(reason(endless(), in_one, [](const Vector& x, int) { return x[1]; }) == "noeffectcoord");
}

BOOST_AUTO_TEST_CASE(no_progress_over_many_generations_stops_it) {
  Random random(44, "noise");
  BOOST_TEST(reason(endless(), {3, 1, 1}, [&](const Vector&, int) { return random.uniform(); }) ==
             "tolstagnation");
}

BOOST_AUTO_TEST_CASE(generations_are_limited) {
  // A target that moves on and gets ever better: nothing but the count can stop the pursuit.
  int last = 0;
  BOOST_TEST(reason(endless(), {1, 1, 1}, [&](const Vector& x, int g) {
               last = g;
               return std::pow(x[0] - 0.1 * g, 2) - 1000.0 * g;
             }) == "maxiter");
  BOOST_TEST(last + 1 == 100 + 150 * 16 / 2);  // n = 1, lambda = 4
}

BOOST_AUTO_TEST_CASE(a_restart_doubles_the_population_and_begins_at_the_start) {
  Settings s = settings_of(6, true, true);
  s.max_restarts = 3;
  CmaEs cma(s);
  const Problem problem(3, 1, 0.5);
  problem.begin(cma);
  BOOST_TEST(cma.last_restart_reason() == "");
  std::vector<Eigen::Index> populations{cma.population_size()};
  for (int g = 0; g < 1000 && cma.stop().empty(); ++g) {
    advance(cma, 3, [](const Vector&) { return 1.0; });
    if (cma.population_size() == populations.back()) continue;
    populations.push_back(cma.population_size());
    BOOST_TEST(cma.last_restart_reason() == "tolfunhist");
    BOOST_TEST((best_of(cma, 3) == problem.start));
    BOOST_TEST(cma.sigma() == 1);
  }
  BOOST_TEST(populations == (std::vector<Eigen::Index>{6, 12, 24, 48}), boost::test_tools::per_element());
  BOOST_TEST(cma.stop() == "tolfunhist");
}

BOOST_AUTO_TEST_CASE(the_population_stays_below_its_ceiling) {
  Settings s = settings_of(6, true, true);
  s.max_restarts = 6;
  s.max_population = 20;
  CmaEs cma(s);
  Problem(3, 1, 0.5).begin(cma);
  Eigen::Index largest = 0;
  while (cma.stop().empty()) {
    advance(cma, 3, [](const Vector&) { return 1.0; });
    largest = std::max(largest, cma.population_size());
  }
  BOOST_TEST(largest == 20);
}

BOOST_AUTO_TEST_CASE(large_and_small_runs_take_turns_and_small_ones_spend_half) {
  cma_es::RestartPlan plan;
  plan.begin(Restarts::bipop, 10, 2560, 1000, 3);
  double large = 0, small = 0, last_large = 0;
  std::int64_t large_runs = 0, small_runs = 0, largest = 10;
  for (int k = 0; k < 200; ++k) {
    const cma_es::Run run = plan.run();
    const std::int64_t spent = run.evaluations > 0
                                   ? std::min<std::int64_t>(run.evaluations, 30 * run.population)
                                   : 100 * run.population;
    if (run.start_elsewhere || k == 0) {
      BOOST_TEST((run.sigma <= 1 && run.sigma >= 0.01));
      BOOST_TEST(run.population >= 10);
      BOOST_TEST(run.population <= std::max<std::int64_t>(10, largest / 2));
      if (k > 0) BOOST_TEST(static_cast<double>(run.evaluations) <= std::max(1.0, last_large / 2));
      small += static_cast<double>(spent);
      ++small_runs;
    } else {
      BOOST_TEST(run.population == std::min<std::int64_t>(2 * largest, 2560));
      BOOST_TEST(run.sigma == 1);
      largest = run.population;
      last_large = static_cast<double>(spent);
      large += last_large;
      ++large_runs;
    }
    // A small run may begin just below its share.
    if (large > 0) BOOST_TEST(small <= large / 2 + std::max(1000.0, last_large / 2));
    BOOST_TEST_REQUIRE(plan.next(spent));
  }
  BOOST_TEST(large_runs > 5);
  BOOST_TEST(small_runs > 50);
  BOOST_TEST(small >= 0.4 * large);
}

BOOST_AUTO_TEST_CASE(restarts_with_larger_populations_solve_what_the_first_run_does_not) {
  // Rastrigin, ten times as many local optima as a run of 10 candidates can see.
  const Objective rastrigin = [](const Vector& x) {
    double sum = 0;
    for (const double v : x) sum += v * v + 10 - 10 * std::cos(2 * std::numbers::pi * v);
    return sum;
  };
  CmaEs cma(settings_of(0, true, true));
  Problem(5, 3, 2, 1).begin(cma);
  double best = HUGE_VAL, best_of_first_run = HUGE_VAL;
  Eigen::Index evaluations = 0;
  while (best > 1e-8 && evaluations < 100000) {
    const bool first = cma.last_restart_reason().empty();
    const Vector losses = advance(cma, 5, rastrigin);
    evaluations += losses.size();
    best = std::min(best, losses.minCoeff());
    if (first) best_of_first_run = best;
  }
  BOOST_TEST(best <= 1e-8);
  BOOST_TEST(best_of_first_run > 0.5);
}

BOOST_AUTO_TEST_CASE(the_default_population_grows_with_the_logarithm_of_the_dimension) {
  for (const auto& [n, expected] : std::vector<std::pair<Eigen::Index, Eigen::Index>>{
           {1, 4}, {2, 6}, {10, 10}, {20, 12}, {32, 14}, {40, 15}, {96, 17}}) {
    CmaEs cma(settings_of(0, true));
    Problem(n, 0, 1).begin(cma);
    BOOST_TEST(cma.population_size() == expected);
  }
}

// ---------------------------------------------------------------- injection, the mean, noise

BOOST_AUTO_TEST_CASE(an_injected_solution_draws_the_search_and_a_far_one_does_not_break_it) {
  // Distance of the mean from the optimum, after ten generations in each of which a candidate was replaced.
  const auto distance = [](double injected) {
    CmaEs cma(settings_of(0, true));
    Problem(10, 1, 0.1, 5).begin(cma);
    for (int g = 0; g < 10; ++g) {
      Matrix candidates = ask(cma, 10);
      if (injected < HUGE_VAL) candidates.col(3).setConstant(injected);
      tell(cma, candidates, losses_of([](const Vector& x) { return x.squaredNorm(); }, candidates));
    }
    return best_of(cma, 10).norm();
  };
  const double plain = distance(HUGE_VAL), near = distance(0), far = distance(1e100);
  BOOST_TEST(near < 0.5 * plain);
  BOOST_TEST(far < 1.5 * plain);
}

BOOST_AUTO_TEST_CASE(the_mean_can_be_evaluated_and_leaves_the_search_as_it_is) {
  Settings s = settings_of(0, true);
  CmaEs without(s);
  s.evaluate_mean = true;
  CmaEs with(s);
  const Problem problem(5, 1, 0.5);
  problem.begin(without);
  problem.begin(with);
  for (int g = 0; g < 50; ++g) {
    advance(without, 5, ellipsoid);
    const Matrix candidates = ask(with, 5);
    BOOST_TEST_REQUIRE(candidates.cols() == without.population_size() + 1);
    BOOST_TEST((candidates.rightCols(1) == best_of(with, 5)));
    Vector losses = losses_of(ellipsoid, candidates);
    losses.tail(1).setConstant(-1e9);
    tell(with, candidates, losses);
  }
  BOOST_TEST((best_of(without, 5) == best_of(with, 5)));
  BOOST_TEST(without.sigma() == with.sigma());
}

BOOST_AUTO_TEST_CASE(rank_correlations_are_spearmans) {
  Vector a(5), b(5);
  a << 1, 2, 3, 4, 5;
  b << 10, 20, 30, 50, 40;
  BOOST_TEST(cma_es::rank_correlation(a, a) == 1);
  BOOST_TEST(cma_es::rank_correlation(a, -a) == -1);
  BOOST_TEST(cma_es::rank_correlation(a, b) == 0.9, boost::test_tools::tolerance(1e-12));
  Matrix networks(4, 5);  // even rows rank like a, odd ones like b: (1.8 / 1.9)
  networks << a.transpose(), b.transpose(), a.transpose(), b.transpose();
  BOOST_TEST(cma_es::split_half_reliability(view_of(std::as_const(networks))) == 1.8 / 1.9,
             boost::test_tools::tolerance(1e-12));
}

// Additive noise of deviation 1: from |x| = 1 on, ranks are chance. Medians of 11 seeds; without handling the
// mean stays about three times as far away.
BOOST_DATA_TEST_CASE(where_ranks_are_noise_a_growing_population_brings_the_mean_nearer,
                     data::make({true, false}), by_networks) {
  const auto median_distance = [&](NoiseMeasure noise) {
    std::vector<double> distances;
    for (std::uint64_t seed = 1; seed <= 11; ++seed) {
      Settings s = settings_of(0, true);
      s.noise = noise;
      s.tolfun = s.tolfunhist = 0;
      CmaEs cma(s);
      Problem(10, 3, 1, seed).begin(cma);
      Random random(47, "noise", seed);
      Eigen::Index evaluations = 0;
      while (evaluations < 20000 && cma.stop().empty()) {
        const Matrix candidates = ask(cma, 10);
        Matrix per_network(4, candidates.cols());
        for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
          for (Eigen::Index n = 0; n < 4; ++n)
            per_network(n, k) = candidates.col(k).squaredNorm() / 4 + 0.5 * random.normal();
        }
        const Vector losses = per_network.colwise().sum();
        const std::vector<Status> status(static_cast<std::size_t>(losses.size()), Status::healthy);
        cma.tell(view_of(candidates),
                 {view_of(losses), view_of(std::as_const(per_network)), no_matrix(), status});
        evaluations += candidates.cols();
      }
      distances.push_back(best_of(cma, 10).norm());
    }
    std::ranges::sort(distances);
    return distances[5];
  };
  const double without = median_distance(NoiseMeasure::none),
               with = median_distance(by_networks ? NoiseMeasure::networks : NoiseMeasure::reevaluation);
  BOOST_TEST_MESSAGE("distance of the mean: " << without << " without, " << with << " with handling");
  BOOST_TEST(1.5 * with < without);
}

BOOST_AUTO_TEST_CASE(without_noise_the_population_stays_as_it_is) {
  Settings s = settings_of(0, true);
  s.noise = NoiseMeasure::reevaluation;
  CmaEs cma(s);
  Problem(10, 1, 0.5).begin(cma);
  for (int g = 0; g < 200; ++g) advance(cma, 10, ellipsoid);
  MemoryState state;
  cma.save(state);
  BOOST_TEST(state.integer("population") == 10u);
  BOOST_TEST(state.real("reliability") == 1, boost::test_tools::tolerance(1e-12));
}

// ---------------------------------------------------------------- hostile losses

BOOST_DATA_TEST_CASE(any_finite_losses_leave_the_candidates_finite_and_within_bounds,
                     data::xrange(5) * data::make({true, false}), kind, active) {
  constexpr Eigen::Index n = 5;
  Settings s = settings_of(0, active, true);
  s.max_restarts = 3;
  CmaEs cma(s);
  Problem problem(n, 0, 0.5);
  problem.lower.setConstant(-2);
  problem.upper.head(3).setConstant(1);
  problem.begin(cma);
  Random random(46, "losses", static_cast<std::uint64_t>(kind));
  const Objective f = [&](const Vector& x) -> double {
    const double u = random.uniform();
    switch (kind) {
      case 0:
        return 7;
      case 1:
        return 1e300;
      case 2:
        return u < 0.5 ? 1e300 : -1e300;
      case 3:
        return u < 0.5 ? 2e12 : x.squaredNorm();
      default:
        return u < 0.3 ? 1e300 * u : u < 0.6 ? -1e-300 * u : x[0];
    }
  };
  for (int g = 0; g < 400 && cma.stop().empty(); ++g) {
    const Matrix candidates = ask(cma, n);
    BOOST_TEST_REQUIRE(candidates.allFinite());
    BOOST_TEST_REQUIRE((candidates.array() >= -2).all());
    BOOST_TEST_REQUIRE((candidates.topRows(3).array() <= 1).all());
    tell(cma, candidates, losses_of(f, candidates));
    BOOST_TEST_REQUIRE(best_of(cma, n).allFinite());
    BOOST_TEST_REQUIRE(cma.sigma() > 0);
  }
}

BOOST_AUTO_TEST_CASE(failed_candidates_do_not_keep_it_from_the_optimum) {
  // Half of the space fails with a loss far behind every healthy one.
  CmaEs cma(settings_of(0, true));
  Problem(6, 1, 0.5, 2).begin(cma);
  for (int g = 0; g < 400 && cma.stop().empty(); ++g)
    advance(cma, 6,
            [](const Vector& x) { return x[0] < 0 ? 2e12 : (x.array() - 0.2).matrix().squaredNorm(); });
  BOOST_TEST((best_of(cma, 6).array() - 0.2).abs().maxCoeff() < 1e-4);
}
