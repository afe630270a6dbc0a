// A checked pipeline written out in full.
#pragma once

#include <hebbforge/host/pipeline.hpp>
#include <string>

namespace hebbforge {

/// The pipeline as TOML without presets: every default and seed, versions and digests of all plugins.
/// Run again, it gives the same bytes.
std::string resolved_text(const Pipeline& pipeline);

/// The part of it that decides every number: without budget, size of the report set and executor, in which a
/// run and its resumption may differ.
std::string identity_text(Pipeline pipeline);

}  // namespace hebbforge
