#include "exports/brian2.hpp"

#include <cctype>
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <set>
#include <vector>

#include "host/document.hpp"
#include "host/rule_file.hpp"

namespace hebbforge {
namespace {

constexpr const char* head = R"py(
import argparse
import sys
import time

import h5py
import numpy as np
from brian2 import (Network, NeuronGroup, StateMonitor, Synapses, TimedArray, defaultclock, prefs, second)

options = argparse.ArgumentParser(description="Runs one trial in Brian 2 and compares it with Hebbforge's.")
options.add_argument("life", help="file of `hebbforge simulate`")
options.add_argument("--group", default="/", help="a life in it, such as network_003, where there are several")
options.add_argument("--tolerance", type=float, default=1e-9, help="of the largest value; beyond it: exit status 1")
options.add_argument("--codegen", default="numpy", help="Brian 2's code generation: numpy or cython")
options.add_argument("--repeat", type=int, default=0, help="run the trial so many times more, to time it")
)py";

constexpr const char* reading = R"py(
with h5py.File(options.life) as file:
    life = file[options.group]
    if "drive" not in life:
        sys.exit(f"{options.life}: no life in '{options.group}'; choose with --group: {', '.join(life)}")
    if life.attrs["end"] not in ("healthy", b"healthy"):
        sys.exit(f"{options.life}: this life failed, and its last trial may be cut short")
    if life["w_last"].shape != (cells, cells):
        sys.exit(f"{options.life}: {life['w_last'].shape[0]} cells; this circuit has {cells}")
    drive, rates, states = life["drive"][:], life["r_last"][:], life["s"][:]
    weights, plastic, final_weights = life["w_last"][:], life["plastic_last"][:], life["w_final"][:]
    trial = int(life.attrs["trials_survived"]) - 1
steps = len(drive) - 1  # the first time point is the state before them

prefs.codegen.target = options.codegen
defaultclock.dt = dt * second
objects = []


def driven(cell_range):
    """The filtered input of a population, as Brian 2 looks it up: (time, cell)."""
    return TimedArray(drive[:, cell_range], dt=dt * second)


def connect(synapses, post, pre, absent_below):
    """Makes the synapses that there are, W(post, pre), and says which may change in this trial, and their sign."""
    w = weights[post, pre]
    m = plastic[post, pre] * (np.abs(w) > absent_below)
    i_post, i_pre = np.nonzero((w != 0) | (m != 0))
    synapses.connect(i=i_pre, j=i_post)
    synapses.w, synapses.m = w[i_post, i_pre], m[i_post, i_pre]
    synapses.side = np.where(synapses.w[:] >= 0, 1, -1)
    objects.append(synapses)
)py";

constexpr const char* running = R"py(

network = Network(objects)
# All currents come from the rates before the step; rules see rates after it and traces that took in those before.
network.schedule = ["start", "groups", "before", "cells", "traces", "signals", "rules", "dale", "end"]
network.store()


def run():
    begin = time.perf_counter()
    network.run(steps * dt * second)
    return time.perf_counter() - begin


first = run()
ours = np.zeros_like(rates)
for group, monitor, cell_range in populations:
    ours[:-1, cell_range], ours[-1, cell_range] = monitor.r.T, group.r[:]
our_weights = np.zeros_like(weights)
for synapses, post, pre in pathways:
    our_weights[post.start + synapses.j[:], pre.start + synapses.i[:]] += synapses.w[:]

worst = 0.0
for name, a, b in [("rate", ours, rates), ("final weight", our_weights, final_weights)]:
    difference, largest = np.abs(a - b).max(), np.abs(b).max()
    worst = max(worst, difference / largest if largest > 0 else difference)
    print(f"largest difference of a {name}: {difference:.3g}; the largest is {largest:.6g}")
print(f"largest change of a weight in the trial: {np.abs(our_weights - weights).max():.6g}")
if options.repeat:
    times = []
    for _ in range(options.repeat):
        network.restore()
        times.append(run())
    print(f"seconds per trial of {steps} steps: {min(times):.6g} ({options.codegen}; the first, with setting up: {first:.3g})")
