// What the optimizers promise beyond their kind, and the functions that they are compared on.
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/host/schema.hpp>
#include <limits>

#include "framework/registry.hpp"
#include "numerics/optimizer_run.hpp"
#include "stages/optimizer_bench.hpp"
#include "stages/test_functions.hpp"

using namespace hebbforge;
using namespace hebbforge::test;
namespace data = boost::unit_test::data;

namespace {

const RegisteredPlugin* plugin_named(std::string_view name) {
  for (const RegisteredPlugin* plugin : built_plugins().all()) {
    if (plugin->kind() == hebbforge::abi::Kind::optimizer &&
        plugin->name() == "hebbforge." + std::string(name))
      return plugin;
  }
  return nullptr;  // NLopt is not installed
}

Config with(const RegisteredPlugin& plugin, std::string_view key, Config::Value value) {
  Config config = default_config(*plugin.descriptor);
  config.set(key, std::move(value));
  return config;
}

BenchSearch search(std::string_view name, std::string_view function, Eigen::Index n, std::uint64_t seed,
                   std::int64_t budget) {
  const RegisteredPlugin& plugin = *plugin_named(name);
  return bench_search(plugin, default_config(*plugin.descriptor), function, n, seed, budget);
}

const std::vector<std::string> nlopt_methods{"bobyqa", "cobyla", "sbplx",   "crs2",
                                             "isres",  "esch",   "direct_l"};

// Bounds, none, a fixed coordinate.
Problem awkward(std::uint64_t seed) {
  Problem p(5, 0.5, 0.3, seed);
  p.lower << -1, 0.5, -HUGE_VAL, 0.5, -2;
  p.upper << 2, 3, HUGE_VAL, 0.5, 0.5;
  return p;
}
double shifted_sphere(const Vector& x) { return (x.array() - 0.1).matrix().squaredNorm(); }

}  // namespace

// ---------------------------------------------------------------- the functions

BOOST_AUTO_TEST_CASE(the_functions_have_their_known_values) {
  const Vector zeros = Vector::Zero(4), ones = Vector::Ones(4);
  for (const char* name : {"sphere", "ellipsoid", "cigar", "tablet", "different_powers", "rastrigin"})
    BOOST_TEST(TestFunction(name, 4, 1).exact(zeros) == 0);
  BOOST_TEST(TestFunction("rosenbrock", 4, 1).exact(ones) == 0);
  BOOST_TEST(TestFunction("rosenbrock", 4, 1).exact(zeros) == 3);
  BOOST_TEST(TestFunction("sphere", 4, 1).exact(ones) == 4);
  BOOST_TEST(TestFunction("cigar", 4, 1).exact(ones) == 1 + 3e6);
  BOOST_TEST(TestFunction("tablet", 4, 1).exact(ones) == 1e6 + 3);
  BOOST_TEST(TestFunction("ellipsoid", 4, 1).exact(ones) == 1 + 1e2 + 1e4 + 1e6,
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(TestFunction("different_powers", 2, 1).exact(Vector::Constant(2, 2)) == 4 + 4096);
  BOOST_TEST(TestFunction("rastrigin", 2, 1).exact(Vector::Constant(2, 0.5)) == 40.5,
             boost::test_tools::tolerance(1e-12));
}

BOOST_DATA_TEST_CASE(a_function_is_reproducible_and_turned_and_shifted_by_the_seed,
                     data::make(test_function_names()), name) {
  const TestFunction f(name, 4, 3), again(name, 4, 3), other(name, 4, 4);
  BOOST_TEST(f.exact(f.start) > f.target);
  BOOST_TEST(f.exact(f.start) == again.exact(again.start));
  BOOST_TEST((f.exact(f.start) != other.exact(f.start)) == name.starts_with("rotated_"));
  // Turned or not, its least value is 0.
  BOOST_TEST(search("cma_es", name, 3, 3, 200000).ended == "target");
}

BOOST_AUTO_TEST_CASE(an_unknown_function_is_named_with_a_suggestion) {
  BOOST_CHECK_EXCEPTION(TestFunction("tabelt", 3, 1), ConfigError, [](const ConfigError& e) {
    return std::string(e.what()).starts_with("no test function named 'tabelt'. Did you mean 'tablet'?");
  });
}

// ---------------------------------------------------------------- measuring

BOOST_AUTO_TEST_CASE(a_search_ends_at_the_target_or_within_the_budget) {
  const BenchSearch good = search("cma_es", "sphere", 5, 1, 10000),
                    short_one = search("cma_es", "sphere", 5, 1, 100);
  BOOST_TEST(good.ended == "target");
  BOOST_TEST(good.evaluations == good.spent);
  BOOST_TEST((good.spent > 300 && good.spent < 1500));
  BOOST_TEST(good.own_seconds > 0);
  BOOST_TEST(short_one.ended == "budget");
  BOOST_TEST(short_one.evaluations == -1);
  BOOST_TEST(short_one.spent <= 100);
}

BOOST_AUTO_TEST_CASE(searches_that_miss_the_target_count_as_infinitely_long) {
  const auto of = [](std::int64_t evaluations) {
    return BenchSearch{evaluations, std::max<std::int64_t>(evaluations, 500), 1e-3, ""};
  };
  const BenchCell most = bench_cell({of(10), of(30), of(-1), of(20), of(40)});
  BOOST_TEST(most.median == 30);
  BOOST_TEST(most.reached == 4);
  BOOST_TEST(most.own_microseconds == 2);
  BOOST_TEST(std::isinf(bench_cell({of(10), of(-1), of(-1)}).median));
}

BOOST_AUTO_TEST_CASE(a_damaged_table_of_references_is_named) {
  const auto file = scratch("references") / "table.csv";
  std::ofstream(file) << "# text\nfunction;dimension;name;like;median\nsphere;ten;x;;100\n";
  BOOST_CHECK_EXCEPTION(read_bench_references(file), Error, [&](const Error& e) {
    return std::string(e.what()) == file.string() + ":3: expected function;dimension;name;like;median";
  });
}

// ---------------------------------------------------------------- Nelder-Mead, differential evolution

BOOST_DATA_TEST_CASE(the_simplex_method_solves_valleys_and_goes_on_from_a_local_optimum,
                     data::make(std::vector<std::string>{"rosenbrock", "rotated_ellipsoid",
                                                         "bounded_sphere"}),
                     function) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    BOOST_TEST(search("nelder_mead", function, 4, seed, 10000).ended == "target");
}

