// "Did you mean …?"
#pragma once

#include <hebbforge/export.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// " Did you mean 'x'?" with the candidate of least edit distance, or "" if none is near.
HEBBFORGE_API std::string suggestion(std::string_view given, const std::vector<std::string>& candidates);

/// "a, b, c"
HEBBFORGE_API std::string joined(const std::vector<std::string>& texts);

}  // namespace hebbforge
