// Evaluates what is not a product of local quantities, for several synapses of one column at a time.
#pragma once

#include <hebbforge/interfaces/rule_basis.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace hebbforge::equation {

enum class Operation {
  number,      ///< push Instruction::number
  constant,    ///< push the parameter `index`
  weight,      ///< push w_ij
  pre,         ///< push x_j
  pre_signal,  ///< push the presynaptic signal `index`, and so on
  post,
  post_signal,
  synapse_signal,
  global_signal,
  add,  ///< replace the two on top by their sum, and so on
  subtract,
  multiply,
  divide,
  power,
  minimum,
  maximum,
  integer_power,  ///< replace the one on top by its `index`-th power, and so on
  negate,
  absolute,
  exponential,
  logarithm,
  square_root,
  hyperbolic_tangent,
  sign,
  step,     ///< 1 where positive, else 0
  positive  ///< max(0, .)
};

struct Instruction {
  Operation operation = Operation::number;
  int index = 0;
  double number = 0;
};

/// A function that equations may call.
struct Function {
  std::string_view name;
  std::size_t arguments;
  Operation operation;
};
std::span<const Function> functions() noexcept;

/// A stack machine without jumps: every instruction takes and gives whole chunks of a column.
class Program {
 public:
  static constexpr Eigen::Index chunk = 16;  ///< synapses
  static constexpr int deepest = 48;         ///< numbers on the stack

  void push(Instruction instruction) { code_.push_back(instruction); }
  void push(const Program& other) { code_.insert(code_.end(), other.code_.begin(), other.code_.end()); }
  void shift_constants(int by) noexcept;  ///< of all constants' indices
  bool empty() const noexcept { return code_.empty(); }
  std::size_t size() const noexcept { return code_.size(); }
  int depth() const noexcept;  ///< of the stack; it has to be at most `deepest`

  /// The value for the synapses (row ... row + count - 1, column), count at most `chunk`. Allocates nothing.
  /// \param out  shape (chunk); entries from `count` on are undefined
  void evaluate(ConstVectorView constants, const SynapseView& view, Eigen::Index row, Eigen::Index count,
                Eigen::Index column, double* out) const noexcept;

 private:
  std::vector<Instruction> code_;
};

}  // namespace hebbforge::equation
