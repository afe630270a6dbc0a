// Reads and checks a pipeline: circuit, life, losses. The search is in search_reader.cpp.
#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/log.hpp>
#include <set>

#include <hebbforge/host/suggestion.hpp>
#include "host/plugin_reader.hpp"
#include "host/presets.hpp"
#include "host/resolved.hpp"
#include "host/rule_file.hpp"
#include "host/search_reader.hpp"
#include "host/settable.hpp"
#include "host/stage_reader.hpp"

namespace hebbforge {
namespace {

const NumberLimits positive{"1", 0, HUGE_VAL, true};
const NumberLimits not_negative{"1", 0, HUGE_VAL, false};
constexpr std::int64_t most_cells = 1'000'000, most_trials = 1'000'000'000, most_networks = 100'000'000;

template <class Spec>
std::vector<std::string> names_of(const std::vector<Spec>& specs) {
  std::vector<std::string> names;
  for (const Spec& spec : specs) names.push_back(spec.name);
  return names;
}

class PipelineReader {
 public:
  PipelineReader(Registry& registry, const std::filesystem::path& file, const PipelineOptions& options)
      : options_(options), plugins_(registry, mistakes_) {
    pipeline_.file = file;
  }

  Pipeline read() {
    if (options_.text.empty()) pipeline_.title = first_comment(pipeline_.file);
    root_ = options_.text.empty() ? parse_toml_file(pipeline_.file)
                                  : parse_toml(options_.text, pipeline_.file.string());
    // --seed replaces every seed that the file derives from its own; --set may still name single ones.
    if (options_.seed) std::erase_if(root_.table, [](const Node::Entry& e) { return e.key == "seeds"; });
    if (options_.smoke) make_small();
    for (const std::string& override : options_.overrides) {
      const Node changed = parse_override(override);
      // A new seed replaces those that the file, perhaps a resolved one, derives from the old.
      if (changed.find("seed"))
        std::erase_if(root_.table, [](const Node::Entry& e) { return e.key == "seeds"; });
      merge(root_, changed);
    }
    if (const Node* circuit = root_.find("circuit")) expand_circuit(*circuit);
    TableReader top(&root_, "the pipeline", {pipeline_.file.string(), 1, 1}, mistakes_);
    read_seeds(top);
    read_input(top);
    read_circuit(top);
    if (circuit_known_) {
      read_populations(top);
      read_pathways(top);
    } else {
      for (const char* key : {"population", "pathway", "rule"}) top.take(key);
    }
    read_phases(top);
    read_constraints(top);
    read_perturbations(top);
    read_losses(top);
    read_networks(top);
    read_evaluation(top);
    pipeline_.executor = plugins_.nested(abi::Kind::executor, top, "executor", "threads");
    check_plugin_record(top);
    if (!options_.rule.empty() && circuit_known_) {
      const LoadedRules loaded = load_rules(plugins_, pipeline_, options_.rule, {"", 0, 0});
      pipeline_ = with_overrides(with_rules(pipeline_, loaded), pipeline_, options_.overrides);
    }
    check_references();
    // Single lives under another rule: what the search would move may not be there.
    if (options_.rule.empty() || options_.needs_search)
      read_search(top, plugins_, pipeline_);
    else
      top.take("search");
    // Each condition of a stage is all of this again; with mistakes it would only tell them again.
    if (options_.stages && mistakes_.count() == 0)
      read_stages(top, plugins_, options_, pipeline_);
    else
      top.take("stage");
    if (options_.needs_search && !pipeline_.search && !root_.find("stage")) {
      mistakes_.add(
          top.place(),
          "the pipeline has neither a table [search] nor a [stage.NAME], so there is nothing to run; "
          "`simulate` runs single lives");
    }
    top.finish();
    mistakes_.throw_if_any();
    pipeline_.resolved = resolved_text(pipeline_);
    return std::move(pipeline_);
  }

