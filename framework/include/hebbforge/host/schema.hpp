// What a plugin's schema says of its parameters.
#pragma once

#include <hebbforge/config.hpp>
#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>

namespace hebbforge {

/// The defaults of all parameters that have one; required ones are left out.
HEBBFORGE_API Config default_config(const abi::Descriptor& descriptor);

}  // namespace hebbforge
