// Named fragments of pipelines.
#pragma once

#include <string>
#include <vector>

#include "host/document.hpp"

namespace hebbforge {

/// Names of the presets of this installation, sorted: "bell2024.hvc".
HEBBFORGE_API std::vector<std::string> preset_names();

/// The preset's content. A name that ends with ".toml" is a file, relative to the one that names it.
/// \throws ConfigError at `place`, with what is there
HEBBFORGE_API Node load_preset(const std::string& name, const Place& place);

/// `table` merged over the preset that its key `preset` names, if it has one.
HEBBFORGE_API Node with_preset(const Node& table);

}  // namespace hebbforge
