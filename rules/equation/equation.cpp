#include "equation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hebbforge::equation {
namespace {

using Kind = Atom::Kind;

double integer_power(double base, int exponent) noexcept {
  double value = 1;
  for (int k = 0; k < std::abs(exponent); ++k) value *= base;
  return exponent < 0 ? 1 / value : value;
}

// The number before a term needs no coefficient of its own where a constant stands in it.
bool has_coefficient(const Monomial& m) {
  return std::ranges::any_of(m.constants, [](const auto& c) { return c.second > 0; });
}

int count(const Monomial& m, Kind kind) {
  int sum = 0;
  for (const auto& [atom, power] : m.atoms) sum += atom.kind == kind ? power : 0;
  return sum;
}

const Atom* only(const Monomial& m, Kind kind) {
  const Atom* found = nullptr;
  for (const auto& [atom, power] : m.atoms) {
    if (atom.kind != kind) continue;
    if (found) return nullptr;
    found = &atom;
  }
  return found;
}

std::optional<Factor> factor_of(int rates, int traces) {
  if (traces == 0 && rates == 0) return Factor::one;
  if (traces == 0 && rates == 1) return Factor::activity;
  if (traces == 0 && rates == 2) return Factor::activity_squared;
  if (traces == 1 && rates == 0) return Factor::signal;
  if (traces == 2 && rates == 0) return Factor::signal_squared;
  if (traces == 1 && rates == 1) return Factor::signal_times_activity;
  return std::nullopt;
}

/// One side of a term, or why the engine's own kernels do not have it.
struct SideOfTerm {
  Factor factor = Factor::one;
  int signal = -1;
  std::string obstacle{};
};

SideOfTerm side_of(const Monomial& m, Kind rate, Kind trace, const char* name) {
  SideOfTerm side;
  const int traces = count(m, trace);
  const auto factor = factor_of(count(m, rate), traces);
  const Atom* signal = only(m, trace);
  if (!factor || (traces > 0 && !signal)) {
    side.obstacle = std::string("its ") + name +
                    "synaptic side is more than a rate, its square, a trace, its square, or rate times trace";
    return side;
  }
  side.factor = *factor;
  if (signal) side.signal = signal->index;
  return side;
}

std::string text_of(const Expansion& all, const Atom& atom) {
  switch (atom.kind) {
    case Kind::weight:
      return "w";
    case Kind::pre:
      return "pre";
    case Kind::post:
      return "post";
    case Kind::opaque:
      return all.opaque()[static_cast<std::size_t>(atom.index)].text;
    default:
      return all.signal_of(atom).name;
  }
}

std::string latex_of(const Expansion& all, const Atom& atom) {
  const std::string name = "\\text{" + text_of(all, atom) + "}";
  switch (atom.kind) {
    case Kind::weight:
      return "w_{ij}";
    case Kind::pre:
      return "x_j";
    case Kind::post:
      return "y_i";
    case Kind::pre_signal:
      return name + "_j";
    case Kind::post_signal:
      return name + "_i";
    case Kind::synapse_signal:
      return name + "_{ij}";
    default:
      return name;
  }
}

abi::Parameter parameter_of(const Constant& c, const char* name) {
  if (c.is_time_constant) {
    abi::Parameter p = time_constant(name, "Time constant of a trace.");
    p.default_value = c.value;
    if (c.value < p.minimum || c.value > p.maximum) {  // such as of a sliding threshold
      p.minimum = c.value / 1000;
      p.maximum = c.value * 1000;
      p.log_scale = true;
      p.step = 0.5;
    }
    return p;
  }
  abi::Parameter p = coefficient(name, "Constant of the equation.");
  if (c.is_time) p.unit = "s";
  p.default_value = c.value;
  const double largest = std::max(p.maximum, 10 * std::abs(c.value));
  p.minimum = -largest;
  p.maximum = largest;
  return p;
}

}  // namespace

const char* Equation::keep(std::string text) { return names_.emplace_back(std::move(text)).c_str(); }

Equation::Equation(const Config& config) {
  const Expansion all(config.text("dw/dt"), config.texts("*"));
  std::vector<std::string> names;
  for (const Monomial& m : all.terms()) names.push_back(name_of(all, m, false));
  const std::vector<std::string> products = names;
  // Two constants before one product: their names tell the terms apart.
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (std::ranges::count(products, products[k]) == 1 || !has_coefficient(all.terms()[k])) continue;
    for (const auto& [constant, power] : all.terms()[k].constants)
      names[k] += (names[k].ends_with(')') ? "(" : " (") +
                  all.constants()[static_cast<std::size_t>(constant)].name +
                  (power == 1 ? "" : "^" + std::to_string(power)) + ")";
  }
  add_parameters(all, names);
  for (const FilteredSignal& s : all.signals()) {
    const char* name = keep(s.side == Side::global ? s.dataset : s.name);
    signals_.push_back(
        {name, s.side, s.source, s.constant < 0 ? -1 : s.constant + static_cast<int>(own_), s.kept_for_life});
  }
  for (std::size_t k = 0; k < names.size(); ++k) add_term(all, all.terms()[k], names[k]);
}

