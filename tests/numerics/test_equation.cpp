// Rules given as equations: what they are multiplied out to, what they compute, and what is said of wrong
// ones.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/random.hpp>

#include "equation.hpp"
#include "polynomial.hpp"

using namespace hebbforge;
namespace data = boost::unit_test::data;

namespace {
using Texts = std::vector<std::string>;

equation::Equation equation_of(const std::string& right_side, const Texts& definitions = {}) {
  Config config;
  config.set("dw/dt", right_side);
  config.set("*", definitions);
  return equation::Equation(config);
}

Texts names_of(const RuleBasis& rule) {
  Texts names;
  for (const Term& term : rule.terms()) names.emplace_back(term.name);
  return names;
}

std::vector<double> defaults_of(const RuleBasis& rule) {
  std::vector<double> values;
  for (const hebbforge::abi::Parameter& p : rule.parameters()) values.push_back(p.default_value);
  return values;
}

ConstVectorView view_of_values(const std::vector<double>& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

/// Everything that a rule with some signals sees in one step of a pathway of 21 onto 19 cells: columns end
/// within a chunk.
struct Scene {
  Random random{1, "scene"};
  Eigen::VectorXd x = positive(21, 1), y = positive(19, 1), global = positive(3, 1);
  Eigen::MatrixXd xs = positive(21, 3), ys = positive(19, 3), w = positive(19, 21), mask = w,
                  e = positive(19, 21);
  std::vector<ConstMatrixView> synapse{view_of(std::as_const(e))};
  Eigen::MatrixXd delta = Eigen::MatrixXd::Zero(19, 21);
  Eigen::VectorXd effect;

  Eigen::MatrixXd positive(Eigen::Index rows, Eigen::Index columns) {
    return Eigen::MatrixXd::NullaryExpr(rows, columns, [&] { return 0.1 + 2 * random.uniform(); });
  }
  void run(const RuleBasis& rule, const std::vector<double>& values) {
    mask = (w.array() > 1).cast<double>();
    delta.setZero();
    effect = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rule.terms().size()));
    rule.accumulate(view_of_values(values),
                    {1e-4, view_of(std::as_const(x)), view_of(std::as_const(y)), view_of(std::as_const(xs)),
                     view_of(std::as_const(ys)), synapse, view_of(std::as_const(global)),
                     view_of(std::as_const(w)), view_of(std::as_const(mask))},
                    view_of(delta), view_of(effect));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(brackets_are_multiplied_out_into_terms_that_share_a_coefficient) {
  const auto rule = equation_of("hebb*x*post*(post - theta) - decay*w*post^2",
                                {"x = filter(pre, tau_x)", "theta = filter(post^2, tau_theta, life)",
                                 "hebb = 0.5", "decay = 2", "tau_x = 20 ms", "tau_theta = 2 s"});
  BOOST_TEST(names_of(rule) == (Texts{"x*post^2", "x*post*theta", "w*post^2"}));
  BOOST_TEST(rule.separable());
  const auto values = defaults_of(rule);
  BOOST_TEST(values == (std::vector<double>{0.5, 2, 0.02, 2}));
  for (const auto& [term, number] : {std::pair<std::size_t, double>{0, 0.5}, {1, -0.5}, {2, -2}})
    BOOST_TEST(rule.multiplier(term, view_of_values(values)) == number);
  BOOST_TEST(rule.terms()[0].coefficient == rule.terms()[1].coefficient);
  BOOST_REQUIRE(rule.signals().size() == 2u);
  const Signal &x = rule.signals()[0], &theta = rule.signals()[1];
  BOOST_CHECK(x.side == Side::pre && x.source == Source::activity && !x.kept_for_life);
  BOOST_CHECK(theta.side == Side::post && theta.source == Source::activity_squared && theta.kept_for_life);
  BOOST_TEST(std::string(rule.parameters()[static_cast<std::size_t>(theta.tau)].name) == "tau_theta");
}

BOOST_AUTO_TEST_CASE(a_term_without_a_constant_gets_a_coefficient_that_starts_at_its_number) {
  const auto rule = equation_of("pre*post - 3*w*post^2 + 2");
  BOOST_TEST(names_of(rule) == (Texts{"pre*post", "w*post^2", "1"}));
  BOOST_TEST(defaults_of(rule) == (std::vector<double>{1, -3, 2}));
  BOOST_TEST(std::string(rule.parameters()[1].name) == "c.w*post^2");
}

BOOST_AUTO_TEST_CASE(products_and_quotients_of_constants_stand_before_separable_terms) {
  const auto rule = equation_of("a*(pre*post - b*post/c)", {"a = 3", "b = 0.5", "c = 4"});
  BOOST_TEST(rule.separable());
  const std::vector<double> values{3, 0.5, 4};
  BOOST_TEST(rule.multiplier(0, view_of_values(values)) == 3);
  BOOST_TEST(rule.multiplier(1, view_of_values(values)) == -3 * 0.5 / 4);
  Scene scene;
  scene.run(rule, values);
  const Eigen::MatrixXd expected =
      3 * (scene.y * scene.x.transpose() - (0.5 / 4) * scene.y * Eigen::RowVectorXd::Ones(21));
  BOOST_TEST((scene.delta - expected).cwiseAbs().maxCoeff() < 1e-13);
}

BOOST_AUTO_TEST_CASE(like_terms_are_added_and_may_cancel) {
  BOOST_TEST(names_of(equation_of("(pre + post)^2 - pre^2 - post^2")) == (Texts{"pre*post"}));
  BOOST_TEST(defaults_of(equation_of("(pre + post)^2 - pre^2 - post^2")) == std::vector<double>{2});
  BOOST_CHECK_THROW(equation_of("pre*post - post*pre"), TextError);
}

BOOST_AUTO_TEST_CASE(terms_of_one_product_and_two_constants_can_be_told_apart) {
  const auto rule = equation_of("a*pre*post + b*pre*post", {"a = 1", "b = 1"});
  BOOST_TEST(names_of(rule) == (Texts{"pre*post (a)", "pre*post (b)"}));
}

BOOST_AUTO_TEST_CASE(a_trace_that_stands_twice_is_one_signal) {
  const auto rule =
      equation_of("a*filter(pre, tau)*post + b*w*filter(pre, tau)", {"a = 1", "b = 1", "tau = 5 ms"});
  BOOST_TEST(rule.signals().size() == 1u);
}

// The basis of 20 terms gives the engine the same signals, terms and parameters in the same order, but for
// names: hence the same bytes.
BOOST_AUTO_TEST_CASE(the_published_basis_as_an_equation_is_the_published_basis) {
  const Texts terms{"1", "y",   "x",   "x y",   "y~",   "x y~",   "x~",   "x~ y",   "y~ y",   "x~ x",
                    "w", "w y", "w x", "w x y", "w y~", "w x y~", "w x~", "w x~ y", "w y~ y", "w x~ x"};
  Texts coefficients, times;
  std::string sum;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const std::string number = std::to_string(k);
    sum += (k == 0 ? "c" : " + c") + number;
    coefficients.push_back("c" + number + " = 0");
    for (std::size_t i = 0; i < terms[k].size(); ++i) {
      if (terms[k][i] != 'w' && terms[k][i] != 'x' && terms[k][i] != 'y') continue;
      const std::string name = terms[k][i] == 'w' ? "w" : terms[k][i] == 'x' ? "pre" : "post";
      const bool trace = terms[k].substr(i + 1, 1) == "~";
      sum += trace ? "*filter(" + name + ", t" + number + ")" : "*" + name;
      if (trace) times.push_back("t" + number + " = 5 ms");
    }
  }
  Texts definitions = coefficients;
  definitions.insert(definitions.end(), times.begin(), times.end());
  const auto mine = equation_of(sum, definitions);
  Config config;
  config.set("terms", terms);
  const polynomial::Polynomial theirs(config);
  BOOST_REQUIRE(mine.terms().size() == 20u);
  BOOST_REQUIRE(mine.parameters().size() == theirs.parameters().size());
  for (std::size_t k = 0; k < 20; ++k) {
    const Term &a = mine.terms()[k], &b = theirs.terms()[k];
    BOOST_CHECK(a.coefficient == b.coefficient && a.post == b.post && a.pre == b.pre && a.sign == b.sign);
    BOOST_CHECK(a.weight_power == b.weight_power && a.post_signal == b.post_signal &&
                a.pre_signal == b.pre_signal);
  }
  for (std::size_t k = 0; k < mine.parameters().size(); ++k) {
    const hebbforge::abi::Parameter &a = mine.parameters()[k], &b = theirs.parameters()[k];
    BOOST_CHECK(a.default_value == b.default_value && a.minimum == b.minimum && a.maximum == b.maximum &&
                a.step == b.step && a.log_scale == b.log_scale);
  }
  BOOST_REQUIRE(mine.signals().size() == theirs.signals().size());
  for (std::size_t k = 0; k < mine.signals().size(); ++k) {
    const Signal &a = mine.signals()[k], &b = theirs.signals()[k];
    BOOST_CHECK(a.side == b.side && a.source == b.source && a.tau == b.tau &&
                a.kept_for_life == b.kept_for_life);
  }
}

// Every function and operator, each against the plain formula.
BOOST_AUTO_TEST_CASE(what_is_not_separable_is_computed_synapse_by_synapse) {
  using Plain = double (*)(double x, double y, double w, double a);
  const std::vector<std::pair<std::string, Plain>> cases{
      {"abs(pre - post)", [](double x, double y, double, double) { return std::abs(x - y); }},
      {"exp(-post/a)", [](double, double y, double, double a) { return std::exp(-y / a); }},
      {"log(pre + a)", [](double x, double, double, double a) { return std::log(x + a); }},
      {"sqrt(w)*post", [](double, double y, double w, double) { return std::sqrt(w) * y; }},
      {"tanh(a*pre*post)", [](double x, double y, double, double a) { return std::tanh(a * x * y); }},
      {"sign(pre - post)",
       [](double x, double y, double, double) { return x > y   ? 1.0
                                                       : x < y ? -1.0
                                                               : 0.0; }},
      {"step(post - a)*pre", [](double x, double y, double, double a) { return y > a ? x : 0.0; }},
      {"positive(post - a)", [](double, double y, double, double a) { return std::max(0.0, y - a); }},
      {"min(pre, a) + max(post, w)",
       [](double x, double y, double w, double a) { return std::min(x, a) + std::max(y, w); }},
      {"pre/(1 + post)", [](double x, double y, double, double) { return x / (1 + y); }},
      {"a^2*post^3", [](double, double y, double, double a) { return a * a * y * y * y; }},
      {"w^1.5", [](double, double, double w, double) { return std::pow(w, 1.5); }},
      {"pre^-2", [](double x, double, double, double) { return 1 / (x * x); }},
      {"-abs(pre)^2*(w - 2)", [](double x, double, double w, double) { return -x * x * (w - 2); }}};
  for (const auto& [text, plain] : cases) {
    const bool uses_a = text.find("a)") != text.npos || text.find("(a") != text.npos ||
                        text.find("a^") != text.npos || text.find(" a") != text.npos;
    const auto rule = equation_of(text, uses_a ? Texts{"a = 0.7"} : Texts{});
    BOOST_TEST(!rule.separable(), text);
    Scene scene;
    scene.run(rule, defaults_of(rule));
    double error = 0;
    for (Eigen::Index j = 0; j < 21; ++j) {
      for (Eigen::Index i = 0; i < 19; ++i)
        error =
            std::max(error, std::abs(scene.delta(i, j) - plain(scene.x[j], scene.y[i], scene.w(i, j), 0.7)));
    }
    BOOST_TEST(error < 1e-13, text << " errs by " << error);
  }
}

BOOST_AUTO_TEST_CASE(the_program_and_the_separable_way_give_the_same_change_and_effect) {
  const Texts definitions{
      "x = filter(pre, tau)", "y = filter(post, tau)",           "e = filter(pre*post, tau)",
      "nov = task.novelty",   "slow = filter(task.reward, tau)", "tau = 5 ms"};
  const std::string text = "2*x*post*w^2 - y^2*w + nov*e*w - 0.5*slow*pre*y*post";
  const auto fused = equation_of(text, definitions);
  const auto plain = equation_of(text + " + 0.25*abs(pre)", definitions);
  BOOST_TEST(fused.separable());
  BOOST_TEST(!plain.separable());
  BOOST_TEST(std::string(plain.obstacle(4)) == "it has a function or a quotient");
  BOOST_TEST(plain.obstacle(0).empty());
  Scene scene;
  scene.run(fused, defaults_of(fused));
  const Eigen::MatrixXd expected = scene.delta + 0.25 * Eigen::VectorXd::Ones(19) * scene.x.transpose();
  const Eigen::VectorXd effect = scene.effect;
  scene.run(plain, defaults_of(plain));
  BOOST_TEST((scene.delta - expected).cwiseAbs().maxCoeff() < 1e-12);
  BOOST_TEST((scene.effect.head(4) - effect).cwiseAbs().maxCoeff() < 1e-10);
}

// What is wrong, where it stands (key, offset), and what has to be said.
struct Wrong {
  const char* text;
  Texts definitions;
  const char* key;
  std::size_t offset;
  const char* message;
};
std::ostream& operator<<(std::ostream& out, const Wrong& w) { return out << '"' << w.text << '"'; }

const std::vector<Wrong> wrong_equations{
    {"", {}, "dw/dt", 0, "'dw/dt' is empty"},
    {"pre*", {}, "dw/dt", 4, "the text ends here; expected a number, a name or '('"},
    {"pre*(post - w", {}, "dw/dt", 4, "this '(' is never closed"},
    {"pre*post)", {}, "dw/dt", 8, "there is no '(' for this ')'"},
    {"pre post", {}, "dw/dt", 4, "'post' follows a complete expression; products are written with '*'"},
    {"2pre", {}, "dw/dt", 1, "a number with a unit needs a name"},
    {"pre**2", {}, "dw/dt", 3, "powers are written with '^'"},
    {"pre*post + $", {}, "dw/dt", 11, "'$' cannot stand here"},
    {"pre*psot", {}, "dw/dt", 4, "'psot' is not defined. Did you mean 'post'?"},
    {"hebb*x*post", {"x = filter(pre, tau)", "tau = 5 ms"}, "dw/dt", 0, "'hebb' is not defined"},
    {"x*post", {"x = filtr(pre, tau)", "tau = 5 ms"}, "x", 0, "no function 'filtr'. Did you mean 'filter'?"},
    {"x*post", {"x = filter(pre)"}, "x", 0, "'filter' takes 2 or 3 arguments, not 1"},
    {"x*post", {"x = filter(pre, 0.02)"}, "x", 12, "is the name of a constant"},
    {"x*post", {"x = filter(pre*w, tau)", "tau = 5 ms"}, "x", 7, "only pre, post, pre^2, post^2, pre*post"},
    {"x*post", {"x = filter(pre, tau)", "tau = -5 ms"}, "x", 12, "'tau' has to be above 0"},
    {"x*post", {"x = filter(pre, tau, trial)", "tau = 5 ms"}, "x", 17, "can only be 'life'"},
    {"a*post", {"a = b*pre", "b = a"}, "b", 0, "'a' is defined by way of itself"},
    {"pre*post", {"gate = 0.5"}, "gate", 0, "nothing of the equation uses it"},
    {"pre*exp(post, 2)", {}, "dw/dt", 4, "'exp' takes 1 argument, not 2"},
    {"exp*pre", {}, "dw/dt", 0, "'exp' is a function: it needs arguments"},
    {"pre*post^9", {}, "dw/dt", 9, "the power is 9; at most 8"},
    {"pre/0", {}, "dw/dt", 4, "a division by 0"},
    {"pre*r", {"r = 5 Hz"}, "r", 0, "rates are dimensionless"},
    {"pre*post", {"post = 2"}, "post", 0, "has a meaning already"},
    {"pre*tanh", {"tanh = 2"}, "tanh", 0, "is a function; call it something else"},
    {"task.*pre", {}, "dw/dt", 0, "needs the name of a dataset"},
    {"pre - pre", {}, "dw/dt", 0, "nothing is left"}};

BOOST_DATA_TEST_CASE(a_wrong_equation_is_pointed_at, data::make(wrong_equations), wrong) {
  try {
    equation_of(wrong.text, wrong.definitions);
    BOOST_ERROR("it was accepted");
  } catch (const TextError& error) {
    BOOST_TEST(error.key() == wrong.key);
    BOOST_TEST(error.offset() == wrong.offset);
    BOOST_TEST(std::string(error.what()).find(wrong.message) != std::string::npos, error.what());
  }
}

BOOST_AUTO_TEST_CASE(hostile_equations_are_refused_quickly) {
  const auto refused = [](const std::string& text, const Texts& definitions, const std::string& message) {
    try {
      equation_of(text, definitions);
      BOOST_ERROR("accepted: " + text.substr(0, 40));
    } catch (const TextError& error) {
      BOOST_TEST(std::string(error.what()).find(message) != std::string::npos, error.what());
    }
  };
  refused(std::string(5000, 'x'), {}, "at most 4000");
  refused(std::string(100, '(') + "pre", {}, "nest more than 64 deep");
  refused("pre" + std::string(70, '-') + "post", {}, "too many signs");
  refused("a^2*pre", {"a = b^8", "b = c^8", "c = 10"}, "at most 8 is allowed");
  Texts doubling{"a0 = pre + post + w"};
  for (int k = 1; k < 30; ++k) {
    const std::string before = "a" + std::to_string(k - 1);
    doubling.push_back("a" + std::to_string(k) + " = " + before + "*" + before);
  }
  refused("a29", doubling, "allowed");
  for (std::string& d : doubling) d += " + exp(" + d.substr(d.find('=') + 2) + ")";
  refused("a29", doubling, "");
  Texts sums{"s0 = abs(pre)"};
  for (int k = 1; k < 40; ++k) {
    const std::string before = "s" + std::to_string(k - 1);
    sums.push_back("s" + std::to_string(k) + " = abs(" + before + " + " + before + ")");
  }
  refused("s39", sums, "too long");
  // Each definition is allowed: all together they would overflow the stack, or take hours.
  Texts deep{"d0 = pre"}, wide;
  std::string ones, sum = "s = pre", product = "s";
  for (int k = 0; k < 1900; ++k) ones += "+1";
  for (int k = 1; k < 390; ++k) sum += "+c" + std::to_string(k) + (k < 200 ? "*pre" : "*post");
  for (int k = 1; k < 300; ++k)
    deep.push_back("d" + std::to_string(k) + " = d" + std::to_string(k - 1) + ones);
  refused("d299", deep, "pieces deep");
  for (int k = 0; k < 700; ++k) product += "*1";
  for (int k = 1; k < 390; ++k) wide.push_back("c" + std::to_string(k) + " = 2");
  wide.push_back(sum);
  refused(product, wide, "products of two terms");
}
