#include "program.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hebbforge::equation {
namespace {

using Op = Operation;
constexpr Eigen::Index chunk = Program::chunk;

constexpr std::array all_functions{
    Function{"abs", 1, Op::absolute},  Function{"exp", 1, Op::exponential},
    Function{"log", 1, Op::logarithm}, Function{"max", 2, Op::maximum},
    Function{"min", 2, Op::minimum},   Function{"positive", 1, Op::positive},
    Function{"sign", 1, Op::sign},     Function{"sqrt", 1, Op::square_root},
    Function{"step", 1, Op::step},     Function{"tanh", 1, Op::hyperbolic_tangent}};

bool is_leaf(Op op) { return op <= Op::global_signal; }
bool is_binary(Op op) { return op >= Op::add && op <= Op::maximum; }

template <class Function>
void unary(double* a, Function&& function) noexcept {
  for (Eigen::Index k = 0; k < chunk; ++k) a[k] = function(a[k]);
}

template <class Function>
void binary(double* a, const double* b, Function&& function) noexcept {
  for (Eigen::Index k = 0; k < chunk; ++k) a[k] = function(a[k], b[k]);
}

double integer_power(double base, int exponent) noexcept {
  double value = 1;
  for (int k = 0; k < exponent; ++k) value *= base;
  return value;
}

void apply_unary(const Instruction& in, double* a) noexcept {
  switch (in.operation) {
    case Op::integer_power:
      return unary(a, [&](double v) { return integer_power(v, in.index); });
    case Op::negate:
      return unary(a, [](double v) { return -v; });
    case Op::absolute:
      return unary(a, [](double v) { return std::abs(v); });
    case Op::exponential:
      return unary(a, [](double v) { return std::exp(v); });
    case Op::logarithm:
      return unary(a, [](double v) { return std::log(v); });
    case Op::square_root:
      return unary(a, [](double v) { return std::sqrt(v); });
    case Op::hyperbolic_tangent:
      return unary(a, [](double v) { return std::tanh(v); });
    case Op::sign:
      return unary(a, [](double v) { return static_cast<double>((v > 0) - (v < 0)); });
    case Op::step:
      return unary(a, [](double v) { return v > 0 ? 1.0 : 0.0; });
    case Op::positive:
      return unary(a, [](double v) { return v > 0 ? v : 0.0; });
    default:
      return;
  }
}

void apply_binary(Op op, double* a, const double* b) noexcept {
  switch (op) {
    case Op::add:
      return binary(a, b, [](double x, double y) { return x + y; });
    case Op::subtract:
      return binary(a, b, [](double x, double y) { return x - y; });
    case Op::multiply:
      return binary(a, b, [](double x, double y) { return x * y; });
    case Op::divide:
      return binary(a, b, [](double x, double y) { return x / y; });
    case Op::power:
      return binary(a, b, [](double x, double y) { return std::pow(x, y); });
    case Op::minimum:
      return binary(a, b, [](double x, double y) { return y < x ? y : x; });
    case Op::maximum:
      return binary(a, b, [](double x, double y) { return x < y ? y : x; });
    default:
      return;
  }
}

}  // namespace

std::span<const Function> functions() noexcept { return all_functions; }

void Program::shift_constants(int by) noexcept {
  for (Instruction& in : code_) in.index += in.operation == Op::constant ? by : 0;
}

int Program::depth() const noexcept {
  int now = 0, most = 0;
  for (const Instruction& in : code_) {
    now += is_leaf(in.operation) ? 1 : is_binary(in.operation) ? -1 : 0;
    most = std::max(most, now);
  }
  return most;
}

void Program::evaluate(ConstVectorView constants, const SynapseView& view, Eigen::Index row,
                       Eigen::Index count, Eigen::Index column, double* out) const noexcept {
  // All of a chunk is computed, also past the column's end, where it is 0 or what 0 gives.
  alignas(64) double stack[deepest][chunk] = {};
  int top = -1;
  const auto fill = [&](double value) { std::fill_n(stack[++top], chunk, value); };
  const auto load = [&](const double* from) {
    double* to = stack[++top];
    std::copy_n(from, count, to);
    std::fill(to + count, to + chunk, 0.0);
  };
  for (const Instruction& in : code_) {
    switch (in.operation) {
      case Op::number:
        fill(in.number);
        break;
      case Op::constant:
        fill(constants[in.index]);
        break;
      case Op::weight:
        load(&view.weights.coeffRef(row, column));
        break;
      case Op::pre:
        fill(view.pre_activity[column]);
        break;
      case Op::pre_signal:
        fill(view.pre_signals(column, in.index));
        break;
      case Op::post:
        load(view.post_activity.data() + row);
        break;
      case Op::post_signal:
        load(&view.post_signals.coeffRef(row, in.index));
        break;
      case Op::synapse_signal:
        load(&view.synapse_signals[static_cast<std::size_t>(in.index)].coeffRef(row, column));
        break;
      case Op::global_signal:
        fill(view.global_signals[in.index]);
        break;
      default:
        if (is_binary(in.operation)) {
          --top;
          apply_binary(in.operation, stack[top], stack[top + 1]);
        } else {
          apply_unary(in, stack[top]);
        }
    }
  }
  std::copy_n(stack[0], chunk, out);
}

}  // namespace hebbforge::equation
