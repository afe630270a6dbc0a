#include "stages/run_record.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <set>

#include "host/document.hpp"
#include "host/hdf5_file.hpp"
#include "stages/csv.hpp"
#include "stages/run_directory.hpp"
#include "stages/search_record.hpp"

namespace hebbforge {
namespace {

// As describe(), but a text stands without quotes and a list with its entries.
std::string text_of(const Node& node) {
  if (node.type == Node::Type::text) return node.text();
  if (node.type != Node::Type::array) return describe(node);
  std::string all = "[";
  for (const Node& entry : node.array) all += (all.size() > 1 ? ", " : "") + text_of(entry);
  return all + "]";
}

void flatten(const Node& node, const std::string& prefix, std::map<std::string, std::string>& out) {
  for (const Node::Entry& entry : node.table) {
    const std::string path = prefix.empty() ? entry.key : prefix + "." + entry.key;
    if (entry.value.type == Node::Type::table)
      flatten(entry.value, path, out);
    else
      out[path] = text_of(entry.value);
  }
}

std::string child(const Node& node, const char* key) {
  const Node* found = node.find(key);
  return found ? text_of(*found) : "?";
}

void read_plugins(const Node& plugins, RunRecord& run) {
  for (const Node::Entry& kind : plugins.table) {
    for (const Node::Entry& plugin : kind.value.table)
      run.plugins[kind.key + " " + plugin.key] =
          child(plugin.value, "version") + " " + child(plugin.value, "digest").substr(0, 8);
  }
}

void read_rule(const Node& rule, RunRecord& run) {
  if (const Node* origin = rule.find("origin")) {
    for (const char* key : {"evaluation", "search_loss", "select_median", "report_median"}) {
      if (const Node* value = origin->find(key)) run.results.emplace_back(key, text_of(*value));
    }
  }
}

void read_report(const std::filesystem::path& file, RunRecord& run) {
  const Hdf5Reader results(file);
  run.results.insert(run.results.begin(),
                     {"evaluations", std::to_string(results.shape("search/loss", 1)[0])});
  if (!results.has("report")) return;
  const Scores report = read_scores(results, "report", read_layout(results, "report"));
  const SetSummary summary = summary_of(report);
  for (std::size_t k = 0; k < summary.measures.size(); ++k)
    run.results.emplace_back("report_" + report.layout.measures[k], toml_real(summary.measures[k]));
  run.results.emplace_back("report_failed", std::to_string(summary.failed));
}

void read_parameters(const Node& rule, RunRecord& run) {
  const Node* pathways = rule.find("pathway");
  if (!pathways) return;
  for (const Node::Entry& pathway : pathways->table) {
    const Node* values = pathway.value.find("values");
    if (!values) continue;
    for (const Node::Entry& value : values->table)
      run.results.emplace_back(pathway.key + "." + value.key, text_of(value.value));
  }
}

std::string line(const std::string& name, const std::string& a, const std::string& b) {
  char text[64];
  std::snprintf(text, sizeof text, "  %-32s ", name.c_str());
  return (name.size() > 32 ? "  " + name + "  " : std::string(text)) + a + "  ->  " + b + "\n";
}

std::string part(const char* title, const std::map<std::string, std::string>& a,
                 const std::map<std::string, std::string>& b) {
  std::map<std::string, std::string> all = a;
  all.insert(b.begin(), b.end());
  std::string text;
  for (const auto& [name, ignored] : all) {
    const auto left = a.find(name), right = b.find(name);
    const std::string l = left == a.end() ? "-" : left->second, r = right == b.end() ? "-" : right->second;
    if (l != r) text += line(name, l, r);
  }
  return text.empty() ? "" : std::string(title) + "\n" + text;
}

}  // namespace

const std::string* RunRecord::result(const std::string& name) const noexcept {
  const auto found = std::ranges::find(results, name, &std::pair<std::string, std::string>::first);
  return found == results.end() ? nullptr : &found->second;
}

RunRecord read_run(const std::filesystem::path& directory) {
  const auto file = directory / "pipeline.toml";
  require_run_directory(directory);
  RunRecord run;
  run.directory = directory;
  const Node pipeline = parse_toml_file(file);
  for (const Node::Entry& entry : pipeline.table) {
    if (entry.key == "plugins")
      read_plugins(entry.value, run);
    else if (entry.value.type == Node::Type::table)
      flatten(entry.value, entry.key, run.pipeline);
    else
      run.pipeline[entry.key] = text_of(entry.value);
  }
  if (std::filesystem::exists(directory / "rule.toml")) {
    const Node rule = parse_toml_file(directory / "rule.toml");
    read_rule(rule, run);
    if (std::filesystem::exists(directory / "results.h5")) {
      try {
        read_report(directory / "results.h5", run);
      } catch (const Error& error) {
        throw ConfigError(error.what());
      }
    }
    read_parameters(rule, run);
  }
  return run;
}

std::string difference_text(const RunRecord& a, const RunRecord& b) {
  std::string text = part("pipeline", a.pipeline, b.pipeline) + part("plugins", a.plugins, b.plugins);
  std::string results;
  for (const auto& [name, value] : a.results) {
    const std::string* other = b.result(name);
    if (!other || *other != value) results += line(name, value, other ? *other : "-");
  }
  for (const auto& [name, value] : b.results) {
    if (!a.result(name)) results += line(name, "-", value);
  }
  return text + (results.empty() ? "" : "results\n" + results);
}

RunTable table_of(const std::vector<RunRecord>& runs) {
  std::set<std::string> keys;
  for (const RunRecord& run : runs) {
    for (const auto& entry : run.pipeline) {  // whole: Clang 14 lets no lambda see a structured binding
      const auto& key = entry.first;
      const bool everywhere = std::ranges::all_of(runs, [&](const RunRecord& other) {
        const auto at = other.pipeline.find(key);
        return at != other.pipeline.end() && at->second == entry.second;
      });
      // The seeds of parts follow the one seed, unless they were set.
      if (!everywhere && !key.starts_with("seeds.")) keys.insert(key);
    }
  }
  keys.insert("seed");
  std::vector<std::string> results;
  for (const RunRecord& run : runs) {
    for (const auto& [name, value] : run.results) {
      const bool parameter = name.find('.') != std::string::npos;
      if (!parameter && std::ranges::find(results, name) == results.end()) results.push_back(name);
    }
  }
  RunTable table;
  table.header = {"run"};
  table.header.insert(table.header.end(), keys.begin(), keys.end());
  table.header.insert(table.header.end(), results.begin(), results.end());
  for (const RunRecord& run : runs) {
    std::vector<std::string> row{run.directory.string()};
    for (const std::string& key : keys) {
      const auto at = run.pipeline.find(key);
      row.push_back(at == run.pipeline.end() ? "" : at->second);
    }
    for (const std::string& name : results) {
      const std::string* value = run.result(name);
      row.push_back(value ? *value : "");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string csv_text(const RunTable& table) {
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    for (std::size_t k = 0; k < row.size(); ++k) text += (k > 0 ? "," : "") + csv_field(row[k]);
    text += "\n";
  };
  add(table.header);
  for (const auto& row : table.rows) add(row);
  return text;
}

std::string aligned_text(const RunTable& table) {
  // Numbers to six digits; the CSV has them all.
  const auto shown = [](const std::string& cell) {
    char* end = nullptr;
    const double value = std::strtod(cell.c_str(), &end);
    if (cell.empty() || *end != '\0' || cell.find_first_of(".eE") == std::string::npos) return cell;
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return std::string(text);
  };
  std::vector<std::size_t> widths;
  for (std::size_t k = 0; k < table.header.size(); ++k) {
    std::size_t width = table.header[k].size();
    for (const auto& row : table.rows) width = std::max(width, shown(row[k]).size());
    widths.push_back(width);
  }
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k) {
      std::string cell = shown(row[k]);
      cell.resize(std::max(cell.size(), widths[k]), ' ');
      line += (k > 0 ? "  " : "") + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(table.header);
  for (const auto& row : table.rows) add(row);
  return text;
}

}  // namespace hebbforge
