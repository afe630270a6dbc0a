// Which combinations of parameters a search pinned down.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace hebbforge {

/// An eigenvector of the search distribution's covariance, of parameters divided by their initial steps.
struct Direction {
  double spread = 0;           ///< standard deviation along it, in initial steps
  Eigen::VectorXd components;  ///< of length 1
};

/// Sorted from stiff (small spread: the loss rises fast along it) to sloppy.
std::vector<Direction> directions_of(const Eigen::MatrixXd& covariance);

/// "0.41 EE.c.x~*y - 0.33 EE.c.w*y~*y + …": the largest components, until they make up 90 % of the square.
std::string direction_text(const Direction& direction, const std::vector<std::string>& names);

}  // namespace hebbforge