 private:
  // Every stage in seconds; what --set says still wins.
  void make_small() {
    const auto set = [this](const std::string& text) { merge(root_, parse_override(text)); };
    set("networks={search=2,select=2,report=2}");
    if (root_.find("search")) set("search.budget={generations=1}");
    const Node* stages = root_.find("stage");
    if (!stages || stages->type != Node::Type::table) return;
    std::vector<std::string> small;
    for (const Node::Entry& stage : stages->table) {
      const Node* kind = stage.value.find("kind");
      const std::string name = kind && kind->type == Node::Type::text ? kind->text() : "";
      const std::string path = "stage." + toml_key(stage.key);
      const std::string budget = stage.value.find("search") ? ".search.budget" : ".budget";
      if (name == "rank_and_refit" || name == "forward_selection") {
        small.push_back(path + budget + "={generations=1}");
        small.push_back(path + ".terms=" + (name == "rank_and_refit" ? "[1,2]" : "1"));
      } else {
        small.push_back(path + ".networks=2");
      }
    }
    for (const std::string& text : small) set(text);
  }

  // The preset of a circuit brings populations and pathways, which the pipeline overrides key by key.
  void expand_circuit(const Node& circuit) {
    if (circuit.type != Node::Type::table || !circuit.find("preset")) return;
    Node name = circuit;
    std::erase_if(name.table, [](const Node::Entry& e) { return e.key != "preset"; });
    Node merged;
    try {
      merged = with_preset(name);
    } catch (const ConfigError& error) {
      // What needs the circuit cannot be checked; the rest can.
      mistakes_.add(error);
      circuit_known_ = false;
    }
    const Place place = root_.place;
    merge(merged, root_);
    root_ = std::move(merged);
    root_.place = place;
    std::erase_if(root_.find("circuit")->table, [](const Node::Entry& e) { return e.key == "preset"; });
  }

  void read_seeds(TableReader& top) {
    Seeds& s = pipeline_.seeds;
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    s.seed = static_cast<std::uint64_t>(top.integer("seed", 1, 0, largest));
    if (options_.seed) s.seed = *options_.seed;
    TableReader seeds(top.table("seeds"), "[seeds]", top.place(), mistakes_);
    const auto one = [&](const char* key) {
      return static_cast<std::uint64_t>(seeds.integer(key, static_cast<std::int64_t>(s.seed), 0, largest));
    };
    s.networks = one("networks");
    s.inputs = one("inputs");
    s.perturbations = one("perturbations");
    s.optimizer = one("optimizer");
    seeds.finish();
  }

  void read_input(TableReader& top) {
    const Node* node = top.take("input");
    if (!node) return;
    Node as_table;
    if (node->type == Node::Type::text) {
      as_table.table.push_back({"file", node->place, *node});
      node = &as_table;
    }
    TableReader reader(node, "'input'", node->place, mistakes_);
    const Node* file = reader.take("file");
    const std::string digest = reader.text("digest", "");
    reader.finish();
    if (!file || file->type != Node::Type::text) {
      mistakes_.add(node->place, "'input' needs the path of an HDF5 file");
      return;
    }
    try {
      pipeline_.input = std::make_shared<DatasetFile>(path_of(file->text(), file->place));
    } catch (const Error& error) {
      mistakes_.add(file->place, error.what());
      return;
    }
    const std::string found = digest_of_file(pipeline_.input->file());
    if (!digest.empty() && digest != found) {
      mistakes_.add(node->place, "the input file has changed: its SHA-1 is " + found +
                                     ", the pipeline was resolved with " + digest +
                                     "; restore the file, or remove `digest`");
    }
  }

  void read_circuit(TableReader& top) {
    const Node* node = top.table("circuit");
    TableReader circuit(node, "'circuit'", node ? node->place : top.place(), mistakes_);
    pipeline_.dt = circuit.real("dt", 1e-4, {"s", 0, 1, true});
    rescale_ = circuit.boolean("rescale_learning_rate", false);
    circuit.finish();
  }

