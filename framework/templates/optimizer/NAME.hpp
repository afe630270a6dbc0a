// The optimizer @FULL@.
#pragma once

#include <algorithm>
#include <array>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/register.hpp>
#include <limits>

namespace @NAME@_plugin {
using namespace hebbforge;

/// Normal samples around the best point so far. The step grows after a generation with a better point and
/// shrinks after one without (Rechenberg 1973).
class @CLASS@ final : public hebbforge::Optimizer {
 public:
  static constexpr Identity identity{"@FULL@", "1.0.0",
                                     "Normal samples around the best point so far.",
                                     "Rechenberg, Evolutionsstrategie (1973)"};
  static constexpr std::array schema{abi::Parameter{.name = "population",
                                                    .summary = "Candidates per generation.",
                                                    .type = abi::ParameterType::integer,
                                                    .default_value = 8,
                                                    .minimum = 1,
                                                    .maximum = 1e6}};

  explicit @CLASS@(const Config& config) : population_(config.integer("population")) {}
  void begin(const SearchSpace& space) override {
    best_ = space.start;
    lower_ = space.lower;
    upper_ = space.upper;
    step_ = space.step;
    seed_ = space.seed;
  }
  Eigen::Index population_size() const noexcept override { return population_; }
  void ask(MatrixView candidates) override {
    // A stream per generation: all randomness comes from the seed, whatever was restored.
    Random random(seed_, "@FULL@", 0, static_cast<std::int64_t>(generation_));
    for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
      for (Eigen::Index i = 0; i < candidates.rows(); ++i)
        candidates(i, k) = std::clamp(best_[i] + scale_ * step_[i] * random.normal(), lower_[i], upper_[i]);
    }
  }
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override {
    Eigen::Index k = 0;
    const double loss = evaluations.loss.minCoeff(&k);
    const bool better = loss < best_loss_;
    if (better) {
      best_loss_ = loss;
      best_ = candidates.col(k);
    }
    scale_ = std::clamp(scale_ * (better ? 1.5 : 0.85), 1e-12, 10.0);
    ++generation_;
  }
  std::string_view stop() const noexcept override { return ""; }
  void save(StateWriter& out) const override {
    out.integer("generation", generation_);
    out.real("scale", scale_);
    out.real("best_loss", best_loss_);
    out.vector("best", view_of(best_));
  }
  void restore(const StateReader& in) override {
    generation_ = in.integer("generation");
    scale_ = in.real("scale");
    best_loss_ = in.real("best_loss");
    best_ = in.vector("best");
  }
  void best(VectorView parameters) const override { parameters = best_; }

 private:
  Eigen::Index population_;
  Eigen::VectorXd best_, lower_, upper_, step_;
  double scale_ = 1, best_loss_ = std::numeric_limits<double>::infinity();
  std::uint64_t seed_ = 0, generation_ = 0;
};

}  // namespace @NAME@_plugin
