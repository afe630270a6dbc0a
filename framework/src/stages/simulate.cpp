// Single lives, recorded.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <limits>
#include <optional>
#include <set>

#include "host/hdf5_file.hpp"
#include "stages/evaluator.hpp"
#include "stages/statistics.hpp"

namespace hebbforge {
namespace {

struct RecordedLife {
  LifeResult result;
  LifeRecord record;
};

/// Records one network per job.
class RecordJob final : public Job {
 public:
  RecordJob(const Pipeline& pipeline, const SimulateOptions& options, NetworkSet set,
            std::vector<RecordedLife>& lives)
      : pipeline_(pipeline), options_(options), set_(set), lives_(lives) {}
  void run(std::int64_t index, ConstVectorView, VectorView) noexcept override {
    RecordedLife& life = lives_[static_cast<std::size_t>(index)];
    if (is_broken(life.result.end)) return;
    try {
      life.result = run_life(
          pipeline_, {set_, options_.first + index, options_.reference_kernel, &life.record, options_.stop});
    } catch (const std::exception& error) {
      life.result.end = LifeEnd::plugin_failed;
      life.result.message = error.what();
    }
  }

 private:
  const Pipeline& pipeline_;
  const SimulateOptions& options_;
  NetworkSet set_;
  std::vector<RecordedLife>& lives_;
};

// What is recorded has to be in this process. A life that goes well in a process of its own goes well here
// too, so all are first run there, and those that break are not recorded.
void find_broken(const Pipeline& pipeline, const SimulateOptions& options, NetworkSet set, Executor& executor,
                 std::vector<RecordedLife>& lives) {
  Evaluator evaluator(executor, options.stop, options.reference_kernel);
  Scores scores;
  if (!evaluator.evaluate(pipeline, {}, set, options.first, options.networks, scores)) throw Interrupted();
  for (std::size_t k = 0; k < lives.size(); ++k) {
    if (!is_broken(scores.end(0, k))) continue;
    lives[k].result.end = scores.end(0, k);
    lives[k].result.losses.assign(pipeline.losses.size(), std::nan(""));
  }
}

double measure_of(const LifeResult& life, const std::string& source) {
  const auto found = std::ranges::find(life.measures, source, &std::pair<std::string, double>::first);
  return found == life.measures.end() ? std::nan("") : found->second;
}

void write_life(Hdf5Writer& out, const std::string& group, const Pipeline& pipeline,
                const RecordedLife& life) {
  const LifeLayout layout = LifeLayout::of(pipeline);
  const auto transposed = [&](const char* name, const Eigen::MatrixXd& matrix) {
    out.matrix(group + name, view_of(Eigen::MatrixXd(matrix.transpose())));
  };
  out.matrix(group + "w0", view_of(life.record.initial_weights));
  out.matrix(group + "plastic", view_of(life.record.plastic));
  out.matrix(group + "w1", view_of(life.record.first_weights));
  out.matrix(group + "w_last", view_of(life.record.last_weights));
  out.matrix(group + "plastic_last", view_of(life.record.last_plastic));
  out.matrix(group + "w_final", view_of(life.record.final_weights));
  out.matrix(group + "checkpoints", view_of(life.record.checkpoints));
  transposed("r", life.record.rates);
  transposed("r_last", life.record.rates);
  transposed("s", life.record.states);
  transposed("drive", life.record.drive);
  std::vector<double> effects;
  for (const Eigen::VectorXd& e : life.result.effects)
    effects.insert(effects.end(), e.data(), e.data() + e.size());
  out.reals(group + "effects", {effects.size()}, effects.data());

  const std::string object = group.empty() ? "/" : group.substr(0, group.size() - 1);
  out.attribute(object, "end", std::string_view(name_of(life.result.end)));
  out.attribute(object, "trials_survived", static_cast<double>(life.result.trials_survived));
  std::set<std::string> names;
  for (std::size_t k = 0; k < pipeline.losses.size(); ++k) {
    const LossSpec& spec = pipeline.losses[k];
    const auto loss = spec.choice.plugin->create<Loss>(spec.choice.config);
    const std::string name(loss->result_name());
    const bool first = !name.empty() && names.insert(name).second;  // a second time_decoder goes by its table
    out.attribute(object, first ? name : spec.name, life.result.losses[k]);
  }
  for (std::size_t k = 0; k < layout.measures.size(); ++k)
    out.attribute(object, layout.measures[k], measure_of(life.result, layout.measure_sources[k]));
}

}  // namespace

LivesOverview overview_of(const SimulateSummary& summary) {
  LivesOverview all;
  std::vector<double> losses;
  std::vector<std::vector<double>> measures(summary.measure_names.size());
  for (const LifeSummary& life : summary.lives) {
    all.trials_survived += life.trials_survived;
    if (life.end != name_of(LifeEnd::healthy)) {
      ++all.failed;
      continue;
    }
    losses.push_back(life.loss);
    for (std::size_t k = 0; k < measures.size(); ++k) measures[k].push_back(life.measures[k]);
  }
  all.healthy = losses.size();
  all.loss = median(std::move(losses));
  for (auto& values : measures) all.measures.push_back(median(std::move(values)));
  return all;
}

SimulateSummary simulate(const Pipeline& pipeline, const SimulateOptions& options) {
  std::optional<Hdf5Writer> out;  // before the work: a path that cannot be written is found at once
  if (!options.out.empty()) out.emplace(options.out);
  std::vector<RecordedLife> lives(static_cast<std::size_t>(options.networks));
  const NetworkSet set = network_set_named(options.set);
  const auto executor = pipeline.executor.plugin->create<Executor>(pipeline.executor.config);
  if (pipeline.evaluation.isolated) find_broken(pipeline, options, set, *executor, lives);
  RecordJob job(pipeline, options, set, lives);
  const Eigen::MatrixXd inputs(0, options.networks);
  Eigen::MatrixXd results(0, options.networks);
  executor->for_each(job, view_of(inputs), view_of(results));

  SimulateSummary summary;
  const LifeLayout layout = LifeLayout::of(pipeline);
  summary.measure_names = layout.measures;
  for (std::size_t k = 0; k < lives.size(); ++k) {
    const LifeResult& r = lives[k].result;
    if (r.end == LifeEnd::plugin_failed && !pipeline.evaluation.isolated)
      throw SimulationError("a life cannot go on: " + r.message);
    if (r.end == LifeEnd::cancelled) throw Interrupted();
    LifeSummary life{options.first + static_cast<std::int64_t>(k), name_of(r.end), r.trials_survived, 0, {}};
    for (const double part : r.losses) life.loss += part;
    if (r.end != LifeEnd::healthy) life.loss = std::numeric_limits<double>::infinity();
    for (const std::string& source : layout.measure_sources) life.measures.push_back(measure_of(r, source));
    summary.lives.push_back(std::move(life));
  }
  if (!out) return summary;
  for (std::size_t k = 0; k < lives.size(); ++k) {
    char group[32] = "";
    if (lives.size() > 1)
      std::snprintf(group, sizeof group, "network_%03lld/",
                    static_cast<long long>(options.first) + static_cast<long long>(k));
    write_life(*out, group, pipeline, lives[k]);
  }
  out->text("pipeline", pipeline.resolved);
  if (!options.made_from.empty()) out->text("made_from", options.made_from);
  out->commit();
  return summary;
}

}  // namespace hebbforge
