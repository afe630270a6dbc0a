#include "expansion.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/host/quantity.hpp>
#include <hebbforge/host/suggestion.hpp>
#include <utility>

namespace hebbforge::equation {
namespace {

using Kind = Expression::Kind;
constexpr std::string_view equation_key = "dw/dt", task_prefix = "task.";
// Words of the language, and keys of the tables in which an equation stands.
constexpr std::array reserved{"pre",           "post",    "w",      "filter", "life",       "plugin",
                              "library",       "preset",  "values", "origin", "rate_scale", "trace_scale",
                              "learning_rate", "formula", "latex"};

[[noreturn]] void fail(const Expression& at, const std::string& text) {
  throw TextError(std::string(at.key), at.offset, at.length, text);
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool is_name(std::string_view text) {
  const auto begins = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !text.empty() && begins(text.front()) && text.back() != '.' &&
         std::ranges::all_of(text, [&](char c) {
           return begins(c) || c == '.' || std::isdigit(static_cast<unsigned char>(c)) != 0;
         });
}

Polynomial of(const Atom& atom) { return {Monomial{1, {}, {{atom, 1}}}}; }

void add_to(const Expression& at, Polynomial& sum, const Polynomial& more, double factor) {
  for (const Monomial& m : more) {
    const auto same = std::ranges::find_if(
        sum, [&](const Monomial& s) { return s.constants == m.constants && s.atoms == m.atoms; });
    if (same != sum.end()) {
      same->number += factor * m.number;
    } else {
      sum.push_back(m);
      sum.back().number *= factor;
    }
    if (sum.size() > most_terms)
      fail(at, "multiplied out, this has more than " + std::to_string(most_terms) + " terms");
  }
}

void check_power(const Expression& at, int power) {
  if (std::abs(power) > largest_power) {
    fail(at, "multiplied out, a power is " + std::to_string(power) + "; at most " +
                 std::to_string(largest_power) + " is allowed");
  }
}

Polynomial multiplied_out(const Expression& at, const Polynomial& a, const Polynomial& b) {
  if (a.size() * b.size() > most_terms * 10)
    fail(at, "multiplied out, this has more than " + std::to_string(most_terms) + " terms");
  Polynomial all;
  for (const Monomial& x : a) {
    for (const Monomial& y : b) {
      Monomial m = x;
      m.number *= y.number;
      for (const auto& [constant, power] : y.constants) {
        const int sum = m.constants[constant] += power;
        if (sum == 0) m.constants.erase(constant);
        check_power(at, sum);
      }
      for (const auto& [atom, power] : y.atoms) check_power(at, m.atoms[atom] += power);
      if (!std::isfinite(m.number)) fail(at, "multiplied out, a number is too large");
      add_to(at, all, {m}, 1);
    }
  }
  return all;
}

void drop_zeros(Polynomial& p) {
  std::erase_if(p, [](const Monomial& m) { return m.number == 0; });
}

// A power that is written as a whole number.
std::optional<int> whole_number(const Expression& e) {
  if (e.kind == Kind::negate) {
    const auto inner = whole_number(e.arguments[0]);
    return inner ? std::optional(-*inner) : std::nullopt;
  }
  if (e.kind != Kind::number || e.number != std::floor(e.number) || std::abs(e.number) > 1000)
    return std::nullopt;
  return static_cast<int>(e.number);
}

const Function& function_named(const Expression& call) {
  for (const Function& f : functions()) {
    if (f.name != call.name) continue;
    if (call.arguments.size() != f.arguments) {
      fail(call, quoted(f.name) + " takes " + std::to_string(f.arguments) + " argument" +
                     (f.arguments == 1 ? "" : "s") + ", not " + std::to_string(call.arguments.size()));
    }
    return f;
  }
  std::vector<std::string> known{"filter"};
  for (const Function& f : functions()) known.emplace_back(f.name);
  fail(call, "there is no function " + quoted(call.name) + "." + suggestion(call.name, known) +
                 " There are: " + joined(known));
}

Atom::Kind kind_of(Side side) {
  switch (side) {
    case Side::pre:
      return Atom::Kind::pre_signal;
    case Side::post:
      return Atom::Kind::post_signal;
    case Side::synapse:
      return Atom::Kind::synapse_signal;
    case Side::global:
      return Atom::Kind::global_signal;
  }
  return {};
}

Operation operation_of(Kind kind) {
  switch (kind) {
    case Kind::add:
      return Operation::add;
    case Kind::subtract:
      return Operation::subtract;
    case Kind::multiply:
      return Operation::multiply;
    case Kind::divide:
      return Operation::divide;
    default:
      return Operation::power;
  }
}

Operation operation_of(Atom::Kind kind) {
  switch (kind) {
    case Atom::Kind::weight:
      return Operation::weight;
    case Atom::Kind::pre:
      return Operation::pre;
    case Atom::Kind::pre_signal:
      return Operation::pre_signal;
    case Atom::Kind::post:
      return Operation::post;
    case Atom::Kind::post_signal:
      return Operation::post_signal;
    case Atom::Kind::synapse_signal:
      return Operation::synapse_signal;
    default:
      return Operation::global_signal;
  }
}

}  // namespace

Instruction instruction_of(const Atom& atom) { return {operation_of(atom.kind), atom.index, 0}; }

Expansion::Expansion(std::string_view equation, std::span<const std::string> definitions) {
  if (definitions.size() > most_definitions) {
    throw TextError(std::string(equation_key), 0, 0,
                    "the equation has " + std::to_string(definitions.size()) + " definitions; at most " +
                        std::to_string(most_definitions) + " are allowed");
  }
  for (const std::string& text : definitions) define(text);
  const Expression whole = parse(equation_key, equation);
  terms_ = expand(whole);
  drop_zeros(terms_);
  if (terms_.empty()) fail(whole, "multiplied out, nothing is left: dw/dt is 0");
  for (const Definition& d : definitions_) {
    if (!d.used)
      throw TextError(
          d.name, 0, d.text.size(),
          quoted(d.name) + " is defined, but nothing of the equation uses it; remove it, or use it");
  }
}

const FilteredSignal& Expansion::signal_of(const Atom& atom) const {
  int index = -1;
  const auto found = std::ranges::find_if(signals_, [&](const FilteredSignal& s) {
    return kind_of(s.side) == atom.kind && ++index == atom.index;
  });
  return *found;
}

void Expansion::define(const std::string& text) {
  const auto equals = text.find(" = ");
  Definition& d = definitions_.emplace_back(Definition{text.substr(0, equals), text.substr(equals + 3)});
  const auto refuse = [&](const std::string& why) { throw TextError(d.name, 0, d.text.size(), why); };
  if (!is_name(d.name) || d.name.starts_with(task_prefix))
    refuse(quoted(d.name) +
           " is no name for a constant or helper signal; names have letters, digits, '_' and '.'");
  if (std::ranges::find(reserved, d.name) != reserved.end())
    refuse(quoted(d.name) + " has a meaning already; call the helper signal or constant something else");
  for (const Function& f : functions()) {
    if (f.name == d.name) refuse(quoted(d.name) + " is a function; call it something else");
  }
  const auto number = parse_quantity(d.text, "1");
  const auto time = number ? std::nullopt : parse_quantity(d.text, "s");
  if (number || time) {
    d.constant = static_cast<int>(constants_.size());
    constants_.push_back({d.name, number ? *number : *time, time.has_value(), false});
  } else if (parse_quantity(d.text, "Hz")) {
    refuse(quoted(d.text) +
           ": rates are dimensionless here, pre and post are rate / rate_scale; write a number");
  } else {
    d.expression = parse(d.name, d.text);
  }
}

Expansion::Definition& Expansion::definition_of(const Expression& name) {
  const auto found = std::ranges::find(definitions_, name.name, &Definition::name);
  if (found != definitions_.end()) {
    if (found->open) fail(name, quoted(name.name) + " is defined by way of itself");
    found->used = true;
    return *found;
  }
  std::vector<std::string> known{"pre", "post", "w"};
  for (const Definition& d : definitions_) known.push_back(d.name);
  const bool is_function = name.name == "filter" || std::ranges::any_of(functions(), [&](const Function& f) {
                             return f.name == name.name;
                           });
  if (is_function) fail(name, quoted(name.name) + " is a function: it needs arguments in brackets");
  fail(name, quoted(name.name) + " is not defined." + suggestion(name.name, known) +
                 " Define it beside dw/dt, as in " + name.name + " = 0.01 or " + name.name +
                 " = \"filter(pre, tau)\"; or use task." + name.name + ", a dataset of the input");
}

// What stands for one local quantity: a rate, the weight, a signal.
std::optional<Atom> Expansion::leaf(const Expression& e, const std::string& alias) {
  if (e.kind == Kind::call && e.name == "filter") return filtered(e, alias);
  if (e.kind != Kind::name) return std::nullopt;
  if (e.name == "pre") return Atom{Atom::Kind::pre};
  if (e.name == "post") return Atom{Atom::Kind::post};
  if (e.name == "w") return Atom{Atom::Kind::weight};
  if (!e.name.starts_with(task_prefix)) return std::nullopt;
  const std::string dataset = e.name.substr(task_prefix.size());
  if (dataset.empty()) fail(e, "'task.' needs the name of a dataset, as in task.novelty");
  return add({alias.empty() ? e.name : alias, dataset, Side::global, Source::dataset});
}

Polynomial Expansion::product(const Expression& at, const Polynomial& a, const Polynomial& b) {
  products_ += a.size() * b.size();
  if (products_ > most_products) {
    fail(at, "multiplied out, the equation takes more than " + std::to_string(most_products) +
                 " products of two terms; write it with fewer brackets");
  }
  return multiplied_out(at, a, b);
}

// What one piece throws ends the whole: the depth need not be right afterwards.
Polynomial Expansion::expand(const Expression& e, const std::string& alias) {
  if (++depth_ > deepest_expansion) {
    fail(e, "with what its names stand for, this is more than " + std::to_string(deepest_expansion) +
                " pieces deep; write it with fewer summands or helper signals");
  }
  const auto atom = leaf(e, alias);
  Polynomial all = atom ? of(*atom) : expand_piece(e);
  --depth_;
  return all;
}

Polynomial Expansion::expand_piece(const Expression& e) {
  switch (e.kind) {
    case Kind::number:
      return e.number == 0 ? Polynomial{} : Polynomial{Monomial{e.number, {}, {}}};
    case Kind::name:
      return expand_name(e);
    case Kind::add:
    case Kind::subtract: {
      Polynomial sum = expand(e.arguments[0]);
      add_to(e, sum, expand(e.arguments[1]), e.kind == Kind::add ? 1 : -1);
      drop_zeros(sum);
      return sum;
    }
    case Kind::negate: {
      Polynomial negative;
      add_to(e, negative, expand(e.arguments[0]), -1);
      return negative;
    }
    case Kind::multiply: {
      const Polynomial left = expand(e.arguments[0]);  // first: signals are numbered as they are met
      return product(e, left, expand(e.arguments[1]));
    }
    case Kind::divide:
      return expand_quotient(e);
    case Kind::power:
      return expand_power(e);
    case Kind::call:
      return opaque(e);
  }
  return {};
}

Polynomial Expansion::expand_name(const Expression& e) {
  Definition& d = definition_of(e);
  if (d.constant >= 0) return {Monomial{1, {{d.constant, 1}}, {}}};
  if (!d.polynomial) {
    d.open = true;
    d.polynomial = expand(d.expression, d.name);
    d.open = false;
  }
  return *d.polynomial;
}

Polynomial Expansion::expand_quotient(const Expression& e) {
  const Polynomial above = expand(e.arguments[0]), below = expand(e.arguments[1]);
  if (below.empty()) fail(e.arguments[1], "a division by 0");
  if (below.size() > 1 || !below.front().atoms.empty()) {
    Expression inverse = e;
    Expression one;
    one.number = 1;
    inverse.arguments[0] = std::move(one);
    return product(e, above, opaque(inverse));
  }
  Monomial inverse{1 / below.front().number, {}, {}};
  for (const auto& [constant, power] : below.front().constants) inverse.constants[constant] = -power;
  return product(e, above, {inverse});
}

Polynomial Expansion::expand_power(const Expression& e) {
  const auto exponent = whole_number(e.arguments[1]);
  if (!exponent || *exponent < 0) return opaque(e);
  if (*exponent > largest_power)
    fail(e.arguments[1], "the power is " + std::to_string(*exponent) + "; at most " +
                             std::to_string(largest_power) + " is allowed");
  const Polynomial base = expand(e.arguments[0]);
  Polynomial all{Monomial{}};
  for (int k = 0; k < *exponent; ++k) all = product(e, all, base);
  return all;
}

Polynomial Expansion::opaque(const Expression& e) {
  const std::string text = text_of(e);
  const auto same = std::ranges::find(opaque_, text, &Opaque::text);
  if (same != opaque_.end()) return of({Atom::Kind::opaque, static_cast<int>(same - opaque_.begin())});
  if (opaque_.size() >= most_terms)
    fail(e, "the equation has more than " + std::to_string(most_terms) + " quotients and calls of functions");
  Program program;
  compile(e, program);
  if (program.depth() > Program::deepest - 2)
    fail(e, "this nests too deep; move parts of it to terms of their own");
  if (program.size() > longest_text) fail(e, "with what its names stand for, this is too long");
  opaque_.push_back({text, std::move(program)});
  return of({Atom::Kind::opaque, static_cast<int>(opaque_.size()) - 1});
}

void Expansion::compile(const Expression& e, Program& program) {
  if (++depth_ > deepest_expansion) fail(e, "with what its names stand for, this is too deep");
  compile_piece(e, program);
  --depth_;
}

void Expansion::compile_piece(const Expression& e, Program& program) {
  if (program.size() > longest_text) fail(e, "with what its names stand for, this is too long");
  if (const auto atom = leaf(e, "")) return program.push(instruction_of(*atom));
  if (e.kind == Kind::number) return program.push({Operation::number, 0, e.number});
  if (e.kind == Kind::name) {
    Definition& d = definition_of(e);
    if (d.constant >= 0) return program.push({Operation::constant, d.constant, 0});
    d.open = true;
    // A signal keeps the name that it is defined by.
    if (const auto atom = leaf(d.expression, d.name))
      program.push(instruction_of(*atom));
    else
      compile(d.expression, program);
    d.open = false;
    return;
  }
  const Function* function = e.kind == Kind::call ? &function_named(e) : nullptr;
  if (e.kind == Kind::power) {
    if (const auto exponent = whole_number(e.arguments[1]);
        exponent && *exponent >= 0 && *exponent <= largest_power) {
      compile(e.arguments[0], program);
      return program.push({Operation::integer_power, *exponent, 0});
    }
  }
  for (const Expression& argument : e.arguments) compile(argument, program);
  if (function) return program.push({function->operation, 0, 0});
  program.push({e.kind == Kind::negate ? Operation::negate : operation_of(e.kind), 0, 0});
}

Atom Expansion::filtered(const Expression& call, const std::string& alias) {
  const std::string usage =
      "; write filter(pre, tau), or filter(pre, tau, life) for a trace that outlives trials";
  if (call.arguments.size() < 2 || call.arguments.size() > 3)
    fail(call, "'filter' takes 2 or 3 arguments, not " + std::to_string(call.arguments.size()) + usage);
  const Expression &what = call.arguments[0], &tau = call.arguments[1];
  FilteredSignal signal;
  signal.name = alias.empty() ? text_of(call) : alias;
  if (call.arguments.size() == 3) {
    const Expression& how = call.arguments[2];
    if (how.kind != Kind::name || how.name != "life")
      fail(how, "the third argument can only be 'life'" + usage);
    signal.kept_for_life = true;
  }
  if (tau.kind != Kind::name || tau.name.starts_with(task_prefix) || tau.name == "pre" ||
      tau.name == "post" || tau.name == "w") {
    fail(tau,
         "the second argument of 'filter' is the name of a constant, as in filter(pre, tau_x) with "
         "tau_x = \"20 ms\"");
  }
  const Definition& constant = definition_of(tau);
  if (constant.constant < 0)
    fail(tau, quoted(tau.name) + " is no constant; a time constant is a number or \"20 ms\"");
  Constant& time = constants_[static_cast<std::size_t>(constant.constant)];
  if (!(time.value > 0)) fail(tau, "the time constant " + quoted(tau.name) + " has to be above 0");
  time.is_time_constant = true;
  signal.constant = constant.constant;

  const Polynomial inside = expand(what);
  const bool plain = inside.size() == 1 && inside.front().number == 1 && inside.front().constants.empty();
  const std::map<Atom, int> none, atoms = plain ? inside.front().atoms : none;
  const Atom pre{Atom::Kind::pre}, post{Atom::Kind::post};
  using Atoms = std::map<Atom, int>;
  const auto is_raw_dataset = [&] {
    return atoms.size() == 1 && atoms.begin()->second == 1 &&
           atoms.begin()->first.kind == Atom::Kind::global_signal &&
           signal_of(atoms.begin()->first).constant < 0;
  };
  if (atoms == Atoms{{pre, 1}} || atoms == Atoms{{post, 1}}) {
    signal.side = atoms.contains(pre) ? Side::pre : Side::post;
  } else if (atoms == Atoms{{pre, 2}} || atoms == Atoms{{post, 2}}) {
    signal.side = atoms.contains(pre) ? Side::pre : Side::post;
    signal.source = Source::activity_squared;
  } else if (atoms == Atoms{{pre, 1}, {post, 1}}) {
    signal.side = Side::synapse;
    signal.source = Source::pre_times_post;
  } else if (is_raw_dataset()) {
    signal.side = Side::global;
    signal.source = Source::dataset;
    signal.dataset = signal_of(atoms.begin()->first).dataset;
  } else {
    fail(what, "only pre, post, pre^2, post^2, pre*post and task.NAME can be filtered");
  }
  return add(std::move(signal));
}

Atom Expansion::add(FilteredSignal signal) {
  int index = 0;
  for (const FilteredSignal& s : signals_) {
    if (s.side != signal.side) continue;
    if (s.source == signal.source && s.constant == signal.constant && s.dataset == signal.dataset &&
        s.kept_for_life == signal.kept_for_life)
      return {kind_of(s.side), index};
    ++index;
  }
  const Atom atom{kind_of(signal.side), index};
  signals_.push_back(std::move(signal));
  return atom;
}

}  // namespace hebbforge::equation
