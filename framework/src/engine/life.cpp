#include <algorithm>
#include <cmath>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <map>
#include <optional>

#include "engine/plasticity.hpp"
#include "engine/population_kernel.hpp"
#include "engine/spike_filter.hpp"

namespace hebbforge {

const char* name_of(LifeEnd end) noexcept {
  switch (end) {
    case LifeEnd::healthy:
      return "healthy";
    case LifeEnd::not_finite:
      return "a rate became NaN or infinite";
    case LifeEnd::runaway:
      return "a weight ran away beyond 100";
    case LifeEnd::dead:
      return "all weights of a pathway died";
    case LifeEnd::bad_loss:
      return "a loss is not finite";
    case LifeEnd::cancelled:
      return "cancelled";
    case LifeEnd::plugin_failed:
      return "a plugin failed";
    case LifeEnd::unfinished:
      return "not run: out of the race";
    case LifeEnd::crashed:
      return "a plugin crashed";
    case LifeEnd::exited:
      return "a plugin ended the process";
    case LifeEnd::timed_out:
      return "beyond the time limit";
    case LifeEnd::out_of_memory:
      return "beyond the memory limit";
  }
  return "";
}

bool is_broken(LifeEnd end) noexcept {
  return end == LifeEnd::plugin_failed || (end >= LifeEnd::crashed && end <= LifeEnd::out_of_memory);
}

namespace {
using namespace engine;

constexpr double runaway_weight = 100, dead_weight = 1.5e-6;  // experiments of Bell et al.: blow-up checks

/// A recording that a part asked for, resolved.
struct ResolvedRecording {
  std::string name;
  std::vector<std::int64_t> trials;
  Eigen::Index first_row = 0, rows = 0;  ///< of all cells, if of rates
  int weight_pathway = -1;               ///< else: index of the pathway
  std::int64_t stride = 1;
  std::vector<ConstMatrixView> views;  ///< filled when the life is over, or before each trial

