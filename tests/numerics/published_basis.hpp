// The published basis of 20 terms and learned values (Bell, Duffy & Fairhall 2024).
#pragma once

#include <array>
#include <hebbforge/config.hpp>
#include <string>
#include <vector>

#include "polynomial.hpp"

namespace hebbforge::test {

inline polynomial::Polynomial polynomial_of(std::vector<std::string> terms) {
  Config config;
  config.set("terms", std::move(terms));
  return polynomial::Polynomial(config);
}

inline polynomial::Polynomial published_basis() {
  return polynomial_of({"1", "y",   "x",   "x y",   "y~",   "x y~",   "x~",   "x~ y",   "y~ y",   "x~ x",
                        "w", "w y", "w x", "w x y", "w y~", "w x y~", "w x~", "w x~ y", "w y~ y", "w x~ x"});
}

/// Mean of five rules learned without turnover: coefficients, then time constants in s.
inline const std::vector<double> published_values{
    0.003861,   0.000454,  0.0010141,  -0.0048481, -0.0008611, -0.0077216, 0.0025308,  0.0179457,
    -0.0087993, 0.0013419, 0.0078902,  0.0040646,  0.0015487,  0.006679,   -0.0031016, 0.0006087,
    0.0025844,  0.0076526, -0.0155187, 0.0046053,  0.0080355,  0.0127063,  0.0046387,  0.0078276,
    0.0123955,  0.0151814, 0.0124482,  0.0115542,  0.0070608,  0.0095421,  0.00166,    0.0138062};

}  // namespace hebbforge::test
