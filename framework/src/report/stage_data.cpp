#include "report/stage_data.hpp"

#include <algorithm>
#include <fstream>
#include <hebbforge/error.hpp>
#include <sstream>

#include "host/hdf5_file.hpp"
#include "report/run_data.hpp"
#include "stages/run_directory.hpp"

namespace hebbforge::report {
namespace {

std::string text_in(const Node& table, const char* key) {
  const Node* node = table.find(key);
  return node && node->type == Node::Type::text ? node->text() : "";
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

void read_formulas(const std::filesystem::path& rule_file, TermSearch& search) {
  if (!std::filesystem::exists(rule_file)) return;
  const Node rule = parse_toml_file(rule_file);
  if (const Node* pathways = rule.find("pathway")) {
    for (const Node::Entry& p : pathways->table)
      search.formulas.emplace_back(p.key, text_in(p.value, "latex"));
  }
}

// Neither paths nor numbers hold commas.
std::vector<TermSearch> read_searches(const std::filesystem::path& csv, bool forward) {
  std::vector<TermSearch> all;
  std::ifstream in(csv);
  std::string line;
  std::getline(in, line);
  try {
    while (std::getline(in, line)) {
      const auto fields = split(line, ',');
      TermSearch s;
      s.terms = std::stoul(fields.at(0));
      s.coefficients = split(fields.at(1), ' ');
      s.evaluations = std::stoll(fields.at(2));
      s.directory = (forward ? "step_" + fields.at(0) + "/" : "") + fields.at(9);
      s.healthy = !fields.at(3).empty();
      if (s.healthy) {
        s.search_sum = std::stod(fields[3]);
        s.select = std::stod(fields[4]);
        s.report = std::stod(fields[5]);
        s.low = std::stod(fields[6]);
        s.high = std::stod(fields[7]);
        s.failed = std::stoul(fields[8]);
      }
      read_formulas(csv.parent_path() / s.directory / "rule.toml", s);
      all.push_back(std::move(s));
    }
  } catch (const std::logic_error&) {  // a field that is missing, or no number
    throw ConfigError("'" + csv.string() + "' is damaged: it has the row '" + line + "'");
  }
  return all;
}

std::vector<LifeFile> read_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".h5") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<LifeFile> all;
  for (const auto& path : paths) {
    const Hdf5Reader in(path);
    const Node pipeline = parse_toml(in.text("pipeline"), path.string());
    LifeFile file{path.filename().string(), 1, {}};
    std::string group;
    if (!in.has("w0")) {
      const auto names = in.names("/");
      file.lives = static_cast<std::size_t>(
          std::ranges::count_if(names, [](const std::string& n) { return n.starts_with("network_"); }));
      const auto first =
          std::ranges::find_if(names, [](const std::string& n) { return n.starts_with("network_"); });
      if (first == names.end()) continue;
      group = *first + "/";
    }
    auto life = kept_life(in, group, pipeline);
    if (!life) continue;
    const std::string object = group.empty() ? "/" : group.substr(0, group.size() - 1);
    life->end = in.text_attribute(object, "end");
    life->trials.back() =
        std::min(life->trials.back(), static_cast<std::int64_t>(in.attribute(object, "trials_survived")));
    file.life = std::move(*life);
    all.push_back(std::move(file));
  }
  return all;
}

StageData read_stage(const std::filesystem::path& folder, const Node::Entry& entry) {
  StageData stage{entry.key, text_in(entry.value, "kind"), entry.value, false, {}, {}, {}};
  if (!std::filesystem::is_directory(folder)) return stage;
  stage.finished = is_stage_done(folder);
  if (stage.kind == "simulate") {
    stage.files = read_files(folder);
  } else if (stage.kind == "rank_and_refit" || stage.kind == "forward_selection") {
    const bool forward = stage.kind == "forward_selection";
    const auto csv = folder / (forward ? "forward_selection.csv" : "refit.csv");
    if (stage.finished) stage.searches = read_searches(csv, forward);
  } else {
    if (std::filesystem::exists(folder / "results.h5")) stage.variants = read_variants(folder / "results.h5");
  }
  return stage;
}

}  // namespace

std::vector<StageData> read_stage_data(const std::filesystem::path& run, const Node& pipeline) {
  std::vector<StageData> all;
  const Node* stages = pipeline.find("stage");
  if (!stages) return all;
  for (const Node::Entry& entry : stages->table) all.push_back(read_stage(run / entry.key, entry));
  return all;
}

}  // namespace hebbforge::report
