#include <array>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/register.hpp>
#include <map>
#include <string>
#include <vector>

namespace {
using namespace hebbforge;

/// Turnover events from dataset `turnover` of the input file, rows (trial, post, pre, kind) with kind 0:
/// loss, 1: birth; cells count over all populations. Does what the file says, self-synapses included.
class ReplayTurnover final : public Perturbation {
 public:
  static constexpr Identity identity{"hebbforge.replay_turnover", "1.0.0",
                                     "Turnover events from the pipeline's input file."};
  static constexpr std::array schema{
      abi::Parameter{.name = "pathway",
                     .summary = "Pathway whose synapses turn over.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "pathway"},
      abi::Parameter{
          .name = "newborn_weight", .summary = "Weight of a synapse that is born.", .default_value = 0.08}};

  explicit ReplayTurnover(const Config& c)
      : pathway_(c.text("pathway")), newborn_(c.real("newborn_weight")) {}

  void begin_life(const LifeContext& life, Random&) override {
    const ConstMatrixView all = life.dataset("turnover");
    if (all.rows() > 0 && all.cols() != 4)
      throw Error("replay_turnover: turnover needs the columns trial, post, pre, kind");
    const Eigen::Index post = life.first_cell(life.postsynaptic(pathway_)),
                       pre = life.first_cell(life.presynaptic(pathway_));
    for (Eigen::Index k = 0; k < all.rows(); ++k) {
      events_[static_cast<std::int64_t>(all(k, 0))].push_back({static_cast<Eigen::Index>(all(k, 1)) - post,
                                                               static_cast<Eigen::Index>(all(k, 2)) - pre,
                                                               all(k, 3) != 0});
    }
  }

  void before_trial(std::int64_t trial, LifeView& life, Random&) override {
    const auto found = events_.find(trial);
    if (found == events_.end()) return;
    MatrixView w = life.weights(pathway_);
    for (const Event& e : found->second) {
      if (e.post < 0 || e.post >= w.rows() || e.pre < 0 || e.pre >= w.cols()) {
        throw Error("replay_turnover: an event of trial " + std::to_string(trial) +
                    " lies outside of pathway '" + pathway_ + "'");
      }
      w(e.post, e.pre) = e.birth ? newborn_ : 0;
    }
  }

 private:
  struct Event {
    Eigen::Index post, pre;
    bool birth;
  };
  std::string pathway_;
  double newborn_;
  std::map<std::int64_t, std::vector<Event>> events_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(ReplayTurnover, hebbforge::Perturbation)