sys.exit(0 if worst <= options.tolerance else 1)
)py";

/// Names that Python and Brian 2 take, one for each of the pipeline's.
class Names {
 public:
  std::string operator()(const std::string& prefix, std::string_view name) {
    std::string made = prefix;
    for (const char c : name) made += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    while (!taken_.insert(made).second) made += "_";
    return made;
  }

 private:
  std::set<std::string> taken_;
};

std::string number(double value) { return toml_real(value); }

std::string cell_range(Eigen::Index first, Eigen::Index size) {
  return "slice(" + std::to_string(first) + ", " + std::to_string(first + size) + ")";
}

// On one line of a comment, whatever a rule calls its terms.
std::string in_comment(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '"' || c == '\\') c = ' ';
  }
  return text;
}

// The lines of a Brian 2 code string.
std::string block(const std::vector<std::string>& lines) {
  std::string text = "\"\"\"\n";
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text + "    \"\"\"";
}

std::string product(std::string a, const std::string& b) { return a.empty() ? b : std::move(a) + "*" + b; }

/// What a population's cells keep and do for the rules of the pathways that end or begin there.
struct PopulationCode {
  std::vector<std::string> variables, traces;
};

/// A pathway's rule in Brian 2's words.
struct RuleCode {
  std::vector<std::string> variables, signals, terms;
  std::vector<std::string> definitions;  ///< Python statements before the synapses
  std::string names_space;               ///< entries of the synapses' namespace
};

/// What one declared signal is called in a synapse's code.
struct SignalName {
  Side side;
  std::string value;
};

class Script {
 public:
  Script(const Pipeline& pipeline, const std::string& made_by)
      : pipeline_(pipeline), phase_(pipeline.phases.back()), populations_(pipeline.populations.size()) {
    refuse_what_has_no_text();
    for (const PathwaySpec& pathway : pipeline.pathways) ids_.push_back(names_("", pathway.name));
    for (std::size_t p = 0; p < ids_.size(); ++p) rules_.push_back(rule_code(p));
    write_head(made_by);
    for (std::size_t p = 0; p < populations_.size(); ++p) write_population(p);
    for (std::size_t p = 0; p < ids_.size(); ++p) write_pathway(p);
    write_lists();
    text_ += running;
  }
  std::string take() { return std::move(text_); }

 private:
  void refuse_what_has_no_text() const {
    for (const PopulationSpec& p : pipeline_.populations) {
      if (!p.neuron.plugin->create<Neuron>(p.neuron.config)->threshold_linear())
        throw ConfigError("population '" + p.name + "': neuron '" + std::string(p.neuron.plugin->name()) +
                          "' has no text form; only threshold-linear ones can be exported");
    }
    for (const ConstraintSpec& c : pipeline_.constraints) {
      throw ConfigError("constraint '" + c.name + "' on pathway '" + c.pathway +
                        "' has no text form; export a pipeline without constraints");
    }
    for (const PathwaySpec& p : pipeline_.pathways) {
      if (!learns(p)) continue;
      if (!p.rule->basis->separable())
        throw ConfigError("pathway '" + p.name + "': rule '" + std::string(p.rule->choice.plugin->name()) +
                          "' computes the change in code of its own; only sums of terms can be exported");
      for (const Signal& s : p.rule->basis->signals()) {
        if (s.tau >= 0 && (s.kept_for_life || !phase_.reset) && pipeline_.trials() > 1)
          throw ConfigError("pathway '" + p.name + "': signal '" + std::string(s.name) +
                            "' goes on from trial to trial, and no file holds its value; export a life of "
                            "one trial, or a phase with reset = true");
      }
    }
  }

  bool learns(const PathwaySpec& pathway) const { return pathway.rule && phase_.plasticity; }
  Eigen::Index first_cell(std::size_t population) const {
    Eigen::Index first = 0;
    for (std::size_t p = 0; p < population; ++p) first += pipeline_.populations[p].size;
    return first;
  }