BOOST_AUTO_TEST_CASE(the_simplex_method_restarts_elsewhere) {
  int solved = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    solved += search("nelder_mead", "rastrigin", 2, seed, 20000).ended == "target";
  BOOST_TEST(solved == 5);
}

BOOST_DATA_TEST_CASE(differential_evolution_solves_what_it_is_known_to_solve,
                     data::make(std::vector<std::string>{"rotated_ellipsoid", "rastrigin", "rosenbrock",
                                                         "bounded_sphere"}),
                     function) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    BOOST_TEST(search("differential_evolution", function, 5, seed, 30000).ended == "target");
}

// ---------------------------------------------------------------- NLopt

BOOST_DATA_TEST_CASE(every_method_of_nlopt_keeps_the_bounds_its_seed_and_its_state, data::make(nlopt_methods),
                     method) {
  const RegisteredPlugin* plugin = plugin_named("nlopt");
  if (!plugin) return;
  const Config config = with(*plugin, "method", method);
  const auto a = plugin->create<Optimizer>(config), b = plugin->create<Optimizer>(config),
             c = plugin->create<Optimizer>(config);
  awkward(1).begin(*a);
  awkward(1).begin(*b);
  awkward(2).begin(*c);
  bool differs = false;
  for (int g = 0; g < 300 && a->stop().empty(); ++g) {
    // Taking turns: what one draws is no business of the others.
    const Matrix x = ask(*a, 5), y = ask(*b, 5);
    BOOST_TEST_REQUIRE((x == y));
    BOOST_TEST_REQUIRE((x.array() >= awkward(1).lower.array()).all());
    BOOST_TEST_REQUIRE((x.array() <= awkward(1).upper.array()).all());
    if (c->stop().empty()) {
      const Matrix z = ask(*c, 5);
      differs = differs || x != z;
      tell(*c, z, losses_of(shifted_sphere, z));
    }
    if (g == 40) {
      MemoryState state;
      b->save(state);
      awkward(1).begin(*b);
      b->restore(state);
    }
    tell(*a, x, losses_of(shifted_sphere, x));
    tell(*b, y, losses_of(shifted_sphere, y));
    BOOST_TEST_REQUIRE(a->stop() == b->stop());
  }
  BOOST_TEST(differs);
  BOOST_TEST((best_of(*a, 5) == best_of(*b, 5)));
}

BOOST_DATA_TEST_CASE(every_method_of_nlopt_comes_near_the_optimum, data::make(nlopt_methods), method) {
  const RegisteredPlugin* plugin = plugin_named("nlopt");
  if (!plugin) return;
  const auto optimizer = plugin->create<Optimizer>(with(*plugin, "method", method));
  awkward(3).begin(*optimizer);
  double best = HUGE_VAL;
  for (int g = 0; g < 4000 && optimizer->stop().empty(); ++g)
    best = std::min(best, advance(*optimizer, 5, shifted_sphere).minCoeff());
  constexpr double least = 2 * 0.4 * 0.4;  // of the fixed coordinate, and of one whose bound is above 0.1
  BOOST_TEST(best >= least - 1e-12);
  BOOST_TEST(best <= least + (method == "esch" || method == "isres" ? 0.3 : 1e-3));
}

BOOST_AUTO_TEST_CASE(a_state_that_another_nlopt_wrote_is_refused) {
  const RegisteredPlugin* plugin = plugin_named("nlopt");
  if (!plugin) return;
  const auto optimizer = plugin->create<Optimizer>(default_config(*plugin->descriptor));
  awkward(1).begin(*optimizer);
  for (int g = 0; g < 10; ++g) advance(*optimizer, 5, shifted_sphere);
  MemoryState state;
  optimizer->save(state);
  state.entries().at("next").reals[0] += 1e-3;
  BOOST_CHECK_THROW(optimizer->restore(state), Error);
}

BOOST_AUTO_TEST_CASE(a_method_that_needs_more_coordinates_says_so) {
  const RegisteredPlugin* plugin = plugin_named("nlopt");
  if (!plugin) return;
  const auto optimizer = plugin->create<Optimizer>(default_config(*plugin->descriptor));
  BOOST_CHECK_EXCEPTION(Problem(1, 0, 1).begin(*optimizer), Error, [](const Error& e) {
    return std::string(e.what()).find("needs at least 2 coordinates") != std::string::npos;
  });
}