void Equation::add_parameters(const Expansion& all, const std::vector<std::string>& names) {
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (has_coefficient(all.terms()[k])) continue;
    const double number = all.terms()[k].number;
    parameters_.push_back(parameter_of({"", number}, keep("c." + names[k])));
  }
  own_ = parameters_.size();
  for (const Constant& c : all.constants()) parameters_.push_back(parameter_of(c, keep(c.name)));
}

void Equation::add_term(const Expansion& all, const Monomial& m, const std::string& name) {
  Summand summand;
  const bool own = !has_coefficient(m);
  summand.number = own ? 1 : m.number;
  int coefficient = -1;
  if (own) {
    const auto earlier =
        std::ranges::count_if(terms_, [&](const Term& t) { return t.coefficient < static_cast<int>(own_); });
    coefficient = static_cast<int>(earlier);
    summand.powers.emplace_back(coefficient, 1);
  }
  for (const auto& [constant, power] : m.constants) {
    summand.powers.emplace_back(constant + static_cast<int>(own_), power);
    if (coefficient < 0 && power > 0) coefficient = constant + static_cast<int>(own_);
  }
  const SideOfTerm pre = side_of(m, Kind::pre, Kind::pre_signal, "pre"),
                   post = side_of(m, Kind::post, Kind::post_signal, "post");
  if (count(m, Kind::opaque) > 0)
    summand.obstacle = "it has a function or a quotient";
  else if (!pre.obstacle.empty() || !post.obstacle.empty())
    summand.obstacle = pre.obstacle.empty() ? post.obstacle : pre.obstacle;
  else if (count(m, Kind::synapse_signal) > 1 || count(m, Kind::global_signal) > 1)
    summand.obstacle = "it has more than one signal of the synapse, or more than one of the task";

  Term term{keep(name), keep(name_of(all, m, true)), coefficient, Factor::one, Factor::one};
  term.sign = summand.number;
  if (summand.obstacle.empty()) {
    term.post = post.factor;
    term.pre = pre.factor;
    term.weight_power = count(m, Kind::weight);
    term.post_signal = post.signal;
    term.pre_signal = pre.signal;
    if (const Atom* signal = only(m, Kind::synapse_signal)) term.synapse_signal = signal->index;
    if (const Atom* signal = only(m, Kind::global_signal)) term.global_signal = signal->index;
  } else {
    separable_ = false;
  }
  for (const auto& [atom, power] : m.atoms) {
    const bool first = summand.program.empty();
    if (atom.kind == Kind::opaque)
      summand.program.push(all.opaque()[static_cast<std::size_t>(atom.index)].program);
    else
      summand.program.push(instruction_of(atom));
    if (power > 1) summand.program.push({Operation::integer_power, power, 0});
    if (!first) summand.program.push({Operation::multiply, 0, 0});
  }
  if (summand.program.empty()) summand.program.push({Operation::number, 0, 1});
  // Of opaque expressions: where the engine's parameters have the constants.
  summand.program.shift_constants(static_cast<int>(own_));
  terms_.push_back(term);
  summands_.push_back(std::move(summand));
}

std::string Equation::name_of(const Expansion& all, const Monomial& m, bool latex) const {
  std::string text;
  for (const auto& [atom, power] : m.atoms) {
    if (!text.empty()) text += latex ? "\\, " : "*";
    text += latex ? latex_of(all, atom) : text_of(all, atom);
    if (power > 1) text += "^" + std::to_string(power);
  }
  return text.empty() ? "1" : text;
}

double Equation::multiplier(std::size_t term, ConstVectorView values) const noexcept {
  double product = summands_[term].number;
  for (const auto& [parameter, power] : summands_[term].powers)
    product *= power == 1 ? values[parameter] : integer_power(values[parameter], power);
  return product;
}

void Equation::accumulate(ConstVectorView values, const SynapseView& view, MatrixView delta,
                          VectorView effect) const {
  if (separable_) return RuleBasis::accumulate(values, view, delta, effect);
  double product[Program::chunk];
  for (std::size_t k = 0; k < summands_.size(); ++k) {
    const double factor = multiplier(k, values);
    if (factor == 0) continue;
    double total = 0;
    for (Eigen::Index j = 0; j < delta.cols(); ++j) {
      for (Eigen::Index row = 0; row < delta.rows(); row += Program::chunk) {
        const Eigen::Index count = std::min(Program::chunk, delta.rows() - row);
        summands_[k].program.evaluate(values, view, row, count, j, product);
        for (Eigen::Index i = 0; i < count; ++i) {
          const double change = factor * product[i];
          delta(row + i, j) += change;
          total += std::abs(change) * view.mask(row + i, j);
        }
      }
    }
    effect[static_cast<Eigen::Index>(k)] += total;
  }
}

}  // namespace hebbforge::equation
