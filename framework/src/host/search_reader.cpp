#include "host/search_reader.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>
#include <hebbforge/host/suggestion.hpp>
#include <hebbforge/log.hpp>
#include <iterator>
#include <set>

#include "host/rule_file.hpp"
#include "host/settable.hpp"

namespace hebbforge {
namespace {

// '*' stands for any characters. Names of terms contain it too, so an equal name is looked for first.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), text) || (!text.empty() && matches(pattern, text.substr(1)));
  return !text.empty() && pattern.front() == text.front() && matches(pattern.substr(1), text.substr(1));
}

void read_free(const Node::Entry& entry, const std::vector<Settable>& all, std::vector<FreeParameter>& free,
               Mistakes& mistakes) {
  std::vector<const Settable*> chosen;
  for (const Settable& s : all) {
    if (s.path == entry.key) chosen.push_back(&s);
  }
  if (chosen.empty()) {
    for (const Settable& s : all) {
      if (matches(entry.key, s.path)) chosen.push_back(&s);
    }
  }
  if (chosen.empty()) {
    std::vector<std::string> paths;
    for (const Settable& s : all) paths.push_back(s.path);
    mistakes.add(entry.key_place, "nothing that may be searched is named '" + entry.key + "'." +
                                      suggestion(entry.key, paths) + "\n  there are: " + joined(paths));
    return;
  }
  const bool defaults = entry.value.type == Node::Type::boolean && std::get<bool>(entry.value.scalar);
  TableReader reader(defaults ? nullptr : &entry.value, "\"" + entry.key + "\"", entry.key_place, mistakes);
  if (!defaults && !reader.node()) return;
  const std::string_view unit = chosen.front()->parameter->unit;
  const NumberLimits any{unit, -HUGE_VAL, HUGE_VAL};
  const auto start = reader.optional_real("start", any);
  const auto step = reader.optional_real("step", {unit, 0, HUGE_VAL, true});
  const std::string scale =
      reader.text("scale", chosen.front()->parameter->log_scale ? "log" : "linear", {"linear", "log"});
  const Node* range = reader.take("range");
  std::optional<double> low, high;
  if (range && range->type == Node::Type::array && range->array.size() == 2) {
    low = checked_real(range->array[0], "'range'", any, mistakes);
    high = checked_real(range->array[1], "'range'", any, mistakes);
    if (low && high && *low > *high) {
      mistakes.add(range->place, "the first value of 'range' is above the second");
      return;
    }
  } else if (range) {
    mistakes.add(range->place,
                 "'range' is " + describe(*range) + "; expected two values, as in range = [-10, 10]");
  }
  reader.finish();
  for (const Settable* s : chosen) {
    const abi::Parameter& p = *s->parameter;
    FreeParameter f{s->path,
                    s->target,
                    start.value_or(s->value),
                    low.value_or(p.minimum),
                    high.value_or(p.maximum),
                    step.value_or(p.step),
                    p.unit,
                    scale == "log"};
    if (f.lower < p.minimum || f.upper > p.maximum) {
      mistakes.add(range ? range->place : entry.key_place, "'range' exceeds what '" + f.path +
                                                               "' allows: " + toml_real(p.minimum) + " to " +
                                                               toml_real(p.maximum));
    } else if (f.start < f.lower || f.start > f.upper) {
      mistakes.add(entry.key_place, "the start of '" + f.path + "', " + toml_real(f.start) +
                                        ", lies outside of its range " + toml_real(f.lower) + " to " +
                                        toml_real(f.upper));
    } else if (!(f.step > 0)) {
      mistakes.add(entry.key_place,
                   "'" + f.path + "' needs a 'step', the search's initial standard deviation");
    } else if (f.log_scale && !(f.lower > 0)) {
      mistakes.add(entry.key_place, "'" + f.path + "' is on a log scale, so its range has to be above 0");
    }
    // A later entry refines an earlier one, which decides the place in the search vector.
    const auto there = std::ranges::find(free, f.path, &FreeParameter::path);
    if (there != free.end())
      *there = std::move(f);
    else
      free.push_back(std::move(f));
  }
}

// In the published code time constant j of the k-th rule (in the order of the pathways) is that of row k + j,
// so that neighbouring rules share all but one. The first free one of a row sets the others.
void share_time_constants(const Pipeline& pipeline, std::vector<FreeParameter>& free) {
  std::vector<std::vector<ParameterTarget>> rows;
  std::size_t rules = 0;
  for (std::size_t p = 0; p < pipeline.pathways.size(); ++p) {
    if (!pipeline.pathways[p].rule) continue;
    std::set<int> time_constants;
    for (const Signal& signal : pipeline.pathways[p].rule->basis->signals())
      time_constants.insert(signal.tau);
    std::size_t row = rules++;
    for (const int tau : time_constants) {
      if (tau < 0) continue;
      rows.resize(std::max(rows.size(), row + 1));
      rows[row++].push_back({ParameterTarget::Part::rule, p, static_cast<std::size_t>(tau), ""});
    }
  }
  for (const auto& row : rows) {
    std::string first;
    for (const ParameterTarget& target : row) {
      const auto found = std::ranges::find(free, target, &FreeParameter::target);
      if (found == free.end()) continue;
      if (first.empty())
        first = found->path;
      else
        free.erase(found);
    }
    if (first.empty()) continue;
    FreeParameter& leader = *std::ranges::find(free, first, &FreeParameter::path);
    std::ranges::copy_if(row, std::back_inserter(leader.followers),
                         [&](const ParameterTarget& target) { return !(target == leader.target); });
  }
}

// Values of a rule file become the start of the parameters of the same name; others keep theirs.
void start_from_rule(const Pipeline& pipeline, SearchSpec& search, const LoadedRules& loaded) {
  for (const auto& [target, value] : loaded.others) {
    const auto free = std::ranges::find(search.free, target, &FreeParameter::target);
    if (free != search.free.end())
      free->start = std::clamp(value, free->lower, free->upper);
    else if (value_of(pipeline, target) != value)
      log_warning("the rule of 'start_from' was found with '" + target.parameter + "' at " +
                  toml_real(value) + "; it does not move here and stays at " +
                  toml_real(value_of(pipeline, target)));
  }
  for (FreeParameter& f : search.free) {
    if (f.target.part != ParameterTarget::Part::rule || !loaded.pathways[f.target.owner]) continue;
    const RuleSpec& rule = *loaded.pathways[f.target.owner];
    const std::string name = f.path.substr(f.path.find('.') + 1);
    const auto parameters = rule.basis->parameters();
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      if (parameters[k].name == name) f.start = std::clamp(rule.values[k], f.lower, f.upper);
    }
  }
}

}  // namespace

