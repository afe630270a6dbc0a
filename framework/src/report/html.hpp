// Small pieces of HTML.
#pragma once

#include <hebbforge/export.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge::report {

/// Valid UTF-8 without control characters (but new lines and tabs): what is neither becomes U+FFFD.
HEBBFORGE_API std::string cleaned(std::string_view text);

/// Text as it may stand in an element or a quoted attribute, cleaned.
HEBBFORGE_API std::string escaped(std::string_view text);

/// A number for people to read: four digits, a real minus sign, powers of ten; "–" for NaN.
HEBBFORGE_API std::string number_text(double value);

/// A table in a container that scrolls where the page is narrow. Cells are HTML; those of the first column
/// are headings of their rows, the others stand to the right.
HEBBFORGE_API std::string table(const std::vector<std::string>& header,
                                const std::vector<std::vector<std::string>>& rows);

}  // namespace hebbforge::report
