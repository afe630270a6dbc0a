// Rules as tables of a pipeline, and as files of their own.
#pragma once

#include <filesystem>
#include <hebbforge/host/pipeline.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin_reader.hpp"

namespace hebbforge {

/// Hands out the `coefficients` and `time_constants` of an input file, pathway after pathway.
class InputValues {
 public:
  explicit InputValues(const DatasetFile* input) : input_(input) {}
  /// \throws Error if there is no input file, or it has too few
  double next(const abi::Parameter& parameter);

 private:
  const DatasetFile* input_;
  Eigen::Index coefficients_ = 0, time_constants_ = 0;
};

/// Reads a rule: a plugin, its parameters, and `values`, a table or "input".
/// \param reader  of the rule's table, its preset merged in
/// \param complete  every value has to be given: a rule file that was cut short is no other rule
std::optional<RuleSpec> read_rule(PluginReader& plugins, TableReader& reader, InputValues& input,
                                  bool complete = false);

/// The file that the name of a rule means: the path of a file, or of a run's directory; none: a preset.
std::optional<std::filesystem::path> rule_file_named(const std::string& name, const Place& place);

/// What a rule file or preset has for `pipeline`: rules of pathways, and values found with them.
/// Mistakes are collected: a pathway or value that is not there, scales or a time step that differ.
LoadedRules load_rules(PluginReader& plugins, const Pipeline& pipeline, const std::string& name,
                       const Place& place);

/// `pipeline` with these rules and no others, and the values found with them.
Pipeline with_rules(Pipeline pipeline, const LoadedRules& loaded);

/// What a rule file says of where the rule comes from: keys and TOML values of its table [origin].
using RuleOrigin = std::vector<std::pair<std::string, std::string>>;

/// The rules of a pipeline as the text of a rule file.
std::string rule_file_text(const Pipeline& pipeline, const RuleOrigin& origin);

/// "dw/dt = 0.0179 x~*y - 0.0077 x*y~": terms with a coefficient that is not 0.
HEBBFORGE_API std::string formula_text(const RuleSpec& rule);
/// The same as LaTeX, `\dot w_{ij} = …`.
HEBBFORGE_API std::string formula_latex(const RuleSpec& rule);

}  // namespace hebbforge