  /// \param all  rates of all cells
  ConstMatrixView rates_of(const Eigen::MatrixXd& all) const {
    return {all.data() + first_row, rows, (all.cols() + stride - 1) / stride,
            Eigen::OuterStride<>(all.rows() * stride)};
  }
};
using Recordings = std::vector<ResolvedRecording>;

constexpr std::string_view previous_trial = "previous";

struct OutOfMemory final : std::bad_alloc {
  explicit OutOfMemory(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

// Names the table whose part throws.
template <class Function>
auto said_by(const char* kind, const std::string& name, Function&& function) {
  const auto sentence = [&](const char* text) { return std::string(kind) + " '" + name + "': " + text; };
  try {
    return function();
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(sentence("out of memory"));
  } catch (const std::exception& error) {
    throw Error(sentence(error.what()));
  } catch (...) {
    throw Error(sentence("threw an object that is not a std::exception"));
  }
}

/// A population's cells.
struct Cells {
  PaddedMatrix vectors;              ///< columns: input, and rates in turn
  PaddedMatrix state;                ///< (cells, states)
  PaddedMatrix drive, frozen_drive;  ///< (cells, steps); frozen: the same in every trial
  std::vector<std::int32_t> active;  ///< two lists in turn
  CellRates rates;

  Cells(Eigen::Index n, Eigen::Index states)
      : vectors(n, 3), state(n, states), active(2 * static_cast<std::size_t>(n)) {
    rates = {vectors.col(1), vectors.col(2), active.data(), active.data() + n, 0, 0};
  }
  void reset() noexcept {
    state.fill(0);
    vectors.fill(0);
    rates.active_count = rates.active_count_before = 0;
  }
  /// What came after the last step is before the next.
  void turn() noexcept {
    std::swap(rates.before, rates.after);
    std::swap(rates.active_before, rates.active);
    std::swap(rates.active_count_before, rates.active_count);
  }
};

class Life;

/// The life as one part sees it: recordings carry the part's own names.
class PartView final : public LifeView {
 public:
  PartView(Life& life, const Recordings* recordings) : life_(life), recordings_(recordings) {}
  double dt() const noexcept override;
  std::int64_t network() const noexcept override;
  std::int64_t trials() const noexcept override;
  std::int64_t steps(std::int64_t trial) const override;
  std::span<const std::string_view> populations() const noexcept override;
  Eigen::Index cells(std::string_view population) const override;
  Eigen::Index first_cell(std::string_view population) const override;
  std::span<const std::string_view> pathways() const noexcept override;
  std::string_view presynaptic(std::string_view pathway) const override;
  std::string_view postsynaptic(std::string_view pathway) const override;
  ConstMatrixView dataset(std::string_view name) const override;
  bool has_dataset(std::string_view name) const noexcept override;
  std::span<const std::int64_t> dataset_shape(std::string_view name) const override;
  std::string_view input_file() const noexcept override;
  std::span<const std::int64_t> trials_named(std::string_view text) const override;
  ConstMatrixView signal(std::string_view name, std::int64_t trial) const override;
  MatrixView weights(std::string_view pathway) override;
  MatrixView plastic(std::string_view pathway) override;
  VectorView input_gain(std::string_view population) override;
  std::span<const ConstMatrixView> recording(std::string_view name) const override;
  ConstVectorView effects(std::string_view pathway) const override;
  bool has_rule(std::string_view pathway) const override;

 private:
  Life& life_;
  const Recordings* recordings_;
};

class MeasureList final : public Measures {
 public:
  MeasureList(const std::string& loss, std::vector<std::pair<std::string, double>>& out)
      : loss_(loss), out_(out) {}
  void add(std::string_view name, double value) override {
    out_.emplace_back(loss_ + "." + std::string(name), value);
  }

 private:
  std::string loss_;
  std::vector<std::pair<std::string, double>>& out_;
};

/// Everything of one life. Built, run, scored; then thrown away.
class Life {
 public:
  Life(const Pipeline& pipeline, const LifeOptions& options)
      : pipeline_(pipeline), input_(pipeline.input.get()), options_(options) {
    for (const PopulationSpec& spec : pipeline.populations) {
      population_names_.push_back(spec.name);
      first_cell_.push_back(cells_);
      cells_ += spec.size;
      neurons_.push_back(spec.neuron.plugin->create<Neuron>(spec.neuron.config));
      cells_of_.emplace_back(spec.size, std::max<Eigen::Index>(1, neurons_.back()->states()));
      gains_.emplace_back(Eigen::VectorXd::Ones(spec.size));
    }
    make_pathways();
    make_parts();
    make_steps();
  }

  LifeResult run() {
    LifeResult result;
    result.losses.assign(pipeline_.losses.size(), std::nan(""));
    if (options_.record) begin_record();
    std::int64_t trial = 0;
    for (std::size_t p = 0; p < pipeline_.phases.size() && result.end == LifeEnd::healthy; ++p) {
      const PhaseSpec& phase = pipeline_.phases[p];
      begin_phase(p);
      for (std::int64_t k = 0; k < phase.trials && result.end == LifeEnd::healthy; ++k, ++trial) {
        if (options_.cancel && options_.cancel->load(std::memory_order_relaxed)) {
          result.end = LifeEnd::cancelled;
          break;
        }
        run_trial(phase, trial);
        result.end = failure();
        if (result.end == LifeEnd::healthy) result.trials_survived = trial + 1;
        if (options_.record) record_trial(trial);
      }
    }
    result.effects = effects_;
    if (result.end == LifeEnd::healthy) score(result);
    return result;
  }

  // Of texts that name trials; what is returned stays where it is.
  const std::vector<std::int64_t>& trials_named(std::string_view text) {
    auto found = named_trials_.find(text);
    if (found == named_trials_.end())
      found = named_trials_.emplace(std::string(text), recorded_trials(text)).first;
    return found->second;
  }

  // A signal that the stimulus of a trial has: (k, steps) or (k, 1).
  ConstMatrixView signal(std::string_view name, std::int64_t trial) {
    std::int64_t first = 0;
    for (std::size_t p = 0; p < stimuli_.size(); ++p) {
      const PhaseSpec& phase = pipeline_.phases[p];
      if (trial < first + phase.trials && trial >= 0) {
        return said_by("phase", phase.name, [&] {
          const ConstMatrixView values = stimuli_[p]->signal(name, trial);
          if (values.rows() < 1 || (values.cols() != 1 && values.cols() != phase.steps))
            throw Error("its stimulus gave the signal '" + std::string(name) +
                        "' another shape than (k, steps) or (k, 1)");
          return values;
        });
      }
      first += phase.trials;
    }
    throw Error("there is no trial " + std::to_string(trial));
  }

  // What PartView hands on.
  const Pipeline& pipeline_;
  const DatasetFile* input_;
  const LifeOptions& options_;
  Eigen::Index cells_ = 0;
  std::vector<Eigen::Index> first_cell_;
  std::vector<Cells> cells_of_;  ///< the populations
  std::vector<PathwayState> pathways_;
  std::vector<std::string_view> population_names_, pathway_names_;
  std::vector<Eigen::VectorXd> gains_, effects_;

 private:
  PartView view_{*this, nullptr};  // parts may keep a pointer to it for the whole life

  Random random(std::uint64_t seed, const std::string& purpose, std::int64_t trial = -1) const {
    const auto set = static_cast<std::uint64_t>(options_.set);
    return {seed, purpose, set << 32 | static_cast<std::uint64_t>(options_.network), trial};
  }

  void make_pathways() {
    for (const PathwaySpec& spec : pipeline_.pathways) {
      const auto from = pipeline_.population_index(spec.from), to = pipeline_.population_index(spec.to);
      pathway_names_.push_back(spec.name);
      from_.push_back(from);
      to_.push_back(to);
      const Eigen::Index pre = pipeline_.populations[from].size, post = pipeline_.populations[to].size;
      PathwayState& s = pathways_.emplace_back();
      s.weights = PaddedMatrix(post, pre);
      s.plastic = PaddedMatrix(post, pre);
      s.mask = PaddedMatrix(post, pre);
      s.absent_below = spec.absent_below;
      s.floor = spec.floor;
      s.rate_scale = spec.rate_scale;
      s.trace_scale = spec.trace_scale;
      s.learning_rate = spec.learning_rate;
      s.dale = spec.dale;
      s.non_negative = neurons_[from]->non_negative() && neurons_[to]->non_negative();
      draw_weights(spec, s, from, to);
      effects_.emplace_back(spec.rule ? Eigen::VectorXd::Zero(std::max<Eigen::Index>(
                                            1, static_cast<Eigen::Index>(spec.rule->basis->terms().size())))
                                      : Eigen::VectorXd());
    }
  }

  void draw_weights(const PathwaySpec& spec, PathwayState& s, std::size_t from, std::size_t to) {
    const Eigen::Index post = s.weights.rows(), pre = s.weights.cols();
    const WeightSpec& w = spec.weights;
    if (w.distribution == WeightSpec::Distribution::input) {
      const auto block = [&](const std::string& name) {
        if (!input_)
          throw Error("pathway '" + spec.name +
                      "' takes its weights from the input, but no input file is given");
        const Eigen::MatrixXd& all = input_->matrix(name);
        if (all.rows() != cells_ || all.cols() != cells_) {
          throw Error("dataset '" + name + "' of the input has another shape than (cells, cells) = (" +
                      std::to_string(cells_) + ", " + std::to_string(cells_) + ")");
        }
        return Eigen::MatrixXd(all.block(first_cell_[to], first_cell_[from], post, pre));
      };
      s.weights.view() = block(w.dataset);
      s.plastic.view() = w.plastic.empty() ? Eigen::MatrixXd((s.weights.view().array() != 0).cast<double>())
                                           : block(w.plastic);
      return;
    }
    Random stream = random(pipeline_.seeds.networks, "weights " + spec.name);
    for (Eigen::Index j = 0; j < pre; ++j) {
      for (Eigen::Index i = 0; i < post; ++i) {
        // The same draws per synapse whatever the probability, so that densities stay paired.
        const bool exists = stream.uniform() < spec.probability;
        double value = w.value;
        if (w.distribution == WeightSpec::Distribution::uniform)
          value = w.low + (w.high - w.low) * stream.uniform();
        if (w.distribution == WeightSpec::Distribution::normal) {
          value = w.mean + w.sd * stream.normal();
          if (value * w.mean < 0) value = 0;
        }
        const bool self = from == to && i == j && !spec.self_connections;
        s.weights(i, j) = exists && !self ? value : 0;
        s.plastic(i, j) = s.weights(i, j) != 0 ? 1 : 0;
      }
    }
  }

  void make_parts() {
    for (const ConstraintSpec& spec : pipeline_.constraints) {
      constraints_.push_back(spec.choice.plugin->create<Constraint>(spec.choice.config));
      pathways_[pipeline_.pathway_index(spec.pathway)].constraints.push_back(constraints_.back());
    }
    for (std::size_t p = 0; p < pathways_.size(); ++p) {
      const PathwaySpec& spec = pipeline_.pathways[p];
      plasticity_.push_back(nullptr);
      if (!spec.rule) continue;
      GlobalSignals globals;
      for (const Signal& signal : spec.rule->basis->signals()) {
        if (signal.side != Side::global) continue;
        globals.push_back(view_.dataset(signal.name));
        if (globals.back().size() == 0 || view_.dataset_shape(signal.name).size() > 2)
          throw Error(
              "pathway '" + spec.name + "': dataset '" + std::string(signal.name) +
              "' is a signal of its rule and needs the shape (trials, steps), (trials, 1) or (trials)");
      }
      plasticity_.back() = make_plasticity(
          *spec.rule->basis, spec.rule->values, pipeline_.dt, pathways_[p], std::move(globals),
          options_.reference_kernel ? KernelChoice::reference : KernelChoice::fused);
    }
    for (const PerturbationSpec& spec : pipeline_.perturbations) {
      perturbations_.push_back(spec.choice.plugin->create<Perturbation>(spec.choice.config));
    }
    for (const LossSpec& spec : pipeline_.losses)
      losses_.push_back(spec.choice.plugin->create<Loss>(spec.choice.config));
    for (const PhaseSpec& spec : pipeline_.phases)
      stimuli_.push_back(spec.stimulus.plugin->create<Stimulus>(spec.stimulus.config));

    PartView& view = view_;
    std::int64_t first_trial = 0;
    for (std::size_t k = 0; k < stimuli_.size(); ++k) {
      const PhaseSpec& phase = pipeline_.phases[k];
      Random stream = random(pipeline_.seeds.inputs, "stimulus " + phase.frozen_input);
      said_by("phase", phase.name, [&] {
        stimuli_[k]->begin_life(view, stream);
        stimuli_[k]->begin_phase(first_trial, phase.trials);
      });
      first_trial += phase.trials;
    }
    for (std::size_t k = 0; k < constraints_.size(); ++k) {
      Random stream = random(pipeline_.seeds.perturbations, "constraint " + pipeline_.constraints[k].name);
      said_by("constraint", pipeline_.constraints[k].name,
              [&] { constraints_[k]->begin_life(view, stream); });
    }
    for (std::size_t k = 0; k < perturbations_.size(); ++k) {
      Random stream =
          random(pipeline_.seeds.perturbations, "perturbation " + pipeline_.perturbations[k].name);
      said_by("perturbation", pipeline_.perturbations[k].name,
              [&] { perturbations_[k]->begin_life(view, stream); });
    }
    for (std::size_t k = 0; k < losses_.size(); ++k) {
      Random stream = random(pipeline_.seeds.inputs, "loss " + pipeline_.losses[k].name);
      said_by("loss", pipeline_.losses[k].name, [&] { losses_[k]->begin_life(view, stream); });
    }
    resolve_recordings();
  }

  std::vector<std::int64_t> recorded_trials(std::string_view text) const {
    const auto dot = text.find('.');
    if (dot != std::string_view::npos) {
      for (std::size_t k = 0; k < losses_.size(); ++k) {
        if (pipeline_.losses[k].name != text.substr(0, dot)) continue;
        for (const Recording& r : losses_[k]->recordings()) {
          if (r.name == text.substr(dot + 1)) return hebbforge::trials_named(pipeline_.phases, r.trials);
        }
        throw Error("loss '" + pipeline_.losses[k].name + "' has no recording '" +
                    std::string(text.substr(dot + 1)) + "'");
      }
    }
    return hebbforge::trials_named(pipeline_.phases, text);
  }

  ResolvedRecording resolved(const Recording& r) const {
    ResolvedRecording resolved;
    resolved.name = r.name;
    resolved.stride = std::max<std::int64_t>(1, r.stride);
    const std::string_view quantity = r.quantity;
    if (quantity == "rate") {
      resolved.rows = cells_;
    } else if (quantity.ends_with(".rate")) {
      const auto p = pipeline_.population_index(quantity.substr(0, quantity.size() - 5));
      resolved.first_row = first_cell_[p];
      resolved.rows = pipeline_.populations[p].size;
    } else if (quantity.ends_with(".weight")) {
      resolved.weight_pathway =
          static_cast<int>(pipeline_.pathway_index(quantity.substr(0, quantity.size() - 7)));
    } else {
      throw Error("nothing can be recorded as '" + std::string(quantity) +
                  "'; there are POPULATION.rate, rate, PATHWAY.weight");
    }
    return resolved;
  }

  Recordings of_previous_trial(const LifePart& part) const {
    Recordings all;
    for (const Recording& r : part.recordings()) {
      all.push_back(resolved(r));
      if (r.trials != previous_trial || all.back().weight_pathway >= 0)
        throw Error("recording '" + std::string(r.name) + "': between trials only the rates of '" +
                    std::string(previous_trial) + "', the trial before, can be seen");
    }
    return all;
  }

  void resolve_recordings() {
    recordings_.resize(losses_.size());
    for (std::size_t k = 0; k < losses_.size(); ++k) {
      for (const Recording& r : losses_[k]->recordings()) {
        ResolvedRecording& recording = recordings_[k].emplace_back(resolved(r));
        recording.trials = recorded_trials(r.trials);
        for (const std::int64_t t : recording.trials) {
          if (recording.weight_pathway < 0)
            rate_records_[t];
          else
            weight_records_[{recording.weight_pathway, t}];
        }
      }
    }
    asked_for_.assign(static_cast<std::size_t>(pipeline_.trials()) + 1, false);
    for (const auto& constraint : constraints_) {
      if (!constraint_recordings_.emplace_back(of_previous_trial(*constraint)).empty())
        asked_for_.assign(asked_for_.size(), true);
    }
    for (std::size_t k = 0; k < perturbations_.size(); ++k) {
      if (perturbation_recordings_.emplace_back(of_previous_trial(*perturbations_[k])).empty()) continue;
      for (const std::int64_t t : pipeline_.perturbations[k].trials)
        asked_for_[static_cast<std::size_t>(t)] = true;
    }
  }

  // What the kernels need to know of each population; plasticity may have given pathways a place for frozen
  // weights, hence after make_parts().
  void make_steps() {
    for (std::size_t p = 0; p < cells_of_.size(); ++p) {
      Cells& c = cells_of_[p];
      PopulationStep& step = steps_.emplace_back();
      step.rates = &c.rates;
      step.cells = static_cast<std::size_t>(c.state.rows());
      step.input = c.vectors.col(0);
      step.state = c.state.data();
      if (const auto cells = neurons_[p]->threshold_linear(); cells && neurons_[p]->states() == 1) {
        step.threshold_linear = true;
        step.part = pipeline_.dt / cells->tau;
        step.threshold = cells->threshold;
        step.gain = cells->gain;
      }
      for (std::size_t k = 0; k < pathways_.size(); ++k) {
        if (to_[k] != p) continue;
        const PathwayState& s = pathways_[k];
        step.incoming.push_back({.from = &cells_of_[from_[k]].rates,
                                 .weights = s.weights.data(),
                                 .frozen = s.frozen.data(),
                                 .pitch = static_cast<std::size_t>(s.weights.pitch()),
                                 .any_frozen = &s.any_frozen,
                                 .in_blocks = &s.in_blocks,
                                 .blocks = &s.blocks.view(),
                                 .frozen_blocks = &s.frozen_blocks.view()});
      }
    }
  }

  void begin_phase(std::size_t p) {
    const PhaseSpec& phase = pipeline_.phases[p];
    for (std::size_t q = 0; q < cells_of_.size(); ++q) {
      cells_of_[q].drive = PaddedMatrix(cells_of_[q].state.rows(), phase.steps);
      cells_of_[q].frozen_drive = PaddedMatrix(cells_of_[q].state.rows(), phase.steps);
    }
    frozen_known_ = false;
    filters_.assign(pipeline_.populations.size(), std::nullopt);
    stimulus_ = stimuli_[p].get();
  }

  void make_drive(const PhaseSpec& phase, std::int64_t trial) {
    for (std::size_t p = 0; p < pipeline_.populations.size(); ++p) {
      const std::string& name = pipeline_.populations[p].name;
      Random stream = random(pipeline_.seeds.inputs, "input " + phase.name + " " + name, trial);
      const Input input = said_by("stimulus of phase", phase.name, [&] {
        return stimulus_->input(trial, name, view_of(std::as_const(gains_[p])), stream);
      });
      const bool spikes = !input.frozen.empty() || !input.fresh.empty();
      if (spikes && !(filters_[p] && filters_[p]->matches(input, phase.steps))) {
        filters_[p].emplace(input.kernel, input.tau, input.cut, input.amplitude, pipeline_.dt, phase.steps);
        frozen_known_ = false;
      }
      PaddedMatrix &drive = cells_of_[p].drive, &frozen = cells_of_[p].frozen_drive;
      if (!frozen_known_) {
        frozen.fill(0);
        if (spikes) filters_[p]->add(input.frozen, frozen.view());
      }
      std::copy_n(frozen.data(), frozen.pitch() * frozen.cols(), drive.data());
      if (spikes) filters_[p]->add(input.fresh, drive.view());
      if (input.drive.size() > 0) {
        if (input.drive.rows() != pipeline_.populations[p].size || input.drive.cols() != phase.steps) {
          throw Error("the stimulus of phase '" + phase.name +
                      "' gave a drive of another shape than (cells, steps)");
        }
        drive.view() += input.drive;
      }
    }
    frozen_known_ = true;
  }

  // Rates of all cells of all populations, in order.
  template <class Column>
  void copy_rates(Column&& out) const {
    for (std::size_t p = 0; p < cells_of_.size(); ++p) {
      const Cells& c = cells_of_[p];
      out.segment(first_cell_[p], c.state.rows()) = ConstVectorView(c.rates.after, c.state.rows());
    }
  }

  // The life as a part sees it that acts before a trial.
  PartView between_trials(Recordings& recordings) {
    for (ResolvedRecording& r : recordings) {
      r.views.clear();
      if (previous_) r.views.push_back(r.rates_of(*previous_));
    }
    return {*this, &recordings};
  }

  void run_trial(const PhaseSpec& phase, std::int64_t trial) {
    for (std::size_t k = 0; k < perturbations_.size(); ++k) {
      const PerturbationSpec& spec = pipeline_.perturbations[k];
      const bool even = options_.network % 2 == 0;
      if ((spec.networks == NetworkSubset::even && !even) || (spec.networks == NetworkSubset::odd && even))
        continue;
      if (!std::ranges::binary_search(spec.trials, trial)) continue;
      Random stream = random(pipeline_.seeds.perturbations, "perturbation " + spec.name, trial);
      PartView view = between_trials(perturbation_recordings_[k]);
      said_by("perturbation", spec.name, [&] { perturbations_[k]->before_trial(trial, view, stream); });
    }
    for (std::size_t k = 0; k < constraints_.size(); ++k) {
      const PartView view = between_trials(constraint_recordings_[k]);
      const ConstraintSpec& spec = pipeline_.constraints[k];
      said_by("constraint", spec.name, [&] { constraints_[k]->before_trial(trial, spec.pathway, view); });
    }
    if (options_.record) {
      options_.record->last_weights = all_weights(false);
      options_.record->last_plastic = all_weights(true);
    }
    make_drive(phase, trial);
    for (Cells& c : cells_of_) {
      if (phase.reset) c.reset();
    }
    for (std::size_t p = 0; p < pathways_.size(); ++p) {
      if (!plasticity_[p] || !phase.plasticity) {
        if (!options_.reference_kernel) pathways_[p].begin_fixed_trial();
        continue;
      }
      pathways_[p].begin_trial();
      plasticity_[p]->begin_trial(trial, phase.reset);
    }
    const auto kept = rate_records_.find(trial);
    Eigen::MatrixXd* record = kept != rate_records_.end()                       ? &kept->second
                              : asked_for_[static_cast<std::size_t>(trial) + 1] ? &rates_asked_for_
                                                                                : nullptr;
    previous_ = record;
    if (record) *record = Eigen::MatrixXd::Zero(cells_, phase.steps);
    if (record) copy_rates(record->col(0));
    if (options_.record) record_step(0, phase.steps);
    for (std::int64_t i = 0; i + 1 < phase.steps; ++i) {
      step(phase, i);
      if (record) copy_rates(record->col(i + 1));
      if (options_.record) record_step(i + 1, phase.steps);
    }
    for (std::size_t p = 0; p < pathways_.size(); ++p) {
      if (plasticity_[p] && phase.plasticity) plasticity_[p]->end_trial(effects_[p]);
    }
    for (auto& [key, matrix] : weight_records_) {
      if (key.second == trial) matrix = pathways_[static_cast<std::size_t>(key.first)].weights.view();
    }
  }

  // The order of updates of the published model: v = u + W r, the neurons, then the rules, which see the
  // rates after the step, traces that took in the rates before it, and the weights before it.
  void step(const PhaseSpec& phase, std::int64_t i) {
    for (Cells& c : cells_of_) c.turn();
    for (std::size_t p = 0; p < cells_of_.size(); ++p) {
      Cells& c = cells_of_[p];
      step_population(steps_[p], c.drive.col(i));
      if (steps_[p].threshold_linear) continue;
      const Eigen::Index n = c.state.rows();
      std::copy_n(c.rates.before, n, c.rates.after);
      said_by("neuron of population", pipeline_.populations[p].name, [&] {
        neurons_[p]->step({pipeline_.dt, ConstVectorView(steps_[p].input, n), c.state.view(),
                           VectorView(c.rates.after, n)});
      });
      list_active_cells(c.rates, steps_[p].cells);
    }
    if (!phase.plasticity) return;
    for (std::size_t k = 0; k < pathways_.size(); ++k) {
      if (!plasticity_[k]) continue;
      said_by("rule or constraints of pathway", pipeline_.pathways[k].name,
              [&] { plasticity_[k]->step(i, cells_of_[from_[k]].rates, cells_of_[to_[k]].rates); });
    }
  }

  LifeEnd failure() const {
    for (const Cells& c : cells_of_) {
      if (!ConstVectorView(c.rates.after, c.state.rows()).allFinite()) return LifeEnd::not_finite;
      if (!c.state.view().allFinite()) return LifeEnd::not_finite;
    }
    for (std::size_t p = 0; p < pathways_.size(); ++p) {
      const auto w = std::as_const(pathways_[p].weights).view();
      if (!w.allFinite()) return LifeEnd::not_finite;
      if (w.size() == 0) continue;
      const double largest = w.cwiseAbs().maxCoeff();
      if (largest > runaway_weight) return LifeEnd::runaway;
      if (pipeline_.pathways[p].must_live && largest < dead_weight) return LifeEnd::dead;
    }
    return LifeEnd::healthy;
  }

  void score(LifeResult& result) {
    for (std::size_t k = 0; k < losses_.size(); ++k) {
      for (ResolvedRecording& r : recordings_[k]) {
        for (const std::int64_t t : r.trials) {
          if (r.weight_pathway >= 0) {
            r.views.push_back(view_of(std::as_const(weight_records_[{r.weight_pathway, t}])));
          } else {
            r.views.push_back(r.rates_of(rate_records_[t]));
          }
        }
      }
      PartView view(*this, &recordings_[k]);
      Random stream = random(pipeline_.seeds.inputs, "loss times " + pipeline_.losses[k].name);
      MeasureList measures(pipeline_.losses[k].name, result.measures);
      const double value = pipeline_.losses[k].weight * said_by("loss", pipeline_.losses[k].name, [&] {
                             return losses_[k]->evaluate(view, stream, measures);
                           });
      if (!std::isfinite(value)) result.end = LifeEnd::bad_loss;
      result.losses[k] = value;
    }
  }

  Eigen::MatrixXd all_weights(bool plastic) const {
    Eigen::MatrixXd all = Eigen::MatrixXd::Zero(cells_, cells_);
    for (std::size_t p = 0; p < pathways_.size(); ++p) {
      const PaddedMatrix& m = plastic ? pathways_[p].plastic : pathways_[p].weights;
      all.block(first_cell_[to_[p]], first_cell_[from_[p]], m.rows(), m.cols()) += m.view();
    }
    return all;
  }
  void begin_record() {
    options_.record->initial_weights = all_weights(false);
    options_.record->plastic = all_weights(true);
    options_.record->kept_rates.assign(options_.record->kept_trials.size(), {});
  }
  void record_step(std::int64_t i, std::int64_t steps) {
    LifeRecord& r = *options_.record;
    if (i == 0) r.rates = r.states = Eigen::MatrixXd::Zero(cells_, steps);
    copy_rates(r.rates.col(i));
    for (std::size_t p = 0; p < cells_of_.size(); ++p) {
      const PaddedMatrix& state = cells_of_[p].state;
      r.states.col(i).segment(first_cell_[p], state.rows()) = state.view().col(0);
    }
  }
  void record_trial(std::int64_t trial) {
    LifeRecord& r = *options_.record;
    if (trial == 0) r.first_weights = all_weights(false);
    r.final_weights = all_weights(false);
    for (std::size_t k = 0; k < r.kept_trials.size(); ++k) {
      if (r.kept_trials[k] == trial) r.kept_rates[k] = r.rates;
    }
    r.drive.resize(cells_, r.rates.cols());
    for (std::size_t p = 0; p < cells_of_.size(); ++p)
      r.drive.middleRows(first_cell_[p], cells_of_[p].drive.rows()) =
          std::as_const(cells_of_[p].drive).view();
    if (trial != 0 && trial != 9 && (trial + 1) % 100 != 0) return;
    r.checkpoints.conservativeResize(r.checkpoints.rows() + 1, 3);
    r.checkpoints.row(r.checkpoints.rows() - 1) << static_cast<double>(trial),
        r.final_weights.cwiseAbs().sum(), r.rates.sum();
  }

  std::vector<std::shared_ptr<Neuron>> neurons_;
  std::vector<PopulationStep> steps_;  ///< of the populations
  std::vector<std::size_t> from_, to_;
  std::vector<std::unique_ptr<Plasticity>> plasticity_;
  std::vector<std::shared_ptr<Constraint>> constraints_;
  std::vector<std::shared_ptr<Perturbation>> perturbations_;
  std::vector<std::shared_ptr<Loss>> losses_;
  std::vector<std::shared_ptr<Stimulus>> stimuli_;
  Stimulus* stimulus_ = nullptr;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> named_trials_;
  std::vector<Recordings> recordings_, perturbation_recordings_, constraint_recordings_;
  std::vector<bool> asked_for_;                ///< before a trial: the rates of the one before it
  Eigen::MatrixXd rates_asked_for_;            ///< where no loss keeps them
  const Eigen::MatrixXd* previous_ = nullptr;  ///< rates in the last trial, if recorded
  std::map<std::int64_t, Eigen::MatrixXd> rate_records_;
  std::map<std::pair<int, std::int64_t>, Eigen::MatrixXd> weight_records_;
  bool frozen_known_ = false;
  std::vector<std::optional<SpikeFilter>> filters_;
};

double PartView::dt() const noexcept { return life_.pipeline_.dt; }
std::int64_t PartView::network() const noexcept { return life_.options_.network; }
std::int64_t PartView::trials() const noexcept { return life_.pipeline_.trials(); }
std::int64_t PartView::steps(std::int64_t trial) const {
  for (const PhaseSpec& phase : life_.pipeline_.phases) {
    if (trial < phase.trials) return phase.steps;
    trial -= phase.trials;
  }
  throw Error("there is no trial " + std::to_string(trial));
}
std::span<const std::string_view> PartView::populations() const noexcept { return life_.population_names_; }
Eigen::Index PartView::cells(std::string_view p) const {
  return life_.pipeline_.populations[life_.pipeline_.population_index(p)].size;
}
Eigen::Index PartView::first_cell(std::string_view p) const {
  return life_.first_cell_[life_.pipeline_.population_index(p)];
}
std::span<const std::string_view> PartView::pathways() const noexcept { return life_.pathway_names_; }
std::string_view PartView::presynaptic(std::string_view p) const {
  return life_.pipeline_.pathways[life_.pipeline_.pathway_index(p)].from;
}
std::string_view PartView::postsynaptic(std::string_view p) const {
  return life_.pipeline_.pathways[life_.pipeline_.pathway_index(p)].to;
}
ConstMatrixView PartView::dataset(std::string_view name) const {
  if (!life_.input_)
    throw Error("dataset '" + std::string(name) + "' is asked for, but the pipeline has no `input` file");
  return view_of(life_.input_->matrix(name));
}
bool PartView::has_dataset(std::string_view name) const noexcept {
  return life_.input_ && life_.input_->has(name);
}
std::span<const std::int64_t> PartView::dataset_shape(std::string_view name) const {
  dataset(name);
  return life_.input_->shape(name);
}
std::string_view PartView::input_file() const noexcept {
  return life_.input_ ? std::string_view(life_.input_->file().native()) : std::string_view();
}
std::span<const std::int64_t> PartView::trials_named(std::string_view text) const {
  return life_.trials_named(text);
}
ConstMatrixView PartView::signal(std::string_view name, std::int64_t trial) const {
  return life_.signal(name, trial);
}
MatrixView PartView::weights(std::string_view p) {
  return life_.pathways_[life_.pipeline_.pathway_index(p)].weights.view();
}
MatrixView PartView::plastic(std::string_view p) {
  return life_.pathways_[life_.pipeline_.pathway_index(p)].plastic.view();
}
VectorView PartView::input_gain(std::string_view p) {
  return view_of(life_.gains_[life_.pipeline_.population_index(p)]);
}
std::span<const ConstMatrixView> PartView::recording(std::string_view name) const {
  if (recordings_) {
    for (const ResolvedRecording& r : *recordings_) {
      if (r.name == name) return r.views;
    }
  }
  throw Error("no recording '" + std::string(name) + "' was asked for");
}
ConstVectorView PartView::effects(std::string_view p) const {
  return view_of(std::as_const(life_.effects_[life_.pipeline_.pathway_index(p)]));
}
bool PartView::has_rule(std::string_view p) const {
  return life_.pipeline_.pathways[life_.pipeline_.pathway_index(p)].rule.has_value();
}

}  // namespace

void try_life(const Pipeline& pipeline) {
  const LifeOptions options;
  Life(pipeline, options);
}

LifeResult run_life(const Pipeline& pipeline, const LifeOptions& options) {
  return Life(pipeline, options).run();
}

}  // namespace hebbforge
