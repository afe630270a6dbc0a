#include "host/stage_reader.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/host/suggestion.hpp>

#include "host/resolved.hpp"
#include "host/rule_file.hpp"
#include "host/search_reader.hpp"
#include "host/settable.hpp"

namespace hebbforge {
namespace {

using Kind = StageSpec::Kind;

const std::vector<std::pair<std::string, Kind>> kinds{
    {"simulate", Kind::simulate},
    {"dropout", Kind::dropout},
    {"rank_and_refit", Kind::rank_and_refit},
    {"forward_selection", Kind::forward_selection},
    {"sweep", Kind::sweep},
    {"compare", Kind::compare},
};

bool searches(Kind kind) { return kind == Kind::rank_and_refit || kind == Kind::forward_selection; }

/// What is set over the pipeline's file: texts as after --set.
struct Condition {
  std::string name;
  std::vector<std::string> overrides;
  Place place;
};

struct Source {
  std::string rule, instance, text;
  Place place;
  std::vector<std::string> overrides{};
};

// A key with dots is a path, as after --set.
std::vector<std::string> overrides_of(const Node& table) {
  std::vector<std::string> all;
  for (const Node::Entry& entry : table.table) {
    const bool path = entry.key.find('.') != std::string::npos;
    all.push_back((path ? entry.key : toml_key(entry.key)) + "=" + toml_inline(entry.value));
  }
  return all;
}

// The table of a search with the files that it names as they are found from anywhere.
Node with_absolute_paths(Node search) {
  const auto absolute = [](Node& node) {
    if (node.type != Node::Type::text) return;
    const auto path = path_of(node.text(), node.place);
    if (std::filesystem::exists(path)) node.scalar = path.string();
  };
  if (Node* start = search.find("start_from")) absolute(*start);
  if (Node* references = search.find("references")) {
    for (Node& reference : references->array) absolute(reference);
  }
  return search;
}

class StageReader {
 public:
  StageReader(const Node::Entry& entry, PluginReader& plugins, const PipelineOptions& options,
              const Pipeline& pipeline)
      : entry_(entry),
        plugins_(plugins),
        mistakes_(plugins.mistakes()),
        options_(options),
        pipeline_(pipeline),
        reader_(&entry.value, "[stage." + entry.key + "]", entry.key_place, mistakes_) {}

  StageSpec read() {
    const auto before = mistakes_.count();
    spec_.name = entry_.key;
    check_name(entry_, mistakes_);
    if (spec_.name == "plots" || spec_.name == "running")
      mistakes_.add(entry_.key_place,
                    "'" + spec_.name + "' is a name of the run directory's own: give the stage another one");
    std::vector<std::string> names;
    for (const auto& [name, kind] : kinds) names.push_back(name);
    reader_.require("kind");
    const std::string kind = reader_.text("kind", names.back(), names);
    for (const auto& [name, value] : kinds) {
      if (name == kind) spec_.kind = value;
    }
    if (!searches(spec_.kind)) {
      spec_.network_set = reader_.text("network_set", spec_.network_set, {"search", "select", "report"});
      spec_.networks = reader_.integer("networks", spec_.kind == Kind::simulate ? 1 : 100, 1, 1'000'000);
    }
    if (spec_.kind == Kind::compare)
      spec_.published_statistics = reader_.boolean("published_statistics", false);
    if (spec_.kind == Kind::rank_and_refit) read_ranking();
    if (searches(spec_.kind)) read_searches();
    const auto sources = read_sources();
    const auto conditions = read_conditions();
    reader_.finish();
    if (mistakes_.count() > before) return spec_;
    for (const Source& source : sources) {
      for (const Condition& condition : conditions) add(source, condition);
    }
    write_text(sources);
    return std::move(spec_);
  }

 private:
  // --- what is scored

  std::vector<Source> read_sources() {
    const Node *one = reader_.take("rule"), *several = reader_.table("rules");
    if (one && several) mistakes_.add(one->place, reader_.what() + " has both 'rule' and 'rules'; give one");
    std::vector<Source> all;
    if (several) {
      for (const Node::Entry& family : several->table) read_family(family, all);
    } else if (one) {
      add_sources(one->type == Node::Type::array ? "rule" : "", *one, all);
    } else {
      const std::string text = pipeline_.search ? "search" : "pipeline";
      all.push_back({text, "", text, reader_.place()});
    }
    for (std::size_t k = 0; k < all.size(); ++k) {
      const bool twice = std::any_of(
          all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k),
          [&](const Source& s) { return s.rule == all[k].rule && s.instance == all[k].instance; });
      if (twice)
        mistakes_.add(all[k].place, "two rules of " + reader_.what() + " are called '" + all[k].rule +
                                        (all[k].instance.empty() ? "" : " " + all[k].instance) +
                                        "': rename a file or folder, or give them names in 'rules'");
    }
    if (searches(spec_.kind)) {
      for (const Source& s : all) {
        if (s.rule != all.front().rule)
          mistakes_.add(s.place, reader_.what() + " starts from one rule, or from the mean of one family");
      }
    }
    return all;
  }

