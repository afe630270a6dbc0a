#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/trial_data.hpp>
#include <string>
#include <vector>

#include "weight_target.hpp"

namespace {
using namespace hebbforge;
using namespace hebbforge::weight_target;

constexpr const char *last_trial = "last", *component = "principal_component", *default_inputs = "inputs";

/// 1 - |cos| of the angle between a pathway's weights and a direction of the input file.
class WeightTarget final : public Loss {
 public:
  static constexpr Identity identity{"hebbforge.weight_target", "1.0.0",
                                     "Angle between weights and a direction: 1 - |cosine|."};
  static constexpr std::array schema{
      abi::Parameter{.name = "pathway",
                     .summary = "Whose weights.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "pathway"},
      abi::Parameter{.name = "direction",
                     .summary =
                         "Dataset of shape (presynaptic cells) or (postsynaptic, presynaptic cells); or "
                         "'principal_component', that of 'inputs'.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&component, 1}},
      abi::Parameter{
          .name = "inputs",
          .summary = "Dataset of shape (trials, times, presynaptic cells), for the principal component.",
          .type = abi::ParameterType::text,
          .default_texts = {&default_inputs, 1}},
      abi::Parameter{
          .name = "centred",
          .summary = "Whether the principal component is of the variance about the mean; false: about 0.",
          .type = abi::ParameterType::boolean,
          .default_value = 1},
      abi::Parameter{.name = "signed",
                     .summary = "Whether the opposite direction counts as wrong: 1 - cosine.",
                     .type = abi::ParameterType::boolean},
      abi::Parameter{.name = "trials",
                     .summary = "Trials after which the weights are looked at; the loss is the mean.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&last_trial, 1},
                     .refers_to = "trials"}};

  explicit WeightTarget(const Config& c)
      : pathway_(c.text("pathway")),
        quantity_(pathway_ + ".weight"),
        direction_name_(c.text("direction")),
        inputs_(c.text("inputs")),
        trials_(c.text("trials")),
        centred_(c.boolean("centred")),
        signed_(c.boolean("signed")),
        recordings_{Recording{"weights", quantity_, trials_}} {}
  WeightTarget(const WeightTarget&) = delete;  // the recording refers to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  void begin_life(const LifeContext& life, Random&) override {
    const Eigen::Index pre = life.cells(life.presynaptic(pathway_)),
                       post = life.cells(life.postsynaptic(pathway_));
    if (direction_name_ == component) {
      const TrialData inputs(life, inputs_, 3, 3, "(trials, times, channels)");
      if (inputs.channels() != pre || inputs.trials() * inputs.times() < 2)
        inputs.refuse("has the shape " + inputs.shape_text(),
                      "(trials, times, " + std::to_string(pre) +
                          "), a channel for each presynaptic cell of '" + pathway_ +
                          "', and at least two samples");
      for (std::int64_t row = 0; row < inputs.trials(); ++row) inputs.check_finite(row);
      direction_ = principal_component(life.dataset(inputs_), centred_).transpose();
      return;
    }
    const TrialData given(life, direction_name_, 1, 2,
                          "(presynaptic cells) or (postsynaptic, presynaptic cells)");
    const ConstMatrixView values = life.dataset(direction_name_);
    const bool matrix = values.rows() == post && values.cols() == pre,
               row = values.cols() == 1 && values.rows() == pre;
    if (!matrix && !row)
      given.refuse("has the shape " + given.shape_text(),
                   "(" + std::to_string(pre) + ",) or (" + std::to_string(post) + ", " + std::to_string(pre) +
                       "), as the weights of '" + pathway_ + "'");
    for (std::int64_t k = 0; k < given.trials(); ++k) given.check_finite(k);
    direction_ = matrix ? Eigen::MatrixXd(values) : Eigen::MatrixXd(values.transpose());
    if (direction_.norm() == 0) given.refuse("is 0 everywhere", "a direction");
  }

  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    double sum = 0, count = 0, cosines = 0;
    for (const ConstMatrixView& weights : life.recording("weights")) {
      // One direction for all cells: each cell's weights are compared with it.
      const bool together = direction_.rows() == weights.rows();
      for (Eigen::Index i = 0; i < (together ? 1 : weights.rows()); ++i) {
        const double c = together ? cosine(weights, direction_) : cosine(weights.row(i), direction_.row(0));
        sum += 1 - (signed_ ? c : std::abs(c));
        cosines += c;
        ++count;
      }
    }
    measures.add("cosine", cosines / count);
    return std::max(0.0, sum / count);
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"cosine"};
  std::string pathway_, quantity_, direction_name_, inputs_, trials_;
  bool centred_, signed_;
  std::array<Recording, 1> recordings_;
  Eigen::MatrixXd direction_;  // shape (1, n_pre) or (n_post, n_pre)
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(WeightTarget, hebbforge::Loss)
