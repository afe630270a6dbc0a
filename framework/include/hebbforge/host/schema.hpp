// What a plugin's schema says of its parameters.
#pragma once

#include <hebbforge/config.hpp>
#include <hebbforge/export.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <string_view>

namespace hebbforge {

/// The name of a parameter that stands for all other keys of its table.
inline constexpr std::string_view any_other_key = "*";

/// The default that a schema declares; 0, false, "" or an empty list where it says none.
HEBBFORGE_API Config::Value default_value(const abi::Parameter& parameter);

/// The defaults of all parameters that have one; required ones are left out.
HEBBFORGE_API Config default_config(const abi::Descriptor& descriptor);

}  // namespace hebbforge
