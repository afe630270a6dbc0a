#include "report/formula.hpp"

#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "report/html.hpp"

namespace hebbforge::report {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array accents{Pair{"dot", "˙"}, Pair{"ddot", "¨"}, Pair{"tilde", "~"},
                             Pair{"hat", "^"}, Pair{"bar", "¯"},  Pair{"vec", "→"}};
constexpr std::array letters{Pair{"alpha", "α"},   Pair{"beta", "β"},  Pair{"gamma", "γ"}, Pair{"delta", "δ"},
                             Pair{"epsilon", "ε"}, Pair{"eta", "η"},   Pair{"theta", "θ"}, Pair{"kappa", "κ"},
                             Pair{"lambda", "λ"},  Pair{"mu", "μ"},    Pair{"nu", "ν"},    Pair{"xi", "ξ"},
                             Pair{"pi", "π"},      Pair{"rho", "ρ"},   Pair{"sigma", "σ"}, Pair{"tau", "τ"},
                             Pair{"varphi", "φ"},  Pair{"phi", "φ"},   Pair{"chi", "χ"},   Pair{"psi", "ψ"},
                             Pair{"omega", "ω"},   Pair{"Delta", "Δ"}, Pair{"Theta", "Θ"}, Pair{"Sigma", "Σ"},
                             Pair{"Phi", "Φ"},     Pair{"Omega", "Ω"}};
constexpr std::array operators{Pair{"cdot", "·"}, Pair{"times", "×"}, Pair{"le", "≤"}, Pair{"ge", "≥"},
                               Pair{"pm", "±"},   Pair{"sum", "∑"},   Pair{"|", "‖"},  Pair{"to", "→"}};
constexpr int deepest = 20;  // nested groups; a formula has two or three

template <std::size_t n>
std::string_view find(const std::array<Pair, n>& all, std::string_view name) {
  for (const auto& [key, value] : all) {
    if (key == name) return value;
  }
  return {};
}

std::string element(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + escaped(text) + "</" + std::string(name) + ">";
}

class Latex {
 public:
  explicit Latex(std::string_view text) : text_(text) {}

  /// Until the end, or the '}' of this group; at the outermost level a new summand begins at + and -.
  std::vector<std::string> summands() {
    std::vector<std::string> all(1);
    while (at_ < text_.size() && text_[at_] != '}') {
      const char c = text_[at_];
      if (depth_ == 0 && (c == '+' || c == '-') && !all.back().empty()) all.emplace_back();
      all.back() += scripted();
      first_ = false;
    }
    return all;
  }

