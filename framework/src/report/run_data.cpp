#include "report/run_data.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <hebbforge/error.hpp>

#include "host/hdf5_file.hpp"
#include "stages/evaluator.hpp"
#include "stages/run_directory.hpp"

namespace hebbforge::report {
namespace {

constexpr std::string_view machine_mark = " info: machine: ";

const Node* find(const Node& root, const std::vector<std::string>& keys) {
  const Node* node = &root;
  for (const std::string& key : keys) {
    if (node->type != Node::Type::table) return nullptr;
    node = node->find(key);
    if (!node) return nullptr;
  }
  return node;
}

void read_log(RunData& run) {
  std::ifstream in(run.directory / "log.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.size() < 19) continue;
    const std::string when = line.substr(0, 19);
    if (when[4] != '-' || when[13] != ':') continue;
    if (run.began.empty()) run.began = when;
    run.ended = when;
    if (const auto at = line.find(machine_mark); at != line.npos)
      run.machine = line.substr(at + machine_mark.size());
  }
}

void read_record(const std::filesystem::path& file, RunData& run) {
  const Hdf5Reader in(file);
  const auto shape = in.shape("search/end", 2);
  if (shape[0] == 0) return;
  run.record =
      SearchRecord::read(in, read_layout(in, "search"), in.texts("search/parameter_names"), shape[1]);
  run.log_scale.assign(run.record.parameter_names.size(), false);
  if (in.has("distribution/scale")) {
    const auto scales = in.texts("distribution/scale");
    for (std::size_t k = 0; k < std::min(scales.size(), run.log_scale.size()); ++k)
      run.log_scale[k] = scales[k] == "log";
  }
  if (in.has("seconds")) run.seconds = in.real("seconds");
  if (run.record.picked >= static_cast<std::int64_t>(run.record.selections.size()))
    throw Error("'" + file.string() + "' is damaged: it picked what was not selected");
  for (const Selection& s : run.record.selections) {
    if (s.evaluation < 0 || s.evaluation >= static_cast<std::int64_t>(run.record.evaluations()))
      throw Error("'" + file.string() + "' is damaged: it selected what was not evaluated");
  }
  run.has_record = true;
}

}  // namespace

const Selection* RunData::picked() const {
  return !has_record || record.picked < 0 ? nullptr
                                          : &record.selections[static_cast<std::size_t>(record.picked)];
}

bool RunData::searches() const { return pipeline.find("search") != nullptr; }

std::string RunData::text(const std::vector<std::string>& keys) const {
  const Node* node = find(pipeline, keys);
  return node && node->type == Node::Type::text ? node->text() : "";
}

double RunData::number(const std::vector<std::string>& keys) const {
  const Node* node = find(pipeline, keys);
  return node && node->is_number() ? node->number() : 0;
}

double RunData::parameter(std::size_t e, std::size_t index) const {
  const double value = record.parameters[e * record.parameter_names.size() + index];
  return log_scale[index] ? std::exp(value) : value;
}

std::string RunData::unit(std::size_t parameter) const {
  const std::string& path = record.parameter_names[parameter];
  const auto known = units.find(path);
  if (known != units.end()) return known->second;
  return path.find(".tau.") != path.npos ? "s" : "1";
}

RunData read_run_data(const std::filesystem::path& directory) {
  require_run_directory(directory);
  RunData run;
  run.directory = directory;
  const auto whole = std::filesystem::absolute(directory).lexically_normal();
  run.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  run.title = first_comment(directory / "pipeline.toml");
  run.pipeline = parse_toml_file(directory / "pipeline.toml");
  run.finished = std::filesystem::exists(directory / "results.h5");
  read_log(run);
  try {
    if (std::filesystem::exists(directory / "rule.toml")) run.rule = parse_toml_file(directory / "rule.toml");
    const bool checkpoint = std::filesystem::exists(directory / "checkpoint.h5");
    if (checkpoint || run.finished)
      read_record(directory / (checkpoint ? "checkpoint.h5" : "results.h5"), run);
    run.stages = read_stage_data(directory, run.pipeline);
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    throw ConfigError(error.what());
  }
  run.finished = (run.finished || !run.searches()) && std::ranges::all_of(run.stages, &StageData::finished);
  return run;
}

Pipeline picked_pipeline(Registry& registry, const RunData& run) {
  PipelineOptions options;
  options.needs_search = true;
  const Pipeline pipeline = load_pipeline(registry, run.directory / "pipeline.toml", options);
  if (!pipeline.search) throw Error("its pipeline.toml has no search");
  if (paths_of(*pipeline.search) != run.record.parameter_names)
    throw Error("its pipeline.toml searches other parameters than its checkpoint holds");
  const Eigen::VectorXd candidate = run.record.candidate(run.picked()->evaluation);
  return with_candidate(pipeline, view_of(candidate));
}

std::optional<RecordedLife> kept_life(const Hdf5Reader& in, const std::string& group, const Node& pipeline) {
  if (!in.has(group + "r_last")) return std::nullopt;
  const auto number = [&](const std::vector<std::string>& keys) {
    const Node* node = find(pipeline, keys);
    return node && node->is_number() ? node->number() : 0;
  };
  RecordedLife life;
  life.dt = number({"circuit", "dt"});
  if (const Node* populations = pipeline.find("population")) {
    for (const Node::Entry& p : populations->table) {
      const auto size = static_cast<Eigen::Index>(number({"population", p.key, "size"}));
      const Eigen::Index first = life.blocks.empty() ? 0 : life.blocks.back().first + life.blocks.back().size;
      life.blocks.push_back({p.key, first, size});
    }
  }
  if (const Node* pathways = pipeline.find("pathway")) {
    const auto learns = std::ranges::find_if(
        pathways->table, [](const Node::Entry& p) { return p.value.find("rule") != nullptr; });
    const Node* to = learns == pathways->table.end() ? nullptr : learns->value.find("to");
    for (std::size_t b = 0; to && b < life.blocks.size(); ++b) {
      if (to->type == Node::Type::text && life.blocks[b].name == to->text()) life.shown = b;
    }
  }
  const auto matrix = [&](const std::string& name) {
    const auto shape = in.shape(group + name, 2);
    const auto values = in.reals(group + name);
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::MatrixXd(Eigen::Map<const RowMajor>(values.data(), static_cast<Eigen::Index>(shape[0]),
                                                      static_cast<Eigen::Index>(shape[1])));
  };
  life.rates.push_back(matrix("r_last").transpose());
  double trials = 0;
  if (const Node* phases = pipeline.find("phase")) {
    for (const Node::Entry& p : phases->table) trials += number({"phase", p.key, "trials"});
  }
  life.trials.push_back(static_cast<std::int64_t>(trials) - 1);
  life.before = matrix("w0");
  life.after = matrix("w_final");
  const auto cells = life.blocks.empty() ? 0 : life.blocks.back().first + life.blocks.back().size;
  if (cells == 0 || life.rates[0].rows() != cells || life.rates[0].cols() == 0 ||
      life.before.rows() != cells || life.before.cols() != cells || life.after.rows() != cells ||
      life.after.cols() != cells)
    return std::nullopt;
  life.end = "healthy";
  return life;
}

std::optional<RecordedLife> example_life(const RunData& run) {
  const auto file = run.directory / "results.h5";
  if (!std::filesystem::exists(file)) return std::nullopt;
  auto life = kept_life(Hdf5Reader(file), "example/", run.pipeline);
  if (life) life->network = "network 0 of the select set";
  return life;
}

}  // namespace hebbforge::report
