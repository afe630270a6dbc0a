#include "host/printable.hpp"

#include <cstdio>

namespace hebbforge {

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t k = 0; k < text.size(); ++k) {
    const auto c = static_cast<unsigned char>(text[k]);
    const auto next = k + 1 < text.size() ? static_cast<unsigned char>(text[k + 1]) : 0u;
    const bool second_set = c == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F, in UTF-8
    if (!second_set && (c >= 0x20 || c == '\n' || c == '\t') && c != 0x7F) {
      out += text[k];
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", second_set ? next : c);
    out += escape;
    k += second_set;
  }
  return out;
}

}  // namespace hebbforge