  // A rule, a list of rules, or a table of such and of what they bring along.
  void read_family(const Node::Entry& family, std::vector<Source>& all) {
    if (family.value.type != Node::Type::table) return add_sources(family.key, family.value, all);
    TableReader table(&family.value, "the rule '" + family.key + "' of " + reader_.what(), family.key_place,
                      mistakes_);
    table.require("from");
    const std::size_t first = all.size();
    if (const Node* from = table.take("from")) add_sources(family.key, *from, all);
    if (const Node* set = table.table("set")) {
      for (std::size_t k = first; k < all.size(); ++k) all[k].overrides = overrides_of(*set);
    }
    table.finish();
  }

  void add_sources(const std::string& name, const Node& node, std::vector<Source>& all) {
    const bool list = node.type == Node::Type::array;
    for (const Node& source : list ? node.array : std::vector<Node>{node}) {
      if (source.type != Node::Type::text) {
        mistakes_.add(source.place,
                      "a rule is " + describe(source) +
                          "; expected \"search\", \"pipeline\", \"no_plasticity\", a preset, a rule "
                          "file, or the directory of a run");
        continue;
      }
      add_source(name, list, source, all);
    }
  }

  void add_source(const std::string& name, bool in_family, const Node& node, std::vector<Source>& all) {
    const std::string& text = node.text();
    if (text == "search" && !pipeline_.search) {
      mistakes_.add(node.place,
                    "'search' is the rule that the search picks, but the pipeline has no [search]");
      return;
    }
    const auto path = path_of(text, node.place);
    if (!std::filesystem::is_directory(path)) {
      const bool is_file = std::filesystem::is_regular_file(path);
      const std::string own = is_file ? path.stem().string() : text;
      all.push_back(
          {name.empty() ? own : name, in_family ? own : "", is_file ? path.string() : text, node.place});
      return;
    }
    // A run, or the folder of the runs of several seeds.
    std::vector<std::filesystem::path> runs;
    if (std::filesystem::exists(path / "pipeline.toml")) {
      runs.push_back(path);
    } else {
      for (const auto& inner : std::filesystem::directory_iterator(path)) {
        if (std::filesystem::exists(inner.path() / "pipeline.toml")) runs.push_back(inner.path());
      }
      std::ranges::sort(runs);
      in_family = true;
    }
    if (runs.empty())
      mistakes_.add(node.place, "'" + path.string() + "' is no run directory: it has no pipeline.toml");
    for (const auto& run : runs) {
      const std::string own = run.filename().string();
      all.push_back(
          {name.empty() ? path.filename().string() : name, in_family ? own : "", run.string(), node.place});
    }
  }

  std::vector<Condition> read_conditions() {
    Condition base{"", {}, reader_.place()};
    if (const Node* set = reader_.table("set")) base.overrides = overrides_of(*set);
    if (spec_.kind == Kind::sweep) return swept(base);
    const Node* table =
        spec_.kind == Kind::compare || spec_.kind == Kind::simulate ? reader_.table("conditions") : nullptr;
    if (!table || table->table.empty()) return {base};
    std::vector<Condition> all;
    for (const Node::Entry& entry : table->table) {
      if (entry.value.type != Node::Type::table) {
        mistakes_.add(entry.value.place, "the condition '" + entry.key + "' is " + describe(entry.value) +
                                             "; expected a table of what it sets");
        continue;
      }
      Condition condition{entry.key, base.overrides, entry.key_place};
      for (std::string& text : overrides_of(entry.value)) condition.overrides.push_back(std::move(text));
      all.push_back(std::move(condition));
    }
    return all;
  }

