#include <algorithm>
#include <array>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <hebbforge/random.hpp>
#include <set>
#include <string>
#include <vector>

using hebbforge::Random;

namespace {

// Every statistical check below raises a false alarm with this probability under another seed.
constexpr double false_alarm = 1e-6;

std::vector<double> draw(std::size_t n, const std::function<double()>& next) {
  std::vector<double> values(n);
  std::ranges::generate(values, next);
  return values;
}

// Kolmogorov's sqrt(n) sup |F_n - F|, and what it exceeds with probability false_alarm (n large).
double kolmogorov_smirnov(std::vector<double> values, const std::function<double(double)>& cdf) {
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(values[i]), below = static_cast<double>(i) / n;
    largest = std::max({largest, f - below, below + 1 / n - f});
  }
  return std::sqrt(n) * largest;
}
const double kolmogorov_limit = std::sqrt(-std::log(false_alarm / 2) / 2);

double chi_squared_limit(std::size_t bins) {
  const boost::math::chi_squared distribution(static_cast<double>(bins - 1));
  return boost::math::quantile(boost::math::complement(distribution, false_alarm));
}

double chi_squared(const std::vector<double>& observed, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t b = 0; b < observed.size(); ++b)
    sum += (observed[b] - expected[b]) * (observed[b] - expected[b]) / expected[b];
  return sum;
}

