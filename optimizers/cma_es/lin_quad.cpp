#include "lin_quad.hpp"

#include <algorithm>
#include <cmath>

namespace hebbforge::cma_es {

double LinQuad::near_lower() const noexcept {
  return std::min((upper - lower) / 2, (1 + std::abs(lower)) / 20);
}
double LinQuad::near_upper() const noexcept {
  return std::min((upper - lower) / 2, (1 + std::abs(upper)) / 20);
}

double LinQuad::to_phenotype(double g) const noexcept {
  if (!(upper > lower)) return lower;
  const bool has_lower = std::isfinite(lower), has_upper = std::isfinite(upper);
  const double al = has_lower ? near_lower() : 0, au = has_upper ? near_upper() : 0;
  const double low = lower - al, high = upper + au;
  if (has_lower && has_upper && (g < low || g > high)) {
    const double period = 2 * (high - low);
    g = std::fmod(g - low, period);
    if (g < 0) g += period;
    g = low + (g > period / 2 ? period - g : g);
  } else if (has_lower && g < low) {
    g = 2 * low - g;
  } else if (has_upper && g > high) {
    g = 2 * high - g;
  }
  if (has_lower && g < lower + al)
    g = lower + (g - low) * (g - low) / (4 * al);
  else if (has_upper && g > upper - au)
    g = upper - (g - high) * (g - high) / (4 * au);
  return std::clamp(g, lower, upper);  // the parabola's end may miss the bound by a rounding
}

double LinQuad::to_genotype(double x) const noexcept {
  if (!(upper > lower)) return lower;
  if (std::isfinite(lower) && x < lower + near_lower())
    return lower - near_lower() + std::sqrt(4 * near_lower() * (x - lower));
  if (std::isfinite(upper) && x > upper - near_upper())
    return upper + near_upper() - std::sqrt(4 * near_upper() * (upper - x));
  return x;
}

}  // namespace hebbforge::cma_es
