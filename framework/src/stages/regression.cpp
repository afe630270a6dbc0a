#include "stages/regression.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <numeric>

#include "host/document.hpp"
#include "host/mistakes.hpp"
#include "host/resolved.hpp"
#include "host/table_reader.hpp"

namespace hebbforge {
namespace {

std::vector<std::string> texts(TableReader& reader, const char* key) {
  const Node* node = reader.take(key);
  std::vector<std::string> all;
  if (!node) return all;
  if (node->type != Node::Type::array) {
    reader.mistakes().add(node->place,
                          "'" + std::string(key) + "' is " + describe(*node) + "; expected a list of texts");
    return all;
  }
  for (const Node& entry : node->array) {
    if (entry.type == Node::Type::text)
      all.push_back(entry.text());
    else
      reader.mistakes().add(entry.place, describe(entry) + " in '" + key + "'; expected a text");
  }
  return all;
}

Allowance read_allowance(const Node::Entry& entry, Mistakes& mistakes) {
  const Node& node = entry.value;
  const auto refuse = [&] {
    mistakes.add(node.place,
                 "check '" + entry.key + "' is " + describe(node) +
                     "; expected \"exact\", \"statistical\", { relative = T } or { absolute = T }");
    return Allowance{};
  };
  if (node.type == Node::Type::text) {
    if (node.text() == "exact") return {Allowance::Kind::exact, 0};
    if (node.text() == "statistical") return {Allowance::Kind::statistical, 0};
    return refuse();
  }
  if (node.type != Node::Type::table || node.table.size() != 1) return refuse();
  const Node::Entry& only = node.table.front();
  const bool relative = only.key == "relative";
  if (!relative && only.key != "absolute") return refuse();
  const auto tolerance = checked_real(only.value, "'" + only.key + "'", {"1", 0, HUGE_VAL}, mistakes);
  return {relative ? Allowance::Kind::relative : Allowance::Kind::absolute, tolerance.value_or(0)};
}

RegressionCase read_case(const Node::Entry& entry, Mistakes& mistakes) {
  TableReader reader(&entry.value, "[case." + entry.key + "]", entry.key_place, mistakes);
  RegressionCase c;
  c.name = entry.key;
  reader.require("pipeline");
  const std::string file = reader.text("pipeline", "");
  if (const Node* node = entry.value.find("pipeline"); node && !file.empty()) {
    c.pipeline = path_of(file, node->place);
    if (!std::filesystem::is_regular_file(c.pipeline))
      mistakes.add(node->place, "there is no pipeline '" + c.pipeline.string() + "'");
  }
  c.overrides = texts(reader, "set");
  c.search = reader.text("stage", "simulate", {"simulate", "run"}) == "run";
  c.rule = reader.text("rule", "");
  c.networks = reader.integer("networks", 1, 1, 1000000);
  c.seeds = reader.integer("seeds", 1, 1, 100000);
  if (c.search && (entry.value.find("rule") || entry.value.find("networks")))
    mistakes.add(entry.key_place, "'rule' and 'networks' of [case." + entry.key +
                                      "] are for lives; with stage = \"run\" the pipeline has them");
  const Node* checks = reader.table("check");
  if (checks && !checks->table.empty()) {
    for (const Node::Entry& check : checks->table) {
      c.checks.emplace_back(check.key, read_allowance(check, mistakes));
      if (c.checks.back().second.kind == Allowance::Kind::statistical && c.seeds < 3)
        mistakes.add(check.value.place,
                     "a statistical check needs at least 3 seeds: set 'seeds' of [case." + entry.key + "]");
    }
  } else {
    mistakes.add(entry.key_place, "[case." + entry.key + "] checks nothing: add a table 'check'");
  }
  reader.finish();
  return c;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Probability of a difference of means at least this large if both samples have one mean.
double welch_p(const std::vector<double>& a, const std::vector<double>& b) {
  const auto squared_error = [](const std::vector<double>& v) {
    const double m = mean(v), n = static_cast<double>(v.size());
    double sum = 0;
    for (const double x : v) sum += (x - m) * (x - m);
    return sum / (n - 1) / n;
  };
  const double ea = squared_error(a), eb = squared_error(b), difference = std::abs(mean(a) - mean(b));
  if (!(ea + eb > 0)) return difference == 0 ? 1 : 0;
  const double freedom =
      (ea + eb) * (ea + eb) /
      (ea * ea / (static_cast<double>(a.size()) - 1) + eb * eb / (static_cast<double>(b.size()) - 1));
  const boost::math::students_t t(freedom);
  return 2 * boost::math::cdf(boost::math::complement(t, difference / std::sqrt(ea + eb)));
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Fills what people read, and the failure.
void judge(const Allowance& allowance, double false_alarm, const std::vector<double>& old,
           const std::vector<double>& now, Verdict& v) {
  if (old.size() != now.size()) {
    v.failure = "the baseline has " + std::to_string(old.size()) + " seeds, the suite " +
                std::to_string(now.size()) + "; run with --update";
    return;
  }
  if (allowance.kind == Allowance::Kind::statistical) {
    const bool finite = std::ranges::all_of(old, [](double x) { return std::isfinite(x); }) &&
                        std::ranges::all_of(now, [](double x) { return std::isfinite(x); });
    const double p = finite ? welch_p(old, now) : std::ranges::equal(old, now, same) ? 1 : 0;
    v.drift = "p = " + number(p);
    v.allowed = "p >= " + number(false_alarm);
    if (p < false_alarm) v.failure = "the mean over seeds drifted beyond chance, p = " + number(p);
    return;
  }
  double worst = 0;
  bool good = true;
  for (std::size_t k = 0; k < now.size(); ++k) {
    if (same(old[k], now[k])) continue;
    double drift = std::abs(now[k] - old[k]);
    if (allowance.kind == Allowance::Kind::relative) drift /= std::abs(old[k]);
    if (!(drift <= worst)) worst = drift;
    good = good && allowance.kind != Allowance::Kind::exact && drift <= allowance.tolerance;
  }
  const char* unit = allowance.kind == Allowance::Kind::relative ? " relative" : "";
  v.drift = number(worst) + unit;
  v.allowed = allowance.kind == Allowance::Kind::exact ? "exact" : number(allowance.tolerance) + unit;
  if (!good) v.failure = "drifted by " + v.drift + ", allowed " + v.allowed;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

}  // namespace

RegressionSuite read_suite(const std::filesystem::path& file) {
  const Node root = parse_toml_file(file);
  Mistakes mistakes;
  RegressionSuite suite;
  suite.file = file;
  suite.baseline_file = std::filesystem::path(file).replace_extension(".baseline.toml");
  TableReader top(&root, "the suite", {file.string(), 1, 1}, mistakes);
  suite.false_alarms = top.real("false_alarms", 0.001, {"1", 0, 1, true});
  top.require("case");
  if (const Node* cases = top.table("case")) {
    for (const Node::Entry& entry : cases->table) {
      if (entry.value.type == Node::Type::table)
        suite.cases.push_back(read_case(entry, mistakes));
      else
        mistakes.add(entry.value.place, "case '" + entry.key + "' is " + describe(entry.value) +
                                            "; expected a table [case." + entry.key + "]");
    }
  }
  top.finish();
  mistakes.throw_if_any();
  return suite;
}

Quantities quantities_of_lives(const Pipeline& pipeline, std::int64_t networks,
                               const std::atomic<bool>* stop) {
  SimulateOptions options;
  options.networks = networks;
  options.stop = stop;
  const SimulateSummary summary = simulate(pipeline, options);
  const LivesOverview lives = overview_of(summary);
  Quantities q{{"failed", static_cast<double>(lives.failed)},
               {"survived", static_cast<double>(lives.trials_survived)},
               {"loss", lives.loss}};
  for (std::size_t k = 0; k < lives.measures.size(); ++k) q[summary.measure_names[k]] = lives.measures[k];
  return q;
}

Quantities quantities_of_run(const Pipeline& pipeline, const std::filesystem::path& scratch,
                             const std::atomic<bool>* stop) {
  RunOptions options;
  options.directory = scratch;
  options.stop = stop;
  const RunSummary run = run_search(pipeline, options);
  if (run.interrupted) throw Interrupted();
  Quantities q;
  q["evaluations"] = static_cast<double>(run.evaluations);
  for (std::size_t k = 0; k < run.parameters.size(); ++k) q[run.parameter_names[k]] = run.parameters[k];
  if (run.rules.empty()) return q;
  const RuleSummary& picked = run.rules.front();
  q["search"] = picked.search.sum;
  q["select"] = picked.select.median;
  q["report"] = picked.report.median;
  for (std::size_t k = 0; k < picked.report.measures.size(); ++k)
    q["report." + run.measure_names[k]] = picked.report.measures[k];
  return q;
}

std::map<std::string, std::string> plugin_digests(const Pipeline& pipeline) {
  std::map<std::string, std::string> digests;
  for (const RegisteredPlugin* plugin : plugins_of(pipeline))
    digests[std::string(plugin->name())] = plugin->digest;
  return digests;
}

std::map<std::string, CaseResult> read_baseline(const std::filesystem::path& file) {
  std::map<std::string, CaseResult> results;
  if (!std::filesystem::exists(file)) return results;
  const Node root = parse_toml_file(file);
  const Node* cases = root.find("case");
  const auto refuse = [](const Node& node, const std::string& expected) {
    Mistakes mistakes;
    mistakes.add(node.place, describe(node) + " in a baseline; expected " + expected +
                                 ". Restore the file, or write it again with --update");
    mistakes.throw_if_any();
  };
  if (!cases) return results;
  if (cases->type != Node::Type::table) refuse(*cases, "a table of cases");
  for (const Node::Entry& c : cases->table) {
    if (c.value.type != Node::Type::table) refuse(c.value, "a table of quantities");
    CaseResult& result = results[c.key];
    for (const Node::Entry& entry : c.value.table) {
      if (entry.key == "plugins" && entry.value.type == Node::Type::table) {
        for (const Node::Entry& p : entry.value.table) {
          if (p.value.type != Node::Type::text) refuse(p.value, "a digest");
          result.plugins[p.key] = p.value.text();
        }
        continue;
      }
      if (entry.value.type != Node::Type::array) refuse(entry.value, "a list with a number per seed");
      for (const Node& value : entry.value.array) {
        if (!value.is_number()) refuse(value, "a number");
        result.values[entry.key].push_back(value.number());
      }
    }
  }
  return results;
}

std::string baseline_text(const RegressionSuite& suite, const std::map<std::string, CaseResult>& results) {
  std::string text =
      "# What " + suite.file.filename().string() +
      " gave: a value per seed. Written by `hebbforge regress --update`; review its changes.\n";
  for (const RegressionCase& c : suite.cases) {
    const auto found = results.find(c.name);
    if (found == results.end()) continue;
    text += "\n[case." + toml_key(c.name) + "]\n";
    for (const auto& [quantity, allowance] : c.checks) {
      const auto values = found->second.values.find(quantity);
      if (values == found->second.values.end()) continue;
      text += toml_key(quantity) + " = [";
      for (std::size_t k = 0; k < values->second.size(); ++k)
        text += (k > 0 ? ", " : "") + toml_real(values->second[k]);
      text += "]\n";
    }
    text += "\n[case." + toml_key(c.name) + ".plugins]\n";
    for (const auto& [name, digest] : found->second.plugins)
      text += toml_key(name) + " = " + toml_text(digest) + "\n";
  }
  return text;
}

std::vector<Verdict> compare(const RegressionSuite& suite, const std::map<std::string, CaseResult>& baseline,
                             const std::map<std::string, CaseResult>& now) {
  std::size_t statistical = 0;
  for (const RegressionCase& c : suite.cases) {
    statistical += static_cast<std::size_t>(std::ranges::count_if(
        c.checks, [](const auto& check) { return check.second.kind == Allowance::Kind::statistical; }));
  }
  // Bonferroni: the suite as a whole keeps the stated rate.
  const double false_alarm = suite.false_alarms / static_cast<double>(std::max<std::size_t>(1, statistical));
  std::vector<Verdict> verdicts;
  for (const RegressionCase& c : suite.cases) {
    const CaseResult& result = now.at(c.name);
    for (const auto& [quantity, allowance] : c.checks) {
      Verdict v{c.name, quantity, {}, {}, "", "", ""};
      const auto values = result.values.find(quantity);
      const auto old_case = baseline.find(c.name);
      const std::vector<double>* old = nullptr;
      if (old_case != baseline.end()) {
        const auto at = old_case->second.values.find(quantity);
        if (at != old_case->second.values.end() && !at->second.empty()) old = &at->second;
      }
      if (old) v.baseline = mean(*old);
      if (!result.error.empty()) {
        v.failure = result.error;
      } else if (values == result.values.end()) {
        std::string known;
        for (const auto& [name, all] : result.values) known += (known.empty() ? "" : ", ") + name;
        v.failure = "the case has no quantity '" + quantity + "'; it has " + known;
      } else {
        v.now = mean(values->second);
        if (old)
          judge(allowance, false_alarm, *old, values->second, v);
        else
          v.failure = "no baseline; run with --update";
      }
      verdicts.push_back(std::move(v));
    }
  }
  return verdicts;
}

std::string junit_text(const RegressionSuite& suite, const std::vector<Verdict>& verdicts) {
  const auto failures = std::ranges::count_if(verdicts, [](const Verdict& v) { return !v.failure.empty(); });
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" +
                     escaped(suite.file.stem().string()) + "\" tests=\"" + std::to_string(verdicts.size()) +
                     "\" failures=\"" + std::to_string(failures) + "\">\n";
  for (const Verdict& v : verdicts) {
    text += "  <testcase classname=\"" + escaped(v.case_name) + "\" name=\"" + escaped(v.quantity) + "\"";
    if (v.failure.empty())
      text += "/>\n";
    else
      text += "><failure message=\"" + escaped(v.failure) + "\"/></testcase>\n";
  }
  return text + "</testsuite>\n";
}

}  // namespace hebbforge
