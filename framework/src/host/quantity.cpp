#include <hebbforge/host/quantity.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace hebbforge {
namespace {

struct Unit {
  std::string_view name, si;
  double factor;
};
constexpr std::array<Unit, 13> units{{{"s", "s", 1},
                                      {"ms", "s", 1e-3},
                                      {"us", "s", 1e-6},
                                      {"µs", "s", 1e-6},
                                      {"min", "s", 60},
                                      {"h", "s", 3600},
                                      {"d", "s", 86400},
                                      {"Hz", "Hz", 1},
                                      {"kHz", "Hz", 1e3},
                                      {"B", "B", 1},
                                      {"kB", "B", 1e3},
                                      {"MB", "B", 1e6},
                                      {"GB", "B", 1e9}}};

}  // namespace

std::optional<double> parse_quantity(std::string_view text, std::string_view unit) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty() || rest == unit) return value;
  for (const Unit& known : units) {
    if (known.name != rest || known.si != unit) continue;
    // Dividing by 1000 gives the double that "0.005" gives; multiplying by 0.001 may not.
    return known.factor < 1 ? value / std::round(1 / known.factor) : value * known.factor;
  }
  return std::nullopt;
}

std::string expected_quantity(std::string_view unit) {
  if (unit == "s") return "a number in s, or a text such as \"5 ms\"";
  if (unit == "Hz") return "a number in Hz, or a text such as \"80 Hz\"";
  if (unit == "B") return "a number of bytes, or a text such as \"4 GB\"";
  return "a number";
}

std::string quantity_text(double value, std::string_view unit) {
  char text[48];
  if (unit == "s" && std::abs(value) < 0.5 && value != 0) {
    std::snprintf(text, sizeof text, "%.4g ms", value * 1e3);
  } else if (unit == "1") {
    std::snprintf(text, sizeof text, "%.4g", value);
  } else {
    std::snprintf(text, sizeof text, "%.4g %.*s", value, static_cast<int>(unit.size()), unit.data());
  }
  return text;
}

}  // namespace hebbforge
