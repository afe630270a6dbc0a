#include "host/resolved.hpp"

#include <hebbforge/host/schema.hpp>
#include <map>
#include <utility>

#include "host/document.hpp"

namespace hebbforge {
namespace {

/// Writes tables line by line and notes which plugins were met.
class Writer {
 public:
  void line(const std::string& text = "") { text_ += text + "\n"; }
  void table(const std::string& path) { text_ += "\n[" + path + "]\n"; }
  template <class Value>
  void key(const std::string& name, const Value& value) {
    text_ += toml_key(name) + " = " + toml_value(Config::Value(value)) + "\n";
  }
  void choice(const PluginChoice& choice) {
    const abi::Descriptor& d = *choice.plugin->descriptor;
    plugins_[{std::string(d.name), choice.plugin->kind()}] = choice.plugin;
    key("plugin", std::string(d.name));
    if (choice.plugin->from_file) key("library", choice.plugin->library->file().string());
    text_ += parameters_text(choice);
  }
  void plugin_record() {
    for (const auto& [id, plugin] : plugins_) {
      table("plugins." + std::string(name_of(id.second)) + "." + toml_key(id.first));
      key("version", std::string(plugin->descriptor->version));
      key("digest", plugin->digest);
    }
  }
  std::string take() { return std::move(text_); }
  std::vector<const RegisteredPlugin*> plugins() const {
    std::vector<const RegisteredPlugin*> all;
    for (const auto& [id, plugin] : plugins_) all.push_back(plugin);
    return all;
  }

