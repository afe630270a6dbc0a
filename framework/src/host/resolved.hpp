// A checked pipeline written out in full.
#pragma once

#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <vector>

namespace hebbforge {

/// The pipeline as TOML without presets: every default and seed, versions and digests of all plugins.
/// Run again, it gives the same bytes.
std::string resolved_text(const Pipeline& pipeline);

/// A plugin's parameters, one line of TOML each.
std::string parameters_text(const PluginChoice& choice);

/// Every plugin that it uses, once; sorted by name, then kind.
std::vector<const RegisteredPlugin*> plugins_of(const Pipeline& pipeline);

/// Its table of the plugins that results depend on: kinds, versions, digests.
std::string plugin_record_text(const Pipeline& pipeline);

/// What another process needs to run lives of it, values and search space included.
/// \param candidates  false: lives of the pipeline as it is, so that nothing is free
std::string life_text(Pipeline pipeline, bool candidates);

/// The part of it in which a run and its resumption have to agree: without budget, size of the report set,
/// stages, executor, isolation and the plugins' files.
std::string identity_text(Pipeline pipeline);

/// "{ evaluations = 3000 }"
std::string budget_text(const BudgetSpec& budget);

}  // namespace hebbforge
