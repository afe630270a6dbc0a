// Rules as typeset formulas, from what rule files and results hold: no plugin is needed.
#pragma once

#include <hebbforge/export.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge::report {

/// LaTeX, as rules give it for their terms, as MathML: letters, numbers, sub- and superscripts, accents
/// (\dot, \tilde, \hat, \bar), \frac, \sqrt, \mathrm, \text, spaces, Greek letters. What else there is stands
/// as text. Between summands a line may break: each is a <math> of its own.
HEBBFORGE_API std::string mathml(std::string_view latex);

/// A term's name, "w*x~*y", for people to read, "w x̃ y": Unicode, neither HTML nor anything else.
HEBBFORGE_API std::string term_text(std::string_view name);

/// Coefficients as readers know them: "EE.c.x~*y" is "x̃ y", or "EE.x̃ y" beside those of other pathways.
class HEBBFORGE_API CoefficientNames {
 public:
  /// \param paths  all that are shown together
  explicit CoefficientNames(const std::vector<std::string>& paths);
  std::string of(const std::string& path) const;

 private:
  bool several_pathways_ = false;
};

}  // namespace hebbforge::report