BudgetSpec read_budget(TableReader& table) {
  BudgetSpec budget;
  const Node* node = table.take("budget");
  if (!node) {
    table.mistakes().add(table.place(),
                         table.what() + " needs the key 'budget', as in budget = { evaluations = 3000 }");
    return budget;
  }
  TableReader reader(node, "'budget'", node->place, table.mistakes());
  budget.evaluations = reader.integer("evaluations", 0, 1);
  budget.generations = reader.integer("generations", 0, 1);
  budget.lives = reader.integer("lives", 0, 1);
  budget.wall_time = reader.real("wall_time", 0, {"s", 0, HUGE_VAL, true});
  const auto before = table.mistakes().count();
  reader.finish();
  if (table.mistakes().count() == before && budget.evaluations == 0 && budget.generations == 0 &&
      budget.lives == 0 && budget.wall_time == 0) {
    table.mistakes().add(node->place, "'budget' needs one of: evaluations, generations, lives, wall_time");
  }
  return budget;
}

void read_search(TableReader& top, PluginReader& plugins, Pipeline& pipeline) {
  const Node* node = top.table("search");
  if (!node) return;
  Mistakes& mistakes = plugins.mistakes();
  TableReader reader(node, "[search]", node->place, mistakes);
  SearchSpec search;
  search.optimizer = plugins.nested(abi::Kind::optimizer, reader, "optimizer");
  search.budget = read_budget(reader);
  search.graded_failure = reader.text("failure", "graded", {"graded", "published"}) == "graded";
  search.pick_by_median = reader.text("pick", "median", {"median", "sum"}) == "median";
  search.racing = reader.boolean("racing", false);
  search.shared_time_constants =
      reader.text("time_constants", "decoupled", {"decoupled", "published"}) == "published";
  search.redraw = reader.text("redraw", "never", {"never", "generation"}) == "generation";
  if (const Node* start = reader.take("start_from")) {
    if (start->type != Node::Type::text) {
      mistakes.add(start->place, "'start_from' is " + describe(*start) +
                                     "; expected a rule file or the directory of a run");
    } else {
      search.start_from = path_of(start->text(), start->place);
      if (!std::filesystem::exists(search.start_from))
        mistakes.add(start->place, "there is no rule file or run '" + search.start_from.string() + "'");
    }
  }
  if (const Node* references = reader.take("references")) {
    const Node* list = references->type == Node::Type::array ? references : nullptr;
    if (!list)
      mistakes.add(references->place, "'references' is " + describe(*references) +
                                          "; expected a list, as in [\"no_plasticity\"]");
    for (const Node& name : list ? list->array : std::vector<Node>{}) {
      if (name.type != Node::Type::text) {
        mistakes.add(name.place, "a reference is " + describe(name) +
                                     "; expected \"no_plasticity\", a preset, or a rule file");
        continue;
      }
      ReferenceRule reference{name.text(), name.text(),
                              load_rules(plugins, pipeline, name.text(), name.place)};
      if (const auto file = rule_file_named(name.text(), name.place)) {
        const auto said = path_of(name.text(), name.place);
        reference.name = (*file == said ? said.stem() : said.filename()).string();
        reference.source = file->string();
      }
      search.references.push_back(std::move(reference));
    }
  } else {
    search.references.push_back(
        {"no_plasticity", "no_plasticity", load_rules(plugins, pipeline, "no_plasticity", {})});
  }
  const Node* free = reader.table("free");
  if (!free || free->table.empty()) {
    mistakes.add(reader.place(),
                 "[search] needs a table [search.free] that names what may move, as in \"EE.c.*\" = { range "
                 "= [-10, 10], step = 0.003 }");
  } else {
    // A rule that could not be read has no names yet; its mistake is told already.
    const bool incomplete = mistakes.count() > 0;
    const auto all = settables(pipeline);
    for (const Node::Entry& entry : free->table) {
      const std::string owner = entry.key.substr(0, entry.key.find('.')) + ".";
      const bool known =
          std::ranges::any_of(all, [&](const Settable& s) { return s.path.starts_with(owner); });
      if (known || !incomplete) read_free(entry, all, search.free, mistakes);
    }
  }
  if (search.shared_time_constants) {
    share_time_constants(pipeline, search.free);
    if (std::ranges::count_if(pipeline.pathways, [](const PathwaySpec& p) { return p.rule.has_value(); }) < 2)
      mistakes.add(
          node->place,
          "[search] has time_constants = \"published\", which is how several rules share them, but fewer "
          "than two pathways have a rule; leave it out");
  }
  if (std::filesystem::is_regular_file(search.start_from)) {
    start_from_rule(pipeline, search, load_rules(plugins, pipeline, search.start_from.string(), {}));
  }
  reader.finish();
  if (pipeline.losses.empty()) mistakes.add(node->place, "a search needs at least one table [loss.NAME]");
  pipeline.search = std::move(search);
}

}  // namespace hebbforge
