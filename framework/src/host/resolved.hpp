// A checked pipeline written out in full.
#pragma once

#include <hebbforge/host/pipeline.hpp>
#include <string>

namespace hebbforge {

/// The pipeline as TOML without presets: every default and seed, versions and digests of all plugins.
/// Run again, it gives the same bytes.
std::string resolved_text(const Pipeline& pipeline);

}  // namespace hebbforge
