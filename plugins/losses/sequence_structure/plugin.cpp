#include <array>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/register.hpp>
#include <hebbforge/sparseness.hpp>
#include <string>
#include <vector>

#include "sequence_structure.hpp"

namespace {
using namespace hebbforge;
using namespace hebbforge::sequence_structure;

constexpr const char* last_trial = "last";
constexpr const char* names[] = {"E", "EE", "EI", "IE"};

/// Measures, not a loss: its value is 0.
class SequenceStructure final : public Loss {
 public:
  static constexpr Identity identity{
      "hebbforge.sequence_structure", "1.0.0",
      "Measures of a sequence and of the weights under it; the loss itself is 0.",
      "Bell et al., NeurIPS 37 (2024), Figs. 2 and 6"};
  static constexpr std::array schema{
      abi::Parameter{.name = "population",
                     .summary = "Whose sequence.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&names[0], 1},
                     .refers_to = "population"},
      abi::Parameter{.name = "recurrent",
                     .summary = "Pathway of the population onto itself.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&names[1], 1},
                     .refers_to = "pathway"},
      abi::Parameter{.name = "onto_inhibition",
                     .summary = "Pathway onto the inhibitory cells.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&names[2], 1},
                     .refers_to = "pathway"},
      abi::Parameter{.name = "inhibition",
                     .summary = "Pathway from the inhibitory cells.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&names[3], 1},
                     .refers_to = "pathway"},
      abi::Parameter{.name = "trials",
                     .summary = "Trials over which measures are averaged.",
                     .type = abi::ParameterType::text,
                     .default_texts = {&last_trial, 1},
                     .refers_to = "trials"},
      abi::Parameter{.name = "order_trial",
                     .summary = "Trial that decides the order of the cells; none: the first of 'trials'.",
                     .type = abi::ParameterType::text,
                     .refers_to = "trials"},
      abi::Parameter{.name = "cell",
                     .summary = "Place in the order of a cell with measures of its own; -1: none.",
                     .type = abi::ParameterType::integer,
                     .default_value = -1,
                     .minimum = -1,
                     .maximum = 1e9}};

  explicit SequenceStructure(const Config& c)
      : population_(c.text("population")),
        rate_(population_ + ".rate"),
        recurrent_(std::string(c.text("recurrent")) + ".weight"),
        onto_inhibition_(std::string(c.text("onto_inhibition")) + ".weight"),
        inhibition_(std::string(c.text("inhibition")) + ".weight"),
        trials_(c.text("trials")),
        order_trial_(c.text("order_trial").empty() ? trials_ : std::string(c.text("order_trial"))),
        cell_(c.integer("cell")),
        recordings_{Recording{"rates", rate_, trials_}, Recording{"order", rate_, order_trial_},
                    Recording{"recurrent", recurrent_, trials_},
                    Recording{"onto_inhibition", onto_inhibition_, trials_},
                    Recording{"inhibition", inhibition_, trials_}} {}

  std::span<const Recording> recordings() const noexcept override { return recordings_; }
  std::span<const std::string_view> measures() const noexcept override {
    return {all_measures.data(), cell_ < 0 ? std::size_t{8} : all_measures.size()};
  }

  void begin_life(const LifeContext& life, Random&) override {
    const auto check = [&](const char* key, std::string_view quantity, bool from, bool to) {
      const std::string_view pathway = quantity.substr(0, quantity.rfind('.'));
      if ((from && life.presynaptic(pathway) != population_) ||
          (to && life.postsynaptic(pathway) != population_))
        throw Error("sequence_structure: '" + std::string(key) + "' is the pathway '" + std::string(pathway) +
                    "', which does not " + (from ? "begin" : "") + (from && to ? " and " : "") +
                    (to ? "end" : "") + " at the population '" + population_ + "'");
    };
    check("recurrent", recurrent_, true, true);
    check("onto_inhibition", onto_inhibition_, true, false);
    check("inhibition", inhibition_, false, true);
    const std::string_view onto(onto_inhibition_), from(inhibition_);
    if (life.postsynaptic(onto.substr(0, onto.rfind('.'))) !=
        life.presynaptic(from.substr(0, from.rfind('.'))))
      throw Error("sequence_structure: 'onto_inhibition' has to end where 'inhibition' begins");
  }

