// Numbers with units.
#pragma once

#include <hebbforge/export.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hebbforge {

/// "5 ms" in the given SI unit ("s", "Hz" or "1": dimensionless): 0.005. Nothing if it is no such quantity.
HEBBFORGE_API std::optional<double> parse_quantity(std::string_view text, std::string_view unit);

/// What to write for a quantity of this unit: "a number in s, or a text such as \"5 ms\"".
HEBBFORGE_API std::string expected_quantity(std::string_view unit);

/// For people to read: 0.005 s is "5 ms".
HEBBFORGE_API std::string quantity_text(double value, std::string_view unit);

}  // namespace hebbforge