  // All combinations of the values of up to two parameters, the last one fastest.
  std::vector<Condition> swept(const Condition& base) {
    const Node* vary = reader_.table("vary");
    if (!vary || vary->table.empty() || vary->table.size() > 2) {
      mistakes_.add(vary ? vary->place : reader_.place(),
                    reader_.what() +
                        " needs a table 'vary' of one or two paths and their values, as in vary = "
                        "{ \"perturbation.turnover.probability\" = [0, 4e-4] }");
      return {};
    }
    std::vector<Condition> all{base};
    for (const Node::Entry& entry : vary->table) {
      if (entry.value.type != Node::Type::array || entry.value.array.empty()) {
        mistakes_.add(entry.value.place, "'" + entry.key + "' is " + describe(entry.value) +
                                             "; expected the list of its values");
        return {};
      }
      std::vector<Condition> next;
      for (const Condition& before : all) {
        for (const Node& value : entry.value.array) {
          Condition condition = before;
          condition.name += (before.name.empty() ? "" : ", ") + name_of_swept(entry.key, value);
          condition.overrides.push_back(entry.key + "=" + toml_inline(value));
          condition.place = value.place;
          next.push_back(std::move(condition));
        }
      }
      all = std::move(next);
    }
    return all;
  }

  void add(const Source& source, const Condition& condition) {
    StageVariant variant{source.rule, source.instance, condition.name, {}, {}, source.text == "search", {}};
    const bool is_run = std::filesystem::is_directory(source.text);
    if (is_run) variant.run = source.text;
    PipelineOptions options = options_;
    options.stages = options.needs_search = options.smoke = false;
    if (is_run) {  // another run's circuit and life on this pipeline's networks
      const Seeds& s = pipeline_.seeds;
      options.overrides.clear();  // they belong to this pipeline's file
      options.overrides.push_back("seeds={networks=" + std::to_string(s.networks) +
                                  ",inputs=" + std::to_string(s.inputs) +
                                  ",perturbations=" + std::to_string(s.perturbations) + "}");
    }
    for (const auto* overrides : {&source.overrides, &condition.overrides})
      variant.overrides.insert(variant.overrides.end(), overrides->begin(), overrides->end());
    options.overrides.insert(options.overrides.end(), variant.overrides.begin(), variant.overrides.end());
    const auto file = is_run ? variant.run / "pipeline.toml" : pipeline_.file;
    try {
      auto read = std::make_shared<Pipeline>(load_pipeline(plugins_.registry(), file, options));
      if (!is_run && !variant.learned && source.text != "pipeline") {
        const LoadedRules rules = load_rules(plugins_, *read, source.text, source.place);
        *read = with_overrides(with_rules(*read, rules), *read, variant.overrides);
      }
      variant.pipeline = std::move(read);
    } catch (const ConfigError& error) {
      const std::string what = is_run ? "the run '" + source.text + "'" : "this pipeline";
      mistakes_.add(condition.place, reader_.what() + ": " + what + " cannot be used" +
                                         (condition.name.empty() ? "" : " under '" + condition.name + "'") +
                                         ":\n  " + error.what());
      return;
    }
    if (variant.pipeline->losses.empty() && spec_.kind != Kind::simulate) {
      mistakes_.add(reader_.place(), reader_.what() + " scores lives, but the pipeline has no [loss.NAME]");
      return;
    }
    spec_.variants.push_back(std::move(variant));
  }

  // --- searches within a stage

  void read_ranking() {
    spec_.keep_below = reader_.real("keep_below", HUGE_VAL, {"1", 0, HUGE_VAL, true});
    reader_.require("dropout");
    const Node* node = reader_.take("dropout");
    if (!node) return;
    for (const Node& one : node->type == Node::Type::array ? node->array : std::vector<Node>{*node}) {
      if (one.type != Node::Type::text) {
        mistakes_.add(one.place,
                      "'dropout' is " + describe(one) +
                          "; expected a stage of this pipeline, or the folders of such stages of other runs");
        continue;
      }
      const auto there = std::ranges::find(pipeline_.stages, one.text(), &StageSpec::name);
      const auto path = path_of(one.text(), one.place);
      if (there != pipeline_.stages.end() && there->kind == Kind::dropout) {
        spec_.rankings.push_back(one.text());
      } else if (std::filesystem::exists(path / "ranking.csv")) {
        spec_.rankings.push_back(path.string());
      } else {
        std::vector<std::string> names;
        for (const StageSpec& s : pipeline_.stages) {
          if (s.kind == Kind::dropout) names.push_back(s.name);
        }
        mistakes_.add(one.place, "there is no earlier stage of kind dropout, and no folder of one, named '" +
                                     one.text() + "'." + suggestion(one.text(), names));
      }
    }
  }

