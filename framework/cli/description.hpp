// What there is to say of a plugin, as text, Markdown and JSON.
#pragma once

#include <hebbforge/host/registry.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace hebbforge::cli {

/// A plugin and, of a rule whose parameters all have defaults, the rule that they make.
class Description {
 public:
  explicit Description(const RegisteredPlugin& plugin);

  std::string text() const;
  /// In the form of a README: title and summary, Equation (of rules), Parameters, Reference.
  std::string markdown() const;
  /// The section "## Parameters" of markdown(), its heading included.
  std::string parameters_section() const;
  nlohmann::ordered_json json() const;

 private:
  std::string equation() const;  ///< LaTeX; "" if the plugin declares no terms
  const RegisteredPlugin& plugin_;
  std::shared_ptr<const RuleBasis> rule_;
};

/// `readme` with its section "## Parameters", up to the next "## ", replaced.
/// \throws ConfigError if there is none; `file` is for the message
std::string with_parameters_section(const std::string& readme, const std::string& section,
                                    const std::string& file);

}  // namespace hebbforge::cli
