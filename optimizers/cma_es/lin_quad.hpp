// How unbounded samples become candidates within bounds.
#pragma once

namespace hebbforge::cma_es {

/// pycma's BoundTransform of one coordinate: identity inside, quadratic near a bound, mirrored beyond it.
struct LinQuad {
  double lower, upper;
  double near_lower() const noexcept;  ///< width of the quadratic part
  double near_upper() const noexcept;
  /// Genotype (unbounded) to phenotype, in [lower, upper].
  double to_phenotype(double genotype) const noexcept;
  /// The genotype inside [lower - near_lower, upper + near_upper].
  double to_genotype(double phenotype) const noexcept;
};

}  // namespace hebbforge::cma_es