  // A signal of one side's cells: unfiltered ones follow the rate after the step, filtered ones take in the
  // rate before it.
  std::string cell_signal(std::size_t pathway, const Signal& signal, int index) {
    const PathwaySpec& spec = pipeline_.pathways[pathway];
    const bool pre = signal.side == Side::pre, squared = signal.source == Source::activity_squared;
    const std::string end = pre ? "_pre" : "_post", x = pre ? "x" : "y";
    if (signal.tau < 0) return squared ? x + "*" + x : x;
    const std::string z = "z_" + ids_[pathway] + end + "_" + std::to_string(index);
    const std::string gain = gain_of(pathway, signal);
    const std::string scale = number(spec.rate_scale);
    const std::string source = squared ? "(r_before/" + scale + ")**2" : "r_before";
    PopulationCode& cells = populations_[pipeline_.population_index(pre ? spec.from : spec.to)];
    cells.variables.push_back(z + " : 1");
    cells.traces.push_back(z + " = " + z + "*(1 - " + gain + ") + " + source + "*" + gain + "  # " +
                           in_comment(std::string(signal.name)) + " of " + in_comment(spec.name));
    return squared ? z + end : "(" + z + end + "/" + number(spec.trace_scale) + ")";
  }

  std::string gain_of(std::size_t pathway, const Signal& signal) const {
    const double tau = pipeline_.pathways[pathway].rule->values[static_cast<std::size_t>(signal.tau)];
    return "(" + number(pipeline_.dt) + "/" + number(tau) + ")";
  }

  std::string synapse_signal(std::size_t pathway, const Signal& signal, int index, RuleCode& code) const {
    if (signal.tau < 0) return "x*y";
    const std::string z = "z_" + std::to_string(index), gain = gain_of(pathway, signal);
    const std::string scale = number(pipeline_.pathways[pathway].rate_scale);
    code.variables.push_back(z + " : 1");
    code.signals.push_back(z + " = " + z + "*(1 - " + gain + ") + (r_before_post/" + scale +
                           ")*(r_before_pre/" + scale + ")*" + gain + "  # " +
                           in_comment(std::string(signal.name)));
    return z;
  }

  // One value for all synapses: a row of a dataset, over again where it is shorter than the trial.
  std::string global_signal(std::size_t pathway, const Signal& signal, int index, RuleCode& code) {
    const std::string data = "data_" + ids_[pathway] + "_" + std::to_string(index);
    code.definitions.push_back(data + " = task(" + toml_text(signal.name) + ")");
    code.names_space += std::string(code.names_space.empty() ? "" : ", ") + '"' + data + "\": " + data;
    uses_input_ = true;
    if (signal.tau < 0) return data + "(t)";
    const std::string g = "g_" + std::to_string(index), gain = gain_of(pathway, signal);
    code.variables.push_back(g + " : 1 (shared)");
    // First: Brian 2 wants what all synapses share before what each has.
    code.signals.insert(code.signals.begin(),
                        g + " = " + g + "*(1 - " + gain + ") + " + data + "(t)*" + gain);
    return g;
  }

  static std::string factor(Factor kind, const std::string& activity, const std::string& signal) {
    switch (kind) {
      case Factor::one:
        return "";
      case Factor::activity:
        return activity;
      case Factor::activity_squared:
        return activity + "**2";
      case Factor::signal:
        return signal;
      case Factor::signal_squared:
        return "(" + signal + ")**2";
      case Factor::signal_times_activity:
        return signal + "*" + activity;
    }
    return "";
  }

