#include <algorithm>
#include <array>
#include <cmath>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/time_window.hpp>
#include <hebbforge/trial_data.hpp>
#include <string>
#include <vector>

#include "separation.hpp"

namespace {
using namespace hebbforge;
using namespace hebbforge::separation;

constexpr const char *excitatory = "E", *default_label = "labels";
constexpr const char* orders[] = {"larger_label", "smaller_label", "either"};

/// 1 - the area under the ROC curve: can a label be told from one number, read from the rates?
class Separation final : public Loss {
 public:
  static constexpr Identity identity{
      "hebbforge.separation", "1.0.0",
      "How badly the rates tell two labels apart: 1 - area under the ROC curve.",
      "Mann & Whitney, Ann. Math. Stat. 18 (1947)"};
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Whose rates are read.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&excitatory, 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "trials",
                     .summary = "Trials that are told apart.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "trials"},
      abi::Parameter{.name = "label",
                     .summary = "Signal of the stimulus with two values, one for each trial.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&default_label, 1}},
      abi::Parameter{.name = "higher",
                     .summary = "Trials of which label are to have the higher readout.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&orders[0], 1},
                     .choices = {orders, 3}},
      TimeWindow::parameter,
      abi::Parameter{.name = "projection",
                     .summary =
                         "Dataset of shape (cells) with the weight of each cell in the readout; none: the "
                         "mean over cells.",
                     .type = abi::ParameterType::text}};

  explicit Separation(const Config& c)
      : quantity_(std::string(c.text("population")) + ".rate"),
        population_(c.text("population")),
        trials_(c.text("trials")),
        label_(c.text("label")),
        higher_(c.text("higher")),
        projection_name_(c.text("projection")),
        window_(c),
        recordings_{Recording{"rates", quantity_, trials_}} {}
  Separation(const Separation&) = delete;  // the recording refers to the texts
  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override { return all_measures; }

  void begin_life(const LifeContext& life, Random&) override {
    window_.begin_life(life, trials_);
    read_labels(life);
    const Eigen::Index cells = life.cells(population_);
    projection_ = Eigen::VectorXd::Constant(cells, 1 / static_cast<double>(cells));
    if (projection_name_.empty()) return;
    const TrialData given(life, projection_name_, 1, 1, "(cells)");
    if (given.trials() != cells)
      given.refuse("has the shape " + given.shape_text(),
                   std::to_string(cells) + " numbers, one for each cell of '" + population_ + "'");
    for (Eigen::Index i = 0; i < cells; ++i) given.check_finite(i);
    projection_ = life.dataset(projection_name_).col(0);
  }

  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    std::vector<double> lower, upper;
    const auto rates = life.recording("rates");
    for (std::size_t k = 0; k < rates.size(); ++k) {
      const double readout = projection_.dot(window_.of(rates[k]).rowwise().mean());
      (labels_[k] == greatest_ ? upper : lower).push_back(readout);
    }
    const double auc = area_under_curve(lower, upper);
    const double right = higher_ == orders[0] ? auc : higher_ == orders[1] ? 1 - auc : std::max(auc, 1 - auc);
    measures.add("auc", right);
    return 1 - right;
  }

 private:
  static constexpr std::array<std::string_view, 1> all_measures{"auc"};

  void read_labels(const LifeContext& life) {
    labels_.clear();
    for (const std::int64_t trial : life.trials_named(trials_)) {
      const ConstMatrixView label = life.signal(label_, trial);
      if (label.size() != 1 || !std::isfinite(label(0, 0)))
        throw Error("the signal '" + label_ + "' is no label: it needs one number for each trial, trial " +
                    std::to_string(trial) + " of the life has " +
                    (label.size() == 1 ? "none" : std::to_string(label.size())));
      labels_.push_back(label(0, 0));
    }
    std::vector<double> values = labels_;
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() != 2)
      throw Error("the signal '" + label_ + "' has " + std::to_string(values.size()) +
                  (values.size() == 1 ? " value" : " different values") + " in the trials '" + trials_ +
                  "'; expected two, one of each class");
    greatest_ = values[1];
  }

  std::string quantity_, population_, trials_, label_, higher_, projection_name_;
  TimeWindow window_;
  std::array<Recording, 1> recordings_;
  std::vector<double> labels_;
  double greatest_ = 0;
  Eigen::VectorXd projection_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(Separation, hebbforge::Loss)
