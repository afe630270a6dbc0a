// Texts from outside, as they may be printed.
#pragma once

#include <hebbforge/export.hpp>
#include <string>
#include <string_view>

namespace hebbforge {

/// Control characters other than line feed and tab, written out as \\x1b: names and messages of files and
/// plugins must not steer the terminal.
HEBBFORGE_API std::string printable(std::string_view text);

}  // namespace hebbforge
