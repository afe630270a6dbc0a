#include "stages/run_status.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>

#include "host/document.hpp"
#include "host/hdf5_file.hpp"
#include "stages/run_directory.hpp"
#include "stages/running_mark.hpp"

namespace hebbforge {
namespace {

void read_checkpoint(const std::filesystem::path& file, RunStatus& status) {
  const Hdf5Reader in(file);
  const auto losses = in.reals("search/loss");
  status.evaluations = static_cast<std::int64_t>(losses.size());
  if (!losses.empty()) {
    const auto generations = in.integers("search/generation");
    if (generations.size() != losses.size())
      throw Error("'" + file.string() + "' is damaged: its arrays have different lengths");
    status.generation = generations.back() + 1;
    status.best_loss = *std::ranges::min_element(losses);
    status.networks = in.shape("search/end", 2)[1];
  }
  const auto picked = in.integer("picked");
  const auto values = in.reals("select/value");
  if (picked > values.size())
    throw Error("'" + file.string() + "' is damaged: the rule that it picked is missing");
  if (picked > 0) status.picked_value = values[picked - 1];
}

std::string ago(double seconds) {
  char text[48];
  const auto s = static_cast<long>(std::max(0., seconds));
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld h %ld min ago", s / 3600, s / 60 % 60);
  else if (s >= 60)
    std::snprintf(text, sizeof text, "%ld min %ld s ago", s / 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld s ago", s);
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::isnan(value) ? "none yet" : text;
}

}  // namespace

RunStatus read_status(const std::filesystem::path& directory) {
  require_run_directory(directory);
  RunStatus status;
  status.best_loss = status.picked_value = std::nan("");
  if (const auto process = running_process(directory)) {
    status.running = true;
    status.process = *process;
  }
  const Node pipeline = parse_toml_file(directory / "pipeline.toml");
  status.searches = pipeline.find("search") != nullptr;
  status.finished = !status.searches || std::filesystem::exists(directory / "results.h5");
  if (const Node* stages = pipeline.find("stage")) {
    for (const Node::Entry& stage : stages->table) {
      const bool done = is_stage_done(directory / stage.key);
      status.stages.push_back(stage.key + (done ? ": done" : ": to do"));
      status.finished = status.finished && done;
    }
  }
  if (const Node* search = pipeline.find("search")) {
    const Node* budget = search->find("budget");
    const Node* evaluations = budget ? budget->find("evaluations") : nullptr;
    if (evaluations && evaluations->is_number())
      status.budget = static_cast<std::int64_t>(evaluations->number());
    const Node* pick = search->find("pick");
    status.pick_by_median = !pick || pick->type != Node::Type::text || pick->text() != "sum";
  }
  const auto checkpoint = directory / "checkpoint.h5";
  std::error_code missing;
  const auto written = std::filesystem::last_write_time(checkpoint, missing);
  if (missing) return status;
  status.since_checkpoint =
      std::chrono::duration<double>(std::filesystem::file_time_type::clock::now() - written).count();
  try {
    read_checkpoint(checkpoint, status);
  } catch (const ConfigError&) {
    throw;
  } catch (const std::exception& error) {
    throw ConfigError(error.what());
  }
  return status;
}

std::string status_text(const RunStatus& s) {
  std::string text = s.running    ? "running, process " + std::to_string(s.process)
                     : s.finished ? "finished"
                                  : "not running, not finished: go on with hebbforge run … --resume";
  text += "\n";
  std::string stages;
  for (const std::string& stage : s.stages) stages += "stage " + stage + "\n";
  if (!s.searches) return text + stages;
  if (s.since_checkpoint < 0) return text + "no checkpoint yet: the first generation has not ended\n";
  text += "generation " + std::to_string(s.generation) + ", " + std::to_string(s.evaluations) +
          (s.budget > 0 ? " of " + std::to_string(s.budget) : "") + " evaluations\n";
  text += "best search loss    " + number(s.best_loss) + "  (sum of " + std::to_string(s.networks) +
          " networks)\n";
  text += std::string("picked, select ") + (s.pick_by_median ? "median  " : "sum     ") +
          number(s.picked_value) + "\n";
  return text + "last checkpoint     " + ago(s.since_checkpoint) + "\n" + stages;
}

}  // namespace hebbforge