  void read_populations(TableReader& top) {
    const Node* all = top.table("population");
    if (!all) {
      mistakes_.add(top.place(), "the pipeline has no population: choose a circuit preset (there are: " +
                                     joined(preset_names()) + "), or add tables [population.NAME]");
      return;
    }
    for (const Node::Entry& entry : all->table) {
      TableReader reader(&entry.value, "[population." + entry.key + "]", entry.key_place, mistakes_);
      PopulationSpec spec;
      spec.name = entry.key;
      reader.require("size");
      spec.size = reader.integer("size", 1, 1, most_cells);
      spec.neuron = plugins_.nested(abi::Kind::neuron, reader, "neuron");
      reader.finish();
      check_name(entry, mistakes_);
      pipeline_.populations.push_back(std::move(spec));
    }
  }

  void read_weights(TableReader& pathway, WeightSpec& w) {
    using D = WeightSpec::Distribution;
    const Node* node = pathway.take("weights");
    if (!node) {
      mistakes_.add(pathway.place(), pathway.what() +
                                         " needs the key 'weights', as in weights = { distribution = "
                                         "\"uniform\", low = 0.08, high = 0.4 }");
      return;
    }
    if (node->type != Node::Type::table) {
      w.value = checked_real(*node, "'weights'", {}, mistakes_).value_or(0);
      return;
    }
    TableReader reader(node, "'weights' of " + pathway.what(), node->place, mistakes_);
    if (!reader.node()) return;
    reader.require("distribution");
    const std::string kind =
        reader.text("distribution", "constant", {"constant", "uniform", "normal", "input"});
    const auto number = [&](const char* key) {
      reader.require(key);
      return reader.real(key, 0);
    };
    if (kind == "constant") {
      w.value = number("value");
    } else if (kind == "uniform") {
      w.distribution = D::uniform;
      w.low = number("low");
      w.high = number("high");
      if (w.high < w.low) mistakes_.add(node->place, "'high' is below 'low'");
    } else if (kind == "normal") {
      w.distribution = D::normal;
      w.mean = number("mean");
      w.sd = number("sd");
      if (w.sd < 0) mistakes_.add(node->place, "'sd' is negative");
    } else {
      w.distribution = D::input;
      w.dataset = reader.text("dataset", "w0");
      w.plastic = reader.text("plastic", "");
      for (const std::string& name : {w.dataset, w.plastic}) {
        if (name.empty()) continue;
        if (!pipeline_.input) {
          mistakes_.add(node->place, "weights from the input need an input file: set the top key `input`");
          break;
        }
        try {
          pipeline_.input->matrix(name);
        } catch (const Error& error) {
          mistakes_.add(node->place, error.what());
        }
      }
    }
    reader.finish();
  }

  std::string population_name(TableReader& reader, const char* key) {
    reader.require(key);
    const auto names = names_of(pipeline_.populations);
    return reader.text(key, names.empty() ? "" : names.front(), names);
  }

  // The rule that a text names: a table [rule.NAME], else a plugin.
  Node rule_table(const Node& rule) {
    const Node* named = rules_ && rule.type == Node::Type::text ? rules_->find(rule.text()) : nullptr;
    if (!named) return plugin_table(rule);
    used_rules_.insert(rule.text());
    Node table = plugin_table(*named);
    if (table.type == Node::Type::table && !table.find("plugin") && !table.find("library")) {
      Node name;
      name.type = Node::Type::text;
      name.scalar = std::string("equation");
      name.place = table.place;
      table.table.push_back({"plugin", table.place, name});
    }
    return table;
  }

  void check_unused_rules() {
    if (!rules_) return;
    for (const Node::Entry& entry : rules_->table) {
      check_name(entry, mistakes_);
      if (!used_rules_.contains(entry.key))
        mistakes_.add(entry.key_place, "no pathway uses [rule." + entry.key + "]; write rule = " +
                                           toml_text(entry.key) + " in a pathway, or remove the table");
    }
  }

