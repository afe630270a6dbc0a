#include "polynomial.hpp"

#include <algorithm>
#include <array>
#include <hebbforge/error.hpp>

namespace hebbforge::polynomial {
namespace {

// Counts of w, x~, x, y~, y: in the order of the canonical name.
enum Symbol { weight, pre_trace, pre_rate, post_trace, post_rate, symbols };
constexpr std::array<const char*, symbols> name_of_symbol{"w", "x~", "x", "y~", "y"};
constexpr std::array<const char*, symbols> latex_of_symbol{"w_{ij}", R"(\tilde{x}_j)", "x_j",
                                                           R"(\tilde{y}_i)", "y_i"};
using Counts = std::array<int, symbols>;

Counts parse(const std::string& text) {
  Counts counts{};
  bool any = false;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char c = text[k];
    if (c == ' ' || c == '*') continue;
    any = true;
    if (c == '1') continue;
    const bool trace = k + 1 < text.size() && text[k + 1] == '~';
    if (c == 'w' && !trace)
      ++counts[weight];
    else if (c == 'x')
      ++counts[trace ? pre_trace : pre_rate];
    else if (c == 'y')
      ++counts[trace ? post_trace : post_rate];
    else
      throw Error("'" + text + "' is no term: expected a product of w, x, y, x~, y~, or 1, as in \"w y~ y\"");
    if (trace) ++k;
  }
  if (!any) throw Error("an empty text is no term; write \"1\" for the constant");
  return counts;
}

std::string join(const Counts& counts, const std::array<const char*, symbols>& names, const char* between,
                 const char* empty) {
  std::string text;
  for (std::size_t s = 0; s < symbols; ++s) {
    for (int n = 0; n < counts[s]; ++n) text += (text.empty() ? "" : between) + std::string(names[s]);
  }
  return text.empty() ? empty : text;
}

Factor factor_of(int trace, int rate, const std::string& text) {
  if (trace == 0 && rate == 0) return Factor::one;
  if (trace == 0 && rate == 1) return Factor::activity;
  if (trace == 0 && rate == 2) return Factor::activity_squared;
  if (trace == 1 && rate == 0) return Factor::signal;
  if (trace == 2 && rate == 0) return Factor::signal_squared;
  if (trace == 1 && rate == 1) return Factor::signal_times_activity;
  throw Error(
      "term '" + text +
      "' has too many factors on one side: a rate, its square, a trace, its square, or rate times trace");
}

}  // namespace

std::string canonical_term(const std::string& text) { return join(parse(text), name_of_symbol, "*", "1"); }

Polynomial::Polynomial(const Config& config) {
  for (const std::string& text : config.texts("terms")) add(text);
  if (terms_.empty()) throw Error("a polynomial rule needs at least one term");
  // Coefficients first, then time constants: the order of the published parameter vector.
  const auto offset = static_cast<int>(parameters_.size());
  for (Signal& signal : signals_) signal.tau += offset;
  parameters_.insert(parameters_.end(), time_constants_.begin(), time_constants_.end());
}

const std::string& Polynomial::keep(std::string text) { return names_.emplace_back(std::move(text)); }

void Polynomial::add(const std::string& text) {
  const Counts counts = parse(text);
  const std::string& name = keep(join(counts, name_of_symbol, "*", "1"));
  if (std::ranges::any_of(terms_, [&](const Term& t) { return t.name == name; })) {
    throw Error("term '" + text + "' stands twice");
  }
  Term term{name,
            keep(join(counts, latex_of_symbol, " ", "1")),
            static_cast<int>(terms_.size()),
            factor_of(counts[post_trace], counts[post_rate], text),
            factor_of(counts[pre_trace], counts[pre_rate], text),
            counts[weight]};
  parameters_.push_back(coefficient(keep("c." + name).c_str()));
  const bool both = counts[pre_trace] > 0 && counts[post_trace] > 0;
  const auto add_signal = [&](Side side, const char* suffix) {
    const std::string& tau = keep("tau." + name + (both ? suffix : ""));
    const auto same_side = std::ranges::count(signals_, side, &Signal::side);
    signals_.push_back({tau, side, Source::activity, static_cast<int>(time_constants_.size())});
    time_constants_.push_back(time_constant(tau.c_str()));
    return static_cast<int>(same_side);
  };
  if (counts[pre_trace] > 0) term.pre_signal = add_signal(Side::pre, ".pre");
  if (counts[post_trace] > 0) term.post_signal = add_signal(Side::post, ".post");
  terms_.push_back(term);
}

}  // namespace hebbforge::polynomial