  double evaluate(const LifeView& life, Random&, Measures& measures) const override {
    const auto rates = life.recording("rates"), recurrent = life.recording("recurrent"),
               onto_inhibition = life.recording("onto_inhibition"), inhibition = life.recording("inhibition");
    if (rates.empty()) throw Error("sequence_structure: 'trials' names no trial");
    const ConstMatrixView first = life.recording("order")[0];
    const auto order = firing_order(first);
    // Silent cells come last.
    std::size_t active = order.size();
    while (active > 0 && first.row(order[active - 1]).maxCoeff() <= 0) --active;
    std::array<double, all_measures.size()> mean{};
    for (std::size_t t = 0; t < rates.size(); ++t) {
      const auto now =
          one_trial(life.dt(), rates[t], recurrent[t], onto_inhibition[t], inhibition[t], order, active);
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += now[k] / static_cast<double>(rates.size());
    }
    for (std::size_t k = 0; k < this->measures().size(); ++k) measures.add(all_measures[k], mean[k]);
    return 0;
  }

 private:
  static constexpr std::array<std::string_view, 13> all_measures{
      "active_cells",   "sequence_length", "sparseness",     "peak_amplitude", "duration",
      "feedforward",    "lag_one",         "inhibition",     "cell_amplitude", "cell_duration",
      "cell_peak_time", "cell_excitation", "cell_inhibition"};

  std::array<double, 13> one_trial(double dt, ConstMatrixView rates, ConstMatrixView recurrent,
                                   ConstMatrixView onto_inhibition, ConstMatrixView inhibition,
                                   const std::vector<Eigen::Index>& order, std::size_t active) const {
    std::array<double, 13> m{};
    std::vector<double> amplitudes, durations, peak_times;
    double recurrent_inhibitions = 0;
    for (Eigen::Index i = 0; i < rates.rows(); ++i) {
      const Response r = response_of(rates.row(i), dt);
      recurrent_inhibitions += recurrent_inhibition(onto_inhibition, inhibition, i);
      if (r.amplitude <= 0) continue;
      amplitudes.push_back(r.amplitude);
      durations.push_back(r.duration);
      Eigen::Index peak = 0;
      rates.row(i).maxCoeff(&peak);
      peak_times.push_back(static_cast<double>(peak) * dt);
    }
    const auto n = static_cast<double>(rates.rows());
    m[0] = static_cast<double>(amplitudes.size());
    m[1] = peak_times.empty() ? 0 : std::ranges::max(peak_times) - std::ranges::min(peak_times);
    m[2] = sparseness(Eigen::VectorXd(rates.rowwise().mean()));
    m[3] = middle(amplitudes);
    m[4] = middle(durations);
    m[5] = feedforward_mass(recurrent, order, active);
    m[6] = lag_kernel(recurrent, order, active, 1);
    m[7] = recurrent_inhibitions / n;
    if (cell_ < 0) return m;
    if (cell_ >= rates.rows())
      throw Error("sequence_structure: there is no place " + std::to_string(cell_) + " in a sequence of " +
                  std::to_string(rates.rows()) + " cells");
    const Eigen::Index cell = order[static_cast<std::size_t>(cell_)];
    const Response r = response_of(rates.row(cell), dt);
    Eigen::Index peak = 0;
    rates.row(cell).maxCoeff(&peak);
    m[8] = r.amplitude;
    m[9] = r.duration;
    m[10] = static_cast<double>(peak) * dt;
    m[11] = recurrent.row(cell).sum();
    m[12] = recurrent_inhibition(onto_inhibition, inhibition, cell);
    return m;
  }

  static double middle(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, half);
    return values.size() % 2 == 1 ? *half : 0.5 * (*half + *std::max_element(values.begin(), half));
  }

  std::string population_, rate_, recurrent_, onto_inhibition_, inhibition_, trials_, order_trial_;
  std::int64_t cell_;
  std::array<Recording, 5> recordings_;
};

}  // namespace
HEBBFORGE_EXPORT_PLUGIN(SequenceStructure, hebbforge::Loss)
