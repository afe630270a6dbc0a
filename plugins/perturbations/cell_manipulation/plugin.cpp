#include <array>
#include <hebbforge/firing_order.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/register.hpp>
#include <string>

namespace {
using namespace hebbforge;

constexpr std::array manipulations{"scale_incoming", "scale_fresh_input", "ablate"};
constexpr std::array selections{"rank", "index", "published"};

/// Acts once in a life, before the first of its trials.
class CellManipulation final : public Perturbation {
 public:
  static constexpr Identity identity{
      "hebbforge.cell_manipulation", "1.0.0",
      "Scales the weights onto one cell or its fresh input, or ablates it, once.",
      "Bell et al., NeurIPS 37 (2024), Fig. 6"};
  static constexpr std::array schema{
      abi::Parameter{.name = "what",
                     .summary = "What happens to the cell.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .choices = {manipulations.data(), manipulations.size()}},
      abi::Parameter{.name = "population",
                     .summary = "Population of the cell.",
                     .type = abi::ParameterType::text,
                     .required = true,
                     .refers_to = "population"},
      abi::Parameter{.name = "pathway",
                     .summary = "Whose weights onto the cell are scaled; none: all.",
                     .type = abi::ParameterType::text,
                     .refers_to = "pathway"},
      abi::Parameter{.name = "selection",
                     .summary = "Whether the cell is given by its place in the sequence or by its index.",
                     .type = abi::ParameterType::text,
                     .default_texts = {selections.data(), 1},
                     .choices = {selections.data(), selections.size()}},
      abi::Parameter{.name = "cell",
                     .summary = "Rank or index of the cell, from 0.",
                     .type = abi::ParameterType::integer,
                     .default_value = 13,
                     .minimum = 0,
                     .maximum = 1e9},
      abi::Parameter{.name = "factor",
                     .summary = "Of weights or of the fresh input.",
                     .default_value = 0.5,
                     .minimum = 0,
                     .maximum = 1e6,
                     .step = 0.1}};

  explicit CellManipulation(const Config& c)
      : what_(c.text("what")),
        population_(c.text("population")),
        pathway_(c.text("pathway")),
        selection_(c.text("selection")),
        quantity_(population_ + ".rate"),
        recording_{"rates", quantity_, "previous"},
        cell_(c.integer("cell")),
        factor_(c.real("factor")) {
    if (!pathway_.empty() && what_ != "scale_incoming")
      throw Error("'pathway' is only for what = \"scale_incoming\"");
  }

  std::span<const Recording> recordings() const noexcept override {
    return {&recording_, selection_ == "index" ? std::size_t{0} : std::size_t{1}};
  }

  void begin_life(const LifeContext& life, Random&) override {
    if (cell_ >= life.cells(population_))
      throw Error("population '" + population_ + "' has no cell " + std::to_string(cell_));
    if (!pathway_.empty() && life.postsynaptic(pathway_) != population_)
      throw Error("pathway '" + pathway_ + "' does not end on population '" + population_ + "'");
  }

  void before_trial(std::int64_t, LifeView& life, Random&) override {
    if (done_) return;
    done_ = true;
    const Eigen::Index cell = chosen(life);
    if (what_ == "scale_fresh_input") {
      life.input_gain(population_)[cell] *= factor_;
      return;
    }
    for (const std::string_view p : life.pathways()) {
      if (what_ == "ablate") {
        silence(life, p, cell);
      } else if (life.postsynaptic(p) == population_ && (pathway_.empty() || p == pathway_)) {
        life.weights(p).row(cell) *= factor_;
      }
    }
  }

 private:
  Eigen::Index chosen(const LifeView& life) const {
    if (selection_ == "index") return cell_;
    const auto rates = life.recording("rates");
    if (rates.empty())
      throw Error(
          "a cell is chosen by its place in the sequence of the trial before, but there is none: "
          "give 'trials', or selection = \"index\"");
    const auto order = firing_order(rates[0]);
    return selection_ == "rank" ? order[static_cast<std::size_t>(cell_)] : rank_of(cell_, order);
  }

  void silence(LifeView& life, std::string_view pathway, Eigen::Index cell) const {
    for (MatrixView m : {life.weights(pathway), life.plastic(pathway)}) {
      if (life.postsynaptic(pathway) == population_) m.row(cell).setZero();
      if (life.presynaptic(pathway) == population_) m.col(cell).setZero();
    }
  }

  std::string what_, population_, pathway_, selection_, quantity_;
  Recording recording_;
  std::int64_t cell_;
  double factor_;
  bool done_ = false;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(CellManipulation, hebbforge::Perturbation)