 private:
  std::string text_;
  std::map<std::pair<std::string, abi::Kind>, const RegisteredPlugin*> plugins_;
};

void write_weights(Writer& out, const WeightSpec& w) {
  using D = WeightSpec::Distribution;
  const auto real = [](double v) { return toml_real(v); };
  std::string text = "weights = { distribution = ";
  switch (w.distribution) {
    case D::constant:
      text += "\"constant\", value = " + real(w.value);
      break;
    case D::uniform:
      text += "\"uniform\", low = " + real(w.low) + ", high = " + real(w.high);
      break;
    case D::normal:
      text += "\"normal\", mean = " + real(w.mean) + ", sd = " + real(w.sd);
      break;
    case D::input:
      text += "\"input\", dataset = " + toml_text(w.dataset) + ", plastic = " + toml_text(w.plastic);
      break;
  }
  out.line(text + " }");
}

void write_pathway(Writer& out, const PathwaySpec& p, double dt) {
  const std::string path = "pathway." + toml_key(p.name);
  out.table(path);
  out.key("from", p.from);
  out.key("to", p.to);
  out.key("probability", p.probability);
  out.key("self_connections", p.self_connections);
  write_weights(out, p.weights);
  out.key("dale", p.dale);
  out.key("floor", p.floor);
  out.key("absent_below", p.absent_below);
  out.key("rate_scale", p.rate_scale);
  out.key("trace_scale", p.trace_scale);
  out.key("learning_rate", p.learning_rate);
  out.key("learning_rate_dt", dt);
  out.key("must_live", p.must_live);
  if (!p.rule) return;
  out.table(path + ".rule");
  out.choice(p.rule->choice);
  if (p.rule->from_input) {
    out.key("values", std::string("input"));
    return;
  }
  out.table(path + ".rule.values");
  const auto parameters = p.rule->basis->parameters();
  for (std::size_t k = 0; k < parameters.size(); ++k) out.key(parameters[k].name, p.rule->values[k]);
}

// A file that may change behind the pipeline's back is named with its contents.
void write_digest(Writer& out, const std::filesystem::path& file) {
  if (std::filesystem::is_regular_file(file))
    out.line("# SHA-1 " + digest_of_file(file) + " " + file.filename().string());
}

void write_search(Writer& out, const SearchSpec& s) {
  out.table("search");
  out.key("failure", std::string(s.graded_failure ? "graded" : "published"));
  out.key("pick", std::string(s.pick_by_median ? "median" : "sum"));
  out.key("redraw", std::string(s.redraw ? "generation" : "never"));
  out.key("racing", s.racing);
  out.key("time_constants", std::string(s.shared_time_constants ? "published" : "decoupled"));
  if (!s.start_from.empty()) {
    out.key("start_from", s.start_from.string());
    write_digest(out, s.start_from);
  }
  std::vector<std::string> references;
  for (const ReferenceRule& r : s.references) references.push_back(r.source);
  out.key("references", references);
  for (const std::string& source : references) write_digest(out, source);
  out.line("budget = " + budget_text(s.budget));
  out.table("search.optimizer");
  out.choice(s.optimizer);
  out.table("search.free");
  for (const FreeParameter& f : s.free) {
    out.line(toml_text(f.path) + " = { start = " + toml_real(f.start) + ", range = [" + toml_real(f.lower) +
             ", " + toml_real(f.upper) + "], step = " + toml_real(f.step) +
             ", scale = " + toml_text(f.log_scale ? "log" : "linear") + " }");
  }
}

void write_all(Writer& out, const Pipeline& p) {
  if (!p.title.empty()) out.line("# " + p.title);
  const auto seed = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  out.key("seed", seed(p.seeds.seed));
  out.line("circuit = { dt = " + toml_real(p.dt) + " }  # s");
  if (p.input) {
    out.line("input = { file = " + toml_text(p.input->file().string()) +
             ", digest = " + toml_text(digest_of_file(p.input->file())) + " }");
  }
  out.table("seeds");
  out.key("networks", seed(p.seeds.networks));
  out.key("inputs", seed(p.seeds.inputs));
  out.key("perturbations", seed(p.seeds.perturbations));
  out.key("optimizer", seed(p.seeds.optimizer));
  out.table("networks");
  out.key("search", p.networks.search);
  out.key("select", p.networks.select);
  out.key("report", p.networks.report);
  for (const PopulationSpec& population : p.populations) {
    out.table("population." + toml_key(population.name));
    out.key("size", static_cast<std::int64_t>(population.size));
    out.table("population." + toml_key(population.name) + ".neuron");
    out.choice(population.neuron);
  }
  for (const PathwaySpec& pathway : p.pathways) write_pathway(out, pathway, p.dt);
  for (const PhaseSpec& phase : p.phases) {
    out.table("phase." + toml_key(phase.name));
    out.key("trials", phase.trials);
    out.key("duration", static_cast<double>(phase.steps) * p.dt);
    out.key("plasticity", phase.plasticity);
    out.key("reset", phase.reset);
    out.key("frozen_input", phase.frozen_input);
    out.table("phase." + toml_key(phase.name) + ".stimulus");
    out.choice(phase.stimulus);
  }
  for (const ConstraintSpec& constraint : p.constraints) {
    out.table("constraint." + toml_key(constraint.name));
    out.key("pathway", constraint.pathway);
    out.choice(constraint.choice);
  }
  for (const PerturbationSpec& perturbation : p.perturbations) {
    out.table("perturbation." + toml_key(perturbation.name));
    constexpr const char* subsets[] = {"all", "even", "odd"};
    out.key("networks", std::string(subsets[static_cast<int>(perturbation.networks)]));
    out.key("trials", perturbation.trials_text);
    out.choice(perturbation.choice);
  }
  for (const LossSpec& loss : p.losses) {
    out.table("loss." + toml_key(loss.name));
    out.key("weight", loss.weight);
    out.choice(loss.choice);
  }
  if (p.search) write_search(out, *p.search);
}

// Where and how lives run: nothing that results depend on.
void write_evaluation(Writer& out, const Pipeline& p) {
  out.table("executor");
  out.choice(p.executor);
  out.table("evaluation");
  out.key("isolation", std::string(p.evaluation.isolated ? "process" : "none"));
  out.key("time_limit", p.evaluation.time_limit);
  out.key("memory_limit", p.evaluation.memory_limit);
  out.key("tolerated_failures", p.evaluation.tolerated_failures);
}

void write_stages(Writer& out, const Pipeline& p) {
  for (const StageSpec& stage : p.stages) {
    out.table("stage." + toml_key(stage.name));
    out.line(stage.text.substr(0, stage.text.rfind('\n')));
  }
}

}  // namespace

std::string parameters_text(const PluginChoice& choice) {
  std::string text;
  const auto line = [&](const std::string& key, const Config::Value& value, std::string_view unit) {
    text += key + " = " + toml_value(value) + (unit == "1" ? "" : "  # " + std::string(unit)) + "\n";
  };
  for (const abi::Parameter& p : choice.plugin->descriptor->parameters) {
    const Config::Value& value = choice.config.values().find(p.name)->second;
    if (p.name != any_other_key) {
      line(toml_path(p.name), value, p.unit);
      continue;
    }
    for (const std::string& entry : std::get<std::vector<std::string>>(value)) {
      const auto equals = entry.find(" = ");
      line(toml_key(entry.substr(0, equals)), entry.substr(equals + 3), "1");
    }
  }
  return text;
}

std::string budget_text(const BudgetSpec& budget) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    text += std::string(text.empty() ? "" : ", ") + name + " = " + value;
  };
  if (budget.evaluations > 0) add("evaluations", std::to_string(budget.evaluations));
  if (budget.generations > 0) add("generations", std::to_string(budget.generations));
  if (budget.lives > 0) add("lives", std::to_string(budget.lives));
  if (budget.wall_time > 0) add("wall_time", toml_real(budget.wall_time));
  return "{ " + text + " }";
}

std::string resolved_text(const Pipeline& pipeline) {
  Writer out;
  write_all(out, pipeline);
  write_evaluation(out, pipeline);
  write_stages(out, pipeline);
  out.plugin_record();
  return out.take();
}

std::vector<const RegisteredPlugin*> plugins_of(const Pipeline& pipeline) {
  Writer out;
  write_all(out, pipeline);
  write_evaluation(out, pipeline);
  return out.plugins();
}

std::string plugin_record_text(const Pipeline& pipeline) {
  Writer out;
  write_all(out, pipeline);
  out.take();
  out.plugin_record();
  return out.take();
}

std::string life_text(Pipeline pipeline, bool candidates) {
  if (!candidates) pipeline.search.reset();  // what it would move may not be there
  if (candidates) {
    pipeline.search->start_from.clear();
    pipeline.search->references.clear();
  }
  Writer out;
  write_all(out, pipeline);
  write_evaluation(out, pipeline);
  return out.take();
}

std::string identity_text(Pipeline pipeline) {
  if (pipeline.search) pipeline.search->budget = {};
  pipeline.networks.report = 0;
  pipeline.title.clear();
  Writer out;
  write_all(out, pipeline);
  return out.take();
}

}  // namespace hebbforge