  void read_pathways(TableReader& top) {
    rules_ = top.table("rule");
    const Node* all = top.table("pathway");
    if (!all) return check_unused_rules();
    InputValues input(pipeline_.input.get());
    for (const Node::Entry& entry : all->table) {
      TableReader reader(&entry.value, "[pathway." + entry.key + "]", entry.key_place, mistakes_);
      PathwaySpec spec;
      spec.name = entry.key;
      check_name(entry, mistakes_);
      spec.from = population_name(reader, "from");
      spec.to = population_name(reader, "to");
      spec.probability = reader.real("probability", 1, {"1", 0, 1});
      spec.self_connections = reader.boolean("self_connections", false);
      read_weights(reader, spec.weights);
      spec.dale = reader.boolean("dale", true);
      spec.floor = reader.real("floor", 1e-6, not_negative);
      spec.absent_below = reader.real("absent_below", 2e-6, not_negative);
      spec.rate_scale = reader.real("rate_scale", 0.02, positive);
      spec.trace_scale = reader.real("trace_scale", 0.01, positive);
      spec.learning_rate = reader.real("learning_rate", 0.0005, not_negative);
      const double rate_dt = reader.real("learning_rate_dt", 1e-4, {"s", 0, HUGE_VAL, true});
      spec.must_live = reader.boolean("must_live", false);
      if (const Node* rule = reader.take("rule")) {
        try {
          const Node table = rule_table(*rule);
          TableReader rule_reader(&table, "'rule' of " + reader.what(), table.place, mistakes_);
          if (rule_reader.node()) spec.rule = read_rule(plugins_, rule_reader, input);
        } catch (const ConfigError& error) {
          mistakes_.add(error);
        }
        check_time_step(*rule, spec, rate_dt);
      }
      reader.finish();
      pipeline_.pathways.push_back(std::move(spec));
    }
    check_unused_rules();
  }

  void check_time_step(const Node& rule, PathwaySpec& spec, double rate_dt) {
    if (std::abs(pipeline_.dt - rate_dt) <= 1e-9 * rate_dt) return;
    if (rescale_) {
      spec.learning_rate *= pipeline_.dt / rate_dt;
      return;
    }
    mistakes_.add(rule.place,
                  "the learning rate of pathway '" + spec.name + "' is per step of " + toml_real(rate_dt) +
                      " s, the circuit's dt is " + toml_real(pipeline_.dt) +
                      " s; set circuit.rescale_learning_rate = true, or learning_rate and learning_rate_dt");
  }

  void read_phases(TableReader& top) {
    const Node* all = top.table("phase");
    if (!all || all->table.empty()) {
      mistakes_.add(top.place(),
                    "the pipeline has no phase: add a table [phase.NAME] with stimulus, trials and duration");
      return;
    }
    for (const Node::Entry& entry : all->table) {
      TableReader reader(&entry.value, "[phase." + entry.key + "]", entry.key_place, mistakes_);
      PhaseSpec spec;
      spec.name = entry.key;
      check_name(entry, mistakes_);
      if (spec.name == "all" || spec.name == "last") {
        mistakes_.add(entry.key_place,
                      "'" + spec.name + "' is no name for a phase: it names trials of all phases");
      }
      spec.stimulus = plugins_.nested(abi::Kind::stimulus, reader, "stimulus");
      reader.require("trials");
      spec.trials = reader.integer("trials", 1, 1, most_trials);
      reader.require("duration");
      const double duration = reader.real("duration", 0.11, {"s", 0, 1e6, true});
      spec.steps = std::llround(duration / pipeline_.dt);
      if (spec.steps < 2) {
        const Node* node = reader.take("duration");
        if (node)
          mistakes_.add(node->place,
                        "'duration' has to be at least two time steps of " + toml_real(pipeline_.dt) + " s");
      }
      spec.plasticity = reader.boolean("plasticity", true);
      spec.reset = reader.boolean("reset", true);
      // The same stimulus in a later phase goes on with the same frozen input, unless told otherwise.
      const auto same = std::ranges::find_if(
          pipeline_.phases, [&](const PhaseSpec& p) { return p.stimulus.plugin == spec.stimulus.plugin; });
      auto known = names_of(pipeline_.phases);
      known.push_back(spec.name);
      spec.frozen_input =
          reader.text("frozen_input", same == pipeline_.phases.end() ? spec.name : same->frozen_input, known);
      reader.finish();
      pipeline_.phases.push_back(std::move(spec));
    }
  }

