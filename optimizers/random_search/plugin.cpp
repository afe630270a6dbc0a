#include <algorithm>
#include <array>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/sized_state.hpp>
#include <limits>

namespace {
using namespace hebbforge;

/// Uniform samples in start +- 3 steps, clipped to the bounds: the baseline of every search.
class RandomSearch final : public Optimizer {
 public:
  static constexpr Identity identity{"hebbforge.random_search", "1.0.0", "Uniform samples around the start."};
  static constexpr std::array schema{abi::Parameter{.name = "population",
                                                    .summary = "Candidates per generation.",
                                                    .type = abi::ParameterType::integer,
                                                    .default_value = 14,
                                                    .minimum = 1,
                                                    .maximum = 1e6}};

  explicit RandomSearch(const Config& c) : population_(c.integer("population")) {}
  void begin(const SearchSpace& space) override {
    start_ = space.start;
    lower_ = (start_ - 3 * space.step).cwiseMax(space.lower);
    upper_ = (start_ + 3 * space.step).cwiseMin(space.upper);
    best_ = start_;
    seed_ = space.seed;
  }
  Eigen::Index population_size() const noexcept override { return population_; }
  Eigen::Index parents() const noexcept override { return 1; }
  void ask(MatrixView candidates) override {
    Random random(seed_, "random_search", 0, static_cast<std::int64_t>(generation_));
    for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
      for (Eigen::Index i = 0; i < candidates.rows(); ++i)
        candidates(i, k) = lower_[i] + (upper_[i] - lower_[i]) * random.uniform();
    }
  }
  void tell(ConstMatrixView candidates, const Evaluations& evaluations) override {
    for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
      if (evaluations.loss[k] >= best_loss_) continue;
      best_loss_ = evaluations.loss[k];
      best_ = candidates.col(k);
    }
    ++generation_;
  }
  std::string_view stop() const noexcept override { return ""; }
  void save(StateWriter& out) const override {
    out.integer("generation", generation_);
    out.real("best_loss", best_loss_);
    out.vector("best", view_of(best_));
  }
  void restore(const StateReader& in) override {
    generation_ = in.integer("generation");
    best_loss_ = in.real("best_loss");
    best_ = vector_of(in, "best", start_.size());
  }
  void best(VectorView parameters) const override { parameters = best_; }

 private:
  Eigen::Index population_;
  Eigen::VectorXd start_, lower_, upper_, best_;
  double best_loss_ = std::numeric_limits<double>::infinity();
  std::uint64_t seed_ = 0, generation_ = 0;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(RandomSearch, hebbforge::Optimizer)