  RuleCode rule_code(std::size_t pathway) {
    RuleCode code;
    const PathwaySpec& spec = pipeline_.pathways[pathway];
    if (!learns(spec)) return code;
    const RuleBasis& basis = *spec.rule->basis;
    std::vector<SignalName> signals;
    int counts[4] = {};
    for (const Signal& signal : basis.signals()) {
      const int index = counts[static_cast<std::size_t>(signal.side)]++;
      const bool of_cells = signal.side == Side::pre || signal.side == Side::post;
      signals.push_back({signal.side, of_cells ? cell_signal(pathway, signal, index)
                                      : signal.side == Side::global
                                          ? global_signal(pathway, signal, index, code)
                                          : synapse_signal(pathway, signal, index, code)});
    }
    const auto named = [&](Side side, int index) {
      for (const SignalName& signal : signals) {
        if (signal.side == side && index-- == 0) return signal.value;
      }
      return std::string();
    };
    code.variables.push_back("change : 1");
    const ConstVectorView values(spec.rule->values.data(),
                                 static_cast<Eigen::Index>(spec.rule->values.size()));
    const auto terms = basis.terms();
    for (std::size_t n = 0; n < terms.size(); ++n) {
      const Term& term = terms[n];
      const double c = basis.multiplier(n, values);
      if (c == 0) continue;
      std::string phi;
      for (const std::string& part :
           {factor(term.pre, "x", named(Side::pre, term.pre_signal)),
            factor(term.post, "y", named(Side::post, term.post_signal)),
            named(Side::synapse, term.synapse_signal), named(Side::global, term.global_signal)}) {
        if (!part.empty()) phi = product(std::move(phi), part);
      }
      for (int k = 0; k < term.weight_power; ++k) phi = product(std::move(phi), "w");
      const std::string left = code.terms.empty() ? "change = " : "change = change + ";
      code.terms.push_back(left + product("(" + number(c) + ")", phi.empty() ? "1" : phi) + "  # " +
                           in_comment(std::string(term.name)));
    }
    return code;
  }