 private:
  std::string row() {
    std::string all;
    for (const std::string& s : summands()) all += s;
    return "<mrow>" + all + "</mrow>";
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '~')) ++at_;
  }

  std::string scripted() {
    std::string base = atom(), below, above;
    for (skip_space(); at_ < text_.size() && (text_[at_] == '_' || text_[at_] == '^'); skip_space()) {
      std::string& script = text_[at_++] == '_' ? below : above;
      script = argument();
    }
    if (!below.empty() && !above.empty()) return "<msubsup>" + base + below + above + "</msubsup>";
    if (!below.empty()) return "<msub>" + base + below + "</msub>";
    if (!above.empty()) return "<msup>" + base + above + "</msup>";
    return base;
  }

  /// A group in braces, or one atom.
  std::string argument() {
    skip_space();
    if (at_ >= text_.size() || text_[at_] == '}') return "<mrow></mrow>";
    if (text_[at_] == '{' && depth_ < deepest) {
      ++at_;
      ++depth_;
      std::string inner = row();
      --depth_;
      if (at_ < text_.size()) ++at_;  // the '}'
      return inner;
    }
    return atom();
  }

  std::string atom() {
    skip_space();
    if (at_ >= text_.size()) return "";
    const char c = text_[at_];
    if (c == '{' && depth_ < deepest) return argument();
    if (c == '\\') return command();
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    ++at_;
    if (std::isalpha(static_cast<unsigned char>(c))) return element("mi", {&c, 1});
    // A summand of its own begins with its sign, which still stands between two of them.
    if (c == '-' || c == '+') {
      const std::string sign = c == '-' ? "−" : "+";
      return (first_ ? "<mo>" : "<mo form=\"infix\">") + sign + "</mo>";
    }
    if (static_cast<unsigned char>(c) >= 0x80) {  // the rest of a character of several bytes
      const std::size_t begin = at_ - 1;
      while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) ++at_;
      return element("mi", text_.substr(begin, at_ - begin));
    }
    return element("mo", {&c, 1});
  }

  std::string number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      while (at_ < text_.size() &&
             (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.'))
        ++at_;
    };
    digits();
    const std::string mantissa = element("mn", text_.substr(begin, at_ - begin));
    const bool power = at_ + 2 < text_.size() && text_[at_] == 'e' &&
                       (text_[at_ + 1] == '-' || text_[at_ + 1] == '+') &&
                       std::isdigit(static_cast<unsigned char>(text_[at_ + 2]));
    if (!power) return mantissa;
    const bool negative = text_[at_ + 1] == '-';
    at_ += 2;
    std::size_t from = at_;
    digits();
    while (from + 1 < at_ && text_[from] == '0') ++from;
    return "<mrow>" + mantissa + "<mo>·</mo><msup><mn>10</mn><mrow>" + (negative ? "<mo>−</mo>" : "") +
           element("mn", text_.substr(from, at_ - from)) + "</mrow></msup></mrow>";
  }

  std::string command() {
    ++at_;
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) ++at_;
    if (at_ == begin && at_ < text_.size()) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name == "," || name == ";" || name == ":" || name == "quad" || name == " ")
      return name == "quad" ? "<mspace width=\"1em\"/>" : "<mspace width=\"0.17em\"/>";
    if (name == "!" || name == "left" || name == "right" || name == "displaystyle") return "";
    if (const auto accent = find(accents, name); !accent.empty())
      // Chromium hides dots that are marked as accents.
      return (name == "tilde" ? "<mover accent=\"true\">" : "<mover>") + argument() + element("mo", accent) +
             "</mover>";
    if (const auto letter = find(letters, name); !letter.empty()) return element("mi", letter);
    if (const auto sign = find(operators, name); !sign.empty()) return element("mo", sign);
    if (name == "frac") {
      const std::string above = argument();
      return "<mfrac>" + above + argument() + "</mfrac>";
    }
    if (name == "sqrt") return "<msqrt>" + argument() + "</msqrt>";
    if (name == "mathrm" || name == "text" || name == "operatorname") return text_argument();
    return element("mtext", name);
  }

  std::string text_argument() {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '{') return atom();
    const std::size_t end = std::min(text_.find('}', at_), text_.size());
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    at_ = std::min(end + 1, text_.size());
    return element("mtext", inner);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool first_ = true;  ///< nothing was read yet
};

}  // namespace

std::string mathml(std::string_view latex) {
  std::string html;
  Latex reader(latex);
  for (const std::string& summand : reader.summands())
    html += "<math>" + (summand.empty() ? "<mrow></mrow>" : summand) + "</math> ";
  if (!html.empty()) html.pop_back();
  return html;
}

std::string term_text(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '~')
      text += "\xCC\x83";  // combining tilde
    else if (c == '*')
      text += ' ';
    else
      text += c;
  }
  return text;
}

CoefficientNames::CoefficientNames(const std::vector<std::string>& paths) {
  const auto pathway = [](const std::string& path) { return path.substr(0, path.find('.')); };
  for (const std::string& path : paths)
    several_pathways_ = several_pathways_ || pathway(path) != pathway(paths.front());
}

std::string CoefficientNames::of(const std::string& path) const {
  const auto at = path.find(".c.");
  if (at == path.npos) return term_text(path);
  const std::string term = term_text(path.substr(at + 3));
  return several_pathways_ ? path.substr(0, at + 1) + term : term;
}

}  // namespace hebbforge::report