  void read_constraints(TableReader& top) {
    const Node* all = top.table("constraint");
    if (!all) return;
    for (const Node::Entry& entry : all->table) {
      TableReader reader(&entry.value, "[constraint." + entry.key + "]", entry.key_place, mistakes_);
      ConstraintSpec spec;
      spec.name = entry.key;
      check_name(entry, mistakes_);
      reader.require("pathway");
      spec.pathway = reader.text("pathway", "", names_of(pipeline_.pathways));
      spec.choice = plugins_.choice(abi::Kind::constraint, reader);
      pipeline_.constraints.push_back(std::move(spec));
    }
  }

  void read_perturbations(TableReader& top) {
    const Node* all = top.table("perturbation");
    if (!all) return;
    for (const Node::Entry& entry : all->table) {
      TableReader reader(&entry.value, "[perturbation." + entry.key + "]", entry.key_place, mistakes_);
      PerturbationSpec spec;
      spec.name = entry.key;
      check_name(entry, mistakes_);
      const std::string networks = reader.text("networks", "all", {"all", "even", "odd"});
      spec.networks = networks == "even"  ? NetworkSubset::even
                      : networks == "odd" ? NetworkSubset::odd
                                          : NetworkSubset::all;
      spec.trials_text = reader.text("trials", "all");
      try {
        spec.trials = trials_named(pipeline_.phases, spec.trials_text);
      } catch (const Error& error) {
        const Node* node = reader.take("trials");
        mistakes_.add(node ? node->place : reader.place(), error.what());
      }
      spec.choice = plugins_.choice(abi::Kind::perturbation, reader);
      pipeline_.perturbations.push_back(std::move(spec));
    }
  }

  void read_losses(TableReader& top) {
    const Node* all = top.table("loss");
    if (!all) return;
    for (const Node::Entry& entry : all->table) {
      TableReader reader(&entry.value, "[loss." + entry.key + "]", entry.key_place, mistakes_);
      LossSpec spec;
      spec.name = entry.key;
      check_name(entry, mistakes_);
      spec.weight = reader.real("weight", 1, not_negative);
      const auto before = mistakes_.count();
      spec.choice = plugins_.choice(abi::Kind::loss, reader);
      if (spec.choice.plugin && mistakes_.count() == before) {
        const auto loss = spec.choice.plugin->create<Loss>(spec.choice.config);
        for (const Recording& r : loss->recordings())
          recordings_.push_back(spec.name + "." + std::string(r.name));
      }
      pipeline_.losses.push_back(std::move(spec));
    }
  }

  void read_networks(TableReader& top) {
    const Node* node = top.table("networks");
    TableReader networks(node, "'networks'", node ? node->place : top.place(), mistakes_);
    pipeline_.networks.search = networks.integer("search", 10, 1, most_networks);
    pipeline_.networks.select = networks.integer("select", 10, 1, most_networks);
    pipeline_.networks.report = networks.integer("report", 100, 0, most_networks);
    networks.finish();
  }

  void read_evaluation(TableReader& top) {
    const Node* node = top.table("evaluation");
    TableReader reader(node, "[evaluation]", node ? node->place : top.place(), mistakes_);
    EvaluationSpec& spec = pipeline_.evaluation;
    spec.isolated = reader.text("isolation", "none", {"none", "process"}) == "process";
    spec.time_limit = reader.real("time_limit", spec.time_limit, {"s", 0, HUGE_VAL, true});
    spec.memory_limit = reader.real("memory_limit", spec.memory_limit, {"B", 0, 1e18, true});
    spec.tolerated_failures = reader.real("tolerated_failures", spec.tolerated_failures, {"1", 0, 1});
    reader.finish();
  }

