#include "stages/test_functions.hpp"

#include <Eigen/QR>
#include <cmath>
#include <hebbforge/error.hpp>
#include <numbers>

#include <hebbforge/host/suggestion.hpp>

namespace hebbforge {
namespace {

using Vector = Eigen::VectorXd;

// i / (n - 1): from 0 for the first coordinate to 1 for the last.
double place(Eigen::Index i, Eigen::Index n) {
  return n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.0;
}

double sphere(const Vector& x) { return x.squaredNorm(); }
double ellipsoid(const Vector& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += std::pow(1e6, place(i, x.size())) * x[i] * x[i];
  return sum;
}
double cigar(const Vector& x) { return x[0] * x[0] + 1e6 * x.tail(x.size() - 1).squaredNorm(); }
double tablet(const Vector& x) { return 1e6 * x[0] * x[0] + x.tail(x.size() - 1).squaredNorm(); }
double different_powers(const Vector& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += std::pow(std::abs(x[i]), 2 + 10 * place(i, x.size()));
  return sum;
}
double rosenbrock(const Vector& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i + 1 < x.size(); ++i)
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(x[i] - 1, 2);
  return sum;
}
double rastrigin(const Vector& x) {
  double sum = 0;
  for (const double v : x) sum += v * v + 10 - 10 * std::cos(2 * std::numbers::pi * v);
  return sum;
}

struct Named {
  const char* name;
  double (*function)(const Vector&);
};
constexpr Named functions[] = {{"sphere", sphere},
                               {"ellipsoid", ellipsoid},
                               {"cigar", cigar},
                               {"tablet", tablet},
                               {"different_powers", different_powers},
                               {"rosenbrock", rosenbrock},
                               {"rastrigin", rastrigin}};
constexpr std::string_view rotated = "rotated_", noisy = "noisy_sphere", bounded = "bounded_sphere";

Eigen::MatrixXd random_rotation(Eigen::Index n, Random& random) {
  const Eigen::MatrixXd normal = Eigen::MatrixXd::NullaryExpr(n, n, [&] { return random.normal(); });
  return Eigen::HouseholderQR<Eigen::MatrixXd>(normal).householderQ();
}

}  // namespace

const std::vector<std::string>& test_function_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Named& f : functions) all.emplace_back(f.name);
    for (const Named& f : functions) {
      if (f.function != sphere) all.push_back(std::string(rotated) + f.name);
    }
    all.emplace_back(noisy);
    all.emplace_back(bounded);
    return all;
  }();
  return names;
}

TestFunction::TestFunction(std::string_view name, Eigen::Index n, std::uint64_t seed)
    : start(Vector::Ones(n)),
      step(Vector::Ones(n)),
      lower(Vector::Constant(n, -HUGE_VAL)),
      upper(Vector::Constant(n, HUGE_VAL)),
      shift_(Vector::Zero(n)),
      random_(seed, "noise of the test function") {
  const bool turned = name.starts_with(rotated);
  const std::string_view plain = turned                             ? name.substr(rotated.size())
                                 : name == noisy || name == bounded ? "sphere"
                                                                    : name;
  for (const Named& f : functions) {
    if (f.name == plain) function_ = f.function;
  }
  if (!function_ || (turned && function_ == sphere))
    throw ConfigError("no test function named '" + std::string(name) + "'." +
                      suggestion(std::string(name), test_function_names()) +
                      " Available: " + joined(test_function_names()));
  Random draw(seed, "test function");
  if (function_ == rosenbrock) {
    start.setZero();
    step.setConstant(0.1);
  } else if (function_ == rastrigin) {
    multimodal = true;
    for (double& x : start) x = 1 + 4 * draw.uniform();
    step.setConstant(2);
  }
  if (turned) {
    rotation_ = random_rotation(n, draw);
    for (double& s : shift_) s = 2 * draw.uniform() - 1;
    start += shift_;
  } else if (name == noisy) {
    noise_ = 0.5;
    target = 1e-4;
  } else if (name == bounded) {
    lower.setZero();  // the optimum is in a corner
    upper.setConstant(5);
  }
}

double TestFunction::exact(const Vector& x) const {
  if (rotation_.size() == 0) return function_(x);
  const Vector moved = x - shift_;
  // Rosenbrock's optimum is at 1: turned about it.
  if (function_ == rosenbrock)
    return function_(rotation_ * (moved - Vector::Ones(x.size())) + Vector::Ones(x.size()));
  return function_(rotation_ * moved);
}

double TestFunction::operator()(const Vector& x) {
  const double value = exact(x);
  return noise_ > 0 ? value * std::exp(noise_ * random_.normal()) : value;
}

}  // namespace hebbforge