// Philox4x64-10 (Salmon et al. 2011, section 3.3), written out.
using Block = std::array<std::uint64_t, 4>;
Block philox(Block counter, std::array<std::uint64_t, 2> key) {
  __extension__ using Wide = unsigned __int128;
  for (int round = 0; round < 10; ++round) {
    const Wide a = static_cast<Wide>(0xD2E7470EE14C6C93u) * counter[0];
    const Wide b = static_cast<Wide>(0xCA5A826395121157u) * counter[2];
    counter = {static_cast<std::uint64_t>(b >> 64) ^ counter[1] ^ key[0], static_cast<std::uint64_t>(b),
               static_cast<std::uint64_t>(a >> 64) ^ counter[3] ^ key[1], static_cast<std::uint64_t>(a)};
    key[0] += 0x9E3779B97F4A7C15u;
    key[1] += 0xBB67AE8584CAA73Bu;
  }
  return counter;
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t value = 14695981039346656037u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return value;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_written_out_philox_gives_the_published_answer) {
  const Block expected{0x16554d9eca36314cu, 0xdb20fe9d672d0fdcu, 0xd7e772cee186176bu, 0x7e68b68aec7ba23bu};
  BOOST_TEST(philox({}, {}) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bits_are_philox_blocks_counted_under_the_streams_name) {
  Random random(8000, "weights EE", 3, -1);
  for (std::uint64_t block = 0; block < 5; ++block) {
    const Block expected = philox({block, 3, ~std::uint64_t{0}, 0}, {8000, fnv1a("weights EE")});
    for (const std::uint64_t number : expected) BOOST_TEST(random.bits() == number);
  }
}

BOOST_AUTO_TEST_CASE(uniform_is_uniform) {
  Random random(1, "uniform");
  const auto values = draw(200000, [&] { return random.uniform(); });
  BOOST_TEST(*std::ranges::min_element(values) >= 0);
  BOOST_TEST(*std::ranges::max_element(values) < 1);
  BOOST_TEST(kolmogorov_smirnov(values, [](double u) { return u; }) < kolmogorov_limit);
}

BOOST_AUTO_TEST_CASE(normal_is_standard_normal) {
  Random random(1, "normal");
  const boost::math::normal standard;
  const auto values = draw(200000, [&] { return random.normal(); });
  BOOST_TEST(kolmogorov_smirnov(values, [&](double z) { return boost::math::cdf(standard, z); }) <
             kolmogorov_limit);
}

BOOST_AUTO_TEST_CASE(normal_has_the_moments_and_tails_of_a_normal) {
  // Sharper than a Kolmogorov test: mean, variance, and counts beyond 3 and 4.
  Random random(2, "normal");
  const auto values = draw(1000000, [&] { return random.normal(); });
  double sum = 0, squares = 0;
  for (const double v : values) sum += v, squares += v * v;
  BOOST_TEST(std::abs(sum / 1e6) < 4.9e-3);  // 4.9 standard errors
  BOOST_TEST(std::abs(squares / 1e6 - 1) < 4.9 * std::sqrt(2e-6));
  for (const double z : {-4., -3., 3., 4.}) {
    const auto beyond =
        static_cast<double>(std::ranges::count_if(values, [&](double v) { return z < 0 ? v < z : v > z; }));
    const boost::math::poisson expected(1e6 * boost::math::cdf(boost::math::normal(), -std::abs(z)));
    BOOST_TEST(boost::math::cdf(expected, beyond) > false_alarm);
    BOOST_TEST(boost::math::cdf(boost::math::complement(expected, beyond)) > false_alarm);
  }
}

// 16 is where the sum of chunks begins; 40000 is far beyond exp's underflow.
BOOST_DATA_TEST_CASE(poisson_is_poisson,
                     boost::unit_test::data::make({0.002, 0.5, 3., 15.9, 16., 16.5, 100., 1000., 40000.}),
                     mean) {
  const std::size_t n = mean < 1000 ? 100000 : mean < 10000 ? 20000 : 2000;
  Random random(3, "poisson");
  const boost::math::poisson distribution(mean);
  std::vector<double> values = draw(n, [&] { return static_cast<double>(random.poisson(mean)); });
  std::ranges::sort(values);
  // Bins of neighbouring counts, each expected at least 20 times.
  std::vector<double> observed, expected;
  double pending = 0, from = 0, below = 0;
  const double last = std::ceil(mean + 10 * std::sqrt(mean) + 10);
  const auto count = [&](double low, double high) {
    return static_cast<double>(std::ranges::lower_bound(values, high) -
                               std::ranges::lower_bound(values, low));
  };
  for (double k = std::max(0., std::floor(mean - 10 * std::sqrt(mean))); k < last; ++k) {
    const double up_to_k = boost::math::cdf(distribution, k);
    pending = static_cast<double>(n) * (up_to_k - below);
    if (pending < 20 || static_cast<double>(n) * (1 - up_to_k) < 20) continue;
    observed.push_back(count(from, k + 1));
    expected.push_back(pending);
    below = up_to_k;
    from = k + 1;
  }
  observed.push_back(count(from, HUGE_VAL));
  expected.push_back(static_cast<double>(n) * (1 - below));
  BOOST_TEST_REQUIRE(observed.size() >= 2u);
  BOOST_TEST(chi_squared(observed, expected) < chi_squared_limit(observed.size()));
}

BOOST_AUTO_TEST_CASE(poisson_of_mean_0_is_0) {
  Random random(4, "poisson");
  for (int k = 0; k < 1000; ++k) BOOST_TEST_REQUIRE(random.poisson(0) == 0);
}

BOOST_DATA_TEST_CASE(index_is_uniform, boost::unit_test::data::make({1, 2, 3, 10, 33, 1000}), n) {
  Random random(5, "index");
  std::vector<double> observed(static_cast<std::size_t>(n)), expected(observed.size(), 100000. / n);
  for (int k = 0; k < 100000; ++k) {
    const std::int64_t i = random.index(n);
    BOOST_TEST_REQUIRE(i >= 0);
    BOOST_TEST_REQUIRE(i < n);
    ++observed[static_cast<std::size_t>(i)];
  }
  if (n > 1) BOOST_TEST(chi_squared(observed, expected) < chi_squared_limit(observed.size()));
}

BOOST_AUTO_TEST_CASE(index_reaches_every_part_of_a_huge_range) {
  Random random(6, "index");
  const std::int64_t n = std::int64_t{1} << 62;
  const auto values =
      draw(20000, [&] { return static_cast<double>(random.index(n)) / static_cast<double>(n); });
  BOOST_TEST(kolmogorov_smirnov(values, [](double u) { return u; }) < kolmogorov_limit);
}

namespace {
const std::vector<std::function<Random()>> neighbours{
    [] { return Random(8000, "turnover", 2, 7); }, [] { return Random(8001, "turnover", 2, 7); },
    [] { return Random(8000, "turnoveR", 2, 7); }, [] { return Random(8000, "turnover", 3, 7); },
    [] { return Random(8000, "turnover", 2, 8); }, [] { return Random(8000, "turnover", 2, -1); },
    [] { return Random(2, "turnover", 8000, 7); }, [] { return Random(8000, "turnover", 7, 2); },
    [] { return Random(8000, "", 2, 7); }};
}

BOOST_AUTO_TEST_CASE(the_same_name_gives_the_same_numbers) {
  for (const auto& make : neighbours) {
    Random a = make(), b = make();
    for (int k = 0; k < 100; ++k) BOOST_TEST_REQUIRE(a.bits() == b.bits());
  }
}

BOOST_AUTO_TEST_CASE(streams_that_differ_in_seed_purpose_network_or_trial_share_no_number) {
  std::set<std::uint64_t> seen;
  for (const auto& make : neighbours) {
    Random random = make();
    for (int k = 0; k < 4000; ++k) BOOST_TEST_REQUIRE(seen.insert(random.bits()).second);
  }
}

BOOST_AUTO_TEST_CASE(streams_with_neighbouring_names_are_uncorrelated) {
  // sqrt(n) r is nearly standard normal; 36 pairs, 9 lags each, at false_alarm together.
  constexpr std::size_t n = 20000, lags = 9;
  std::vector<std::vector<double>> streams;
  for (const auto& make : neighbours) {
    Random random = make();
    streams.push_back(draw(n + lags, [&] { return std::sqrt(12.0) * (random.uniform() - 0.5); }));
  }
  const double limit =
      boost::math::quantile(boost::math::complement(boost::math::normal(), false_alarm / 2 / (36 * lags)));
  for (std::size_t a = 0; a < streams.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      for (std::size_t lag = 0; lag < lags; ++lag) {
        double sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += streams[a][k] * streams[b][k + lag];
        BOOST_TEST(std::abs(sum) / std::sqrt(static_cast<double>(n)) < limit);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(successive_numbers_of_a_stream_are_uncorrelated) {
  constexpr std::size_t n = 100000, lags = 9;
  Random random(9, "lags");
  const auto values = draw(n + lags, [&] { return std::sqrt(12.0) * (random.uniform() - 0.5); });
  const double limit =
      boost::math::quantile(boost::math::complement(boost::math::normal(), false_alarm / 2 / lags));
  for (std::size_t lag = 1; lag <= lags; ++lag) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += values[k] * values[k + lag];
    BOOST_TEST(std::abs(sum) / std::sqrt(static_cast<double>(n)) < limit);
  }
}

BOOST_DATA_TEST_CASE(set_position_continues_to_the_same_numbers, boost::unit_test::data::xrange(13), drawn) {
  Random whole(10, "resumed", 1, 2);
  for (int k = 0; k < drawn; ++k) whole.bits();
  const std::uint64_t position = whole.position();

  Random fresh(10, "resumed", 1, 2), elsewhere(10, "resumed", 1, 2);
  for (int k = 0; k < 101; ++k) elsewhere.bits();
  fresh.set_position(position);
  elsewhere.set_position(position);
  BOOST_TEST(fresh.position() == position);
  for (int k = 0; k < 20; ++k) {
    const std::uint64_t expected = whole.bits();
    BOOST_TEST_REQUIRE(fresh.bits() == expected);
    BOOST_TEST_REQUIRE(elsewhere.bits() == expected);
    BOOST_TEST_REQUIRE(fresh.position() == whole.position());
  }
}