  // A resolved pipeline says which plugin files it was resolved with.
  void check_plugin_record(TableReader& top) {
    const Node* record = top.table("plugins");
    if (!record) return;
    for (const Node::Entry& kind : record->table) {
      for (const Node::Entry& entry : kind.value.table) check_plugin_record(kind.key, entry);
    }
  }

  void check_plugin_record(const std::string& kind, const Node::Entry& entry) {
    TableReader reader(&entry.value, "the record of plugin '" + entry.key + "'", entry.key_place, mistakes_);
    const std::string version = reader.text("version", ""), digest = reader.text("digest", "");
    reader.finish();
    for (const RegisteredPlugin* plugin : plugins_.registry().all()) {
      if (plugin->hidden() || plugin->name() != entry.key || name_of(plugin->kind()) != kind) continue;
      if (plugin->digest == digest) continue;
      log_warning("plugin '" + entry.key + "' (version " + plugin->descriptor->version +
                  ") is another file than the one that " + pipeline_.file.string() +
                  " was resolved with (version " + version + "): results may differ");
    }
  }

  void check_references() {
    for (const PluginReader::Reference& r : plugins_.references()) {
      if (!circuit_known_ && r.refers_to != "trials") continue;
      if (r.refers_to == "trials") {
        if (std::ranges::find(recordings_, r.value) != recordings_.end()) continue;
        try {
          if (trials_named(pipeline_.phases, r.value).empty())
            mistakes_.add(r.place, "'" + r.value + "' names no trial");
        } catch (const Error& error) {
          mistakes_.add(r.place,
                        std::string(error.what()) +
                            (recordings_.empty() ? "" : "; or, as LOSS.RECORDING: " + joined(recordings_)));
        }
        continue;
      }
      const auto names =
          r.refers_to == "pathway" ? names_of(pipeline_.pathways) : names_of(pipeline_.populations);
      if (std::ranges::find(names, r.value) != names.end()) continue;
      mistakes_.add(r.place, "there is no " + r.refers_to + " '" + r.value + "'." +
                                 suggestion(r.value, names) + " There are: " + joined(names));
    }
  }

  const PipelineOptions& options_;
  Mistakes mistakes_;
  PluginReader plugins_;
  Node root_;
  Pipeline pipeline_;
  bool rescale_ = false, circuit_known_ = true;
  const Node* rules_ = nullptr;  ///< the tables [rule.NAME]
  std::set<std::string> used_rules_;
  std::vector<std::string> recordings_;  ///< "time.fit"
};

template <class Spec>
std::size_t index_named(const std::vector<Spec>& specs, std::string_view name, const char* what) {
  const auto found = std::ranges::find(specs, name, &Spec::name);
  if (found != specs.end()) return static_cast<std::size_t>(found - specs.begin());
  throw Error("there is no " + std::string(what) + " '" + std::string(name) + "'." +
              suggestion(name, names_of(specs)) + " There are: " + joined(names_of(specs)));
}

}  // namespace

std::int64_t Pipeline::trials() const noexcept {
  std::int64_t sum = 0;
  for (const PhaseSpec& phase : phases) sum += phase.trials;
  return sum;
}
std::size_t Pipeline::pathway_index(std::string_view name) const {
  return index_named(pathways, name, "pathway");
}
std::size_t Pipeline::population_index(std::string_view name) const {
  return index_named(populations, name, "population");
}

Pipeline load_pipeline(Registry& registry, const std::filesystem::path& file,
                       const PipelineOptions& options) {
  return PipelineReader(registry, file, options).read();
}

}  // namespace hebbforge