  void write_head(const std::string& made_by) {
    text_ +=
        "#!/usr/bin/env python3\n\"\"\"One trial of a circuit and its rules in Brian 2, beside the same "
        "trial "
        "of Hebbforge.\n\nWritten by: " +
        in_comment(made_by) + "\n";
    for (const PathwaySpec& pathway : pipeline_.pathways) {
      if (learns(pathway)) text_ += in_comment(pathway.name + ": " + formula_text(*pathway.rule)) + "\n";
    }
    text_ +=
        "\n    hebbforge simulate PIPELINE --rule RULE --out life.h5\n    python3 THIS_FILE life.h5\n\"\"\"";
    text_ += head;
    if (uses_input_)
      text_ +=
          "options.add_argument(\"--input\", required=True, help=\"the pipeline's input file, with the "
          "datasets that rules read\")\n";
    text_ += "options = options.parse_args()\n\n";
    text_ += "dt = " + number(pipeline_.dt) +
             "  # s\ncells = " + std::to_string(first_cell(pipeline_.populations.size())) + "\n";
    text_ += reading;
    if (!uses_input_) return;
    text_ += R"py(

def task(name):
    """A global signal of this trial: the file has a row per trial and a column per step, both over again."""
    with h5py.File(options.input) as file:
        data = np.atleast_2d(file[name][:].T).T
    row = data[trial % len(data)]
    return TimedArray(row[np.arange(steps + 1) % len(row)], dt=dt * second)
)py";
  }

  void write_population(std::size_t index) {
    const PopulationSpec& spec = pipeline_.populations[index];
    PopulationCode& code = populations_[index];
    const std::string id = names_("cells_", spec.name);
    population_ids_.push_back(id);
    const auto cells = *spec.neuron.plugin->create<Neuron>(spec.neuron.config)->threshold_linear();
    std::vector<std::string> variables{"s : 1  # state", "r : 1  # rate", "r_before : 1"};
    std::string current = "drive_in(t, i)";
    for (std::size_t p = 0; p < ids_.size(); ++p) {
      if (pipeline_.pathways[p].to != spec.name) continue;
      variables.push_back("current_" + ids_[p] + " : 1");
      current += " + current_" + ids_[p];
    }
    variables.insert(variables.end(), code.variables.begin(), code.variables.end());
    const std::string range = cell_range(first_cell(index), spec.size);
    text_ += "\n# " + in_comment(spec.name) + "\n";
    text_ += id + "_range = " + range + "\n";
    text_ += id + " = NeuronGroup(" + std::to_string(spec.size) + ", " + block(variables) +
             ", namespace={\"drive_in\": driven(" + id + "_range)})\n";
    text_ += id + ".s, " + id + ".r = states[0, " + id + "_range], rates[0, " + id + "_range]\n";
    text_ += id + ".run_regularly(\"r_before = r\", when=\"before\")\n";
    text_ +=
        id + ".run_regularly(" +
        block({"r = " + number(cells.gain) + "*clip(s - " + number(cells.threshold) + ", 0, inf)",
               "s = s + (" + current + " - s)*(" + number(pipeline_.dt) + "/" + number(cells.tau) + ")"}) +
        ", when=\"cells\")\n";
    if (!code.traces.empty()) text_ += id + ".run_regularly(" + block(code.traces) + ", when=\"traces\")\n";
    text_ += id + "_rates = StateMonitor(" + id + ", \"r\", record=True, when=\"start\")\n";
    text_ += "objects += [" + id + ", " + id + "_rates]\n";
  }

  void write_pathway(std::size_t index) {
    const PathwaySpec& spec = pipeline_.pathways[index];
    const RuleCode& code = rules_[index];
    const std::string id = names_("synapses_", spec.name);
    pathway_ids_.push_back(id);
    const std::string& pre = population_ids_[pipeline_.population_index(spec.from)];
    const std::string& post = population_ids_[pipeline_.population_index(spec.to)];
    std::vector<std::string> variables{"w : 1", "m : 1  # 1 where plastic and alive",
                                       "side : 1  # the sign that Dale's law keeps",
                                       "current_" + ids_[index] + "_post = w*r_pre : 1 (summed)"};
    variables.insert(variables.end(), code.variables.begin(), code.variables.end());
    text_ += "\n# " + in_comment(spec.name + ": " + spec.from + " -> " + spec.to) + "\n";
    for (const std::string& line : code.definitions) text_ += line + "\n";
    text_ += id + " = Synapses(" + pre + ", " + post + ", " + block(variables) + ", namespace={" +
             code.names_space + "})\n";
    text_ +=
        "connect(" + id + ", " + post + "_range, " + pre + "_range, " + number(spec.absent_below) + ")\n";
    if (!code.signals.empty())
      text_ += id + ".run_regularly(" + block(code.signals) + ", when=\"signals\")\n";
    if (code.terms.empty()) return;
    std::vector<std::string> lines{"x = r_pre/" + number(spec.rate_scale),
                                   "y = r_post/" + number(spec.rate_scale)};
    lines.insert(lines.end(), code.terms.begin(), code.terms.end());
    lines.push_back("w = w + " + number(spec.learning_rate) + "*m*change");
    text_ += id + ".run_regularly(" + block(lines) + ", when=\"rules\")\n";
    if (spec.dale)
      text_ += id + ".run_regularly(\"w = w*int(side*w >= 0) + side*" + number(spec.floor) +
               "*int(side*w < 0)\", when=\"dale\")\n";
  }

  void write_lists() {
    text_ += "\npopulations = [";
    for (const std::string& id : population_ids_)
      text_ += (id == population_ids_.front() ? "(" : ", (") + id + ", " + id + "_rates, " + id + "_range)";
    text_ += "]\npathways = [";
    for (std::size_t p = 0; p < pathway_ids_.size(); ++p) {
      const PathwaySpec& spec = pipeline_.pathways[p];
      text_ += (p == 0 ? "(" : ", (") + pathway_ids_[p] + ", " +
               population_ids_[pipeline_.population_index(spec.to)] + "_range, " +
               population_ids_[pipeline_.population_index(spec.from)] + "_range)";
    }
    text_ += "]";
  }

  const Pipeline& pipeline_;
  const PhaseSpec& phase_;  ///< the last: of its last trial the drive is recorded
  Names names_;
  std::vector<std::string> ids_, population_ids_, pathway_ids_;
  std::vector<PopulationCode> populations_;
  std::vector<RuleCode> rules_;
  bool uses_input_ = false;
  std::string text_;
};

}  // namespace

std::string brian2_script(const Pipeline& pipeline, const std::string& made_by) {
  return Script(pipeline, made_by).take();
}

}  // namespace hebbforge