  void read_searches() {
    const bool own = reader_.take("search") != nullptr;
    Pipeline with_own = pipeline_;
    if (own) read_search(reader_, plugins_, with_own);
    spec_.search = with_own.search;
    if (!spec_.search) {
      mistakes_.add(reader_.place(),
                    reader_.what() + " searches, so it or the pipeline needs a table [search]");
      return;
    }
    spec_.keep_signs = reader_.boolean("keep_signs", spec_.kind == Kind::rank_and_refit);
    if (spec_.kind == Kind::rank_and_refit) {
      const Node* terms = reader_.take("terms");
      for (const Node& k : terms && terms->type == Node::Type::array ? terms->array : std::vector<Node>{}) {
        if (k.type == Node::Type::integer && std::get<std::int64_t>(k.scalar) > 0)
          spec_.terms.push_back(std::get<std::int64_t>(k.scalar));
        else
          mistakes_.add(k.place, "a number of terms is " + describe(k) + "; expected a whole number from 1");
      }
      if (spec_.terms.empty())
        mistakes_.add(
            terms ? terms->place : reader_.place(),
            reader_.what() + " needs the list 'terms': how many of the best ranked, as in terms = [1, 2, 3]");
    } else {
      spec_.terms = {reader_.integer("terms", 4, 1, 1000)};
    }
    if (!own) spec_.search->budget = read_budget(reader_);
  }

  // --- the table again, complete

  void write_text(const std::vector<Source>& sources) {
    std::string& text = spec_.text;
    const auto key = [&](const std::string& name, const std::string& value) {
      text += name + " = " + value + "\n";
    };
    for (const auto& [name, kind] : kinds) {
      if (kind == spec_.kind) key("kind", toml_text(name));
    }
    std::string rules;
    for (std::size_t k = 0; k < sources.size(); ++k) {
      const Source& source = sources[k];
      const bool family = !source.instance.empty(), first = k == 0 || source.rule != sources[k - 1].rule,
                 last = k + 1 == sources.size() || sources[k + 1].rule != source.rule;
      if (first) rules += (k == 0 ? "" : ", ") + toml_key(source.rule) + " = { from = " + (family ? "[" : "");
      rules += (first ? "" : ", ") + toml_text(source.text) + (last && family ? "]" : "");
      if (!last) continue;
      const Node* written = entry_.value.find("rules");
      written = written ? written->find(source.rule) : nullptr;
      const Node* set = written && written->type == Node::Type::table ? written->find("set") : nullptr;
      rules += (set ? ", set = " + toml_inline(*set) : "") + " }";
    }
    key("rules", "{ " + rules + " }");
    if (searches(spec_.kind)) {
      if (spec_.kind == Kind::rank_and_refit) {
        key("dropout", toml_value(Config::Value(spec_.rankings)));
        if (std::isfinite(spec_.keep_below)) key("keep_below", toml_real(spec_.keep_below));
        key("terms", toml_value(Config::Value(spec_.terms)));
      } else {
        key("terms", std::to_string(spec_.terms.front()));
      }
      key("keep_signs", spec_.keep_signs ? "true" : "false");
      if (const Node* own = entry_.value.find("search"))
        key("search", toml_inline(with_absolute_paths(*own)));
      else
        key("budget", budget_text(spec_.search->budget));
    } else {
      key("network_set", toml_text(spec_.network_set));
      key("networks", std::to_string(spec_.networks));
    }
    if (spec_.kind == Kind::compare)
      key("published_statistics", spec_.published_statistics ? "true" : "false");
    for (const char* name : {"set", "conditions", "vary"}) {
      if (const Node* node = entry_.value.find(name)) key(name, toml_inline(*node));
    }
  }

  const Node::Entry& entry_;
  PluginReader& plugins_;
  Mistakes& mistakes_;
  const PipelineOptions& options_;
  const Pipeline& pipeline_;
  TableReader reader_;
  StageSpec spec_;
};

}  // namespace

std::string name_of_swept(std::string_view path, const Node& value) {
  return std::string(path.substr(path.rfind('.') + 1)) + "=" +
         (value.type == Node::Type::text ? value.text() : toml_inline(value));
}

void read_stages(TableReader& top, PluginReader& plugins, const PipelineOptions& options,
                 Pipeline& pipeline) {
  const Node* all = top.table("stage");
  if (!all) return;
  for (const Node::Entry& entry : all->table)
    pipeline.stages.push_back(StageReader(entry, plugins, options, pipeline).read());
}

}  // namespace hebbforge
