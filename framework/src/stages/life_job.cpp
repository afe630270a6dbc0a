#include "stages/life_job.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <hebbforge/error.hpp>
#include <limits>
#include <new>

#include "engine/instruction_set.hpp"
#include "host/resolved.hpp"
#include "stages/evaluator.hpp"
#include "stages/isolation.hpp"

namespace hebbforge {
namespace {

class LifeJob final : public Job {
 public:
  LifeJob(const Pipeline& pipeline, bool candidates, NetworkSet set, bool reference_kernel,
          const std::atomic<bool>* stop)
      : pipeline_(pipeline),
        candidates_(candidates),
        layout_(LifeLayout::of(pipeline)),
        set_(set),
        reference_kernel_(reference_kernel),
        stop_(stop) {}

  void run(std::int64_t, ConstVectorView input, VectorView result) noexcept override {
    result.setConstant(std::numeric_limits<double>::quiet_NaN());
    try {
      LifeOptions options;
      options.set = set_;
      options.network = static_cast<std::int64_t>(input[0]);
      options.reference_kernel = reference_kernel_;
      options.cancel = stop_;
      const ConstVectorView candidate(input.data() + 1, input.size() - 1);
      write(run_life(candidate.size() > 0 ? with_candidate(pipeline_, candidate) : pipeline_, options),
            result);
    } catch (const std::bad_alloc& error) {
      write_broken(LifeEnd::out_of_memory, error.what(), result);
    } catch (const std::exception& error) {
      write_broken(LifeEnd::plugin_failed, error.what(), result);
    } catch (...) {
      write_broken(LifeEnd::plugin_failed, "a plugin threw an object that is not a std::exception", result);
    }
  }

  std::string description() const override {
    return std::to_string(static_cast<int>(set_)) + (reference_kernel_ ? "r" : "f") +
           life_text(pipeline_, candidates_);
  }
  bool stopped() const noexcept override { return stop_ && stop_->load(); }

 private:
  void write(const LifeResult& life, VectorView out) const {
    out[0] = static_cast<double>(life.end);
    out[1] = static_cast<double>(life.trials_survived);
    for (std::size_t k = 0; k < layout_.losses.size(); ++k)
      out[static_cast<Eigen::Index>(layout_.loss_at() + k)] = life.losses[k];
    for (std::size_t k = 0; k < layout_.measures.size(); ++k) {
      const auto found = std::ranges::find(life.measures, layout_.measure_sources[k],
                                           &std::pair<std::string, double>::first);
      if (found != life.measures.end())
        out[static_cast<Eigen::Index>(layout_.measure_at() + k)] = found->second;
    }
    Eigen::Index at = static_cast<Eigen::Index>(layout_.effect_at());
    for (const Eigen::VectorXd& effects : life.effects) {
      out.segment(at, effects.size()) = effects;
      at += effects.size();
    }
  }

  const Pipeline& pipeline_;
  bool candidates_;
  LifeLayout layout_;
  NetworkSet set_;
  bool reference_kernel_;
  const std::atomic<bool>* stop_;
};

/// Lives of a pipeline that came from another process.
class OwnedLives final : public Job {
 public:
  OwnedLives(Pipeline pipeline, NetworkSet set, bool reference_kernel, const std::atomic<bool>& stop)
      : pipeline_(std::move(pipeline)),
        lives_(life_job(pipeline_, pipeline_.search.has_value(), set, reference_kernel, &stop)) {}
  void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept override {
    lives_->run(index, input, result);
  }

 private:
  Pipeline pipeline_;
  std::unique_ptr<Job> lives_;
};

using NoteBytes = std::array<char, sizeof(double) * static_cast<std::size_t>(note_rows)>;

}  // namespace

void write_broken(LifeEnd end, const std::string& note, VectorView result) noexcept {
  result.setConstant(std::numeric_limits<double>::quiet_NaN());
  result[0] = static_cast<double>(end);
  result[1] = 0;
  NoteBytes bytes{};
  note.copy(bytes.data(), bytes.size() - 1);
  std::memcpy(result.data() + result.size() - note_rows, bytes.data(), bytes.size());
}

std::string note_of(ConstVectorView result) {
  NoteBytes bytes;
  std::memcpy(bytes.data(), result.data() + result.size() - note_rows, bytes.size());
  bytes.back() = '\0';
  return bytes.data();
}

std::unique_ptr<Job> life_job(const Pipeline& pipeline, bool candidates, NetworkSet set,
                              bool reference_kernel, const std::atomic<bool>* stop) {
  auto job = std::make_unique<LifeJob>(pipeline, candidates, set, reference_kernel, stop);
  if (!pipeline.evaluation.isolated) return job;
  return isolated_lives(pipeline, stop, std::move(job));
}

LifeJobMaker::LifeJobMaker(Registry& registry, const std::vector<Pipeline>& pipelines, bool reference_kernel)
    : registry_(registry) {
  setting_ = "instruction set " + std::string(engine::instruction_set()) + "\nkernel " +
             (reference_kernel ? "reference\n" : "fused\n");
  for (const Pipeline& pipeline : pipelines) {
    for (const RegisteredPlugin* plugin : plugins_of(pipeline))
      setting_ += std::string(name_of(plugin->kind())) + " plugin " + std::string(plugin->name()) +
                  ", version " + plugin->descriptor->version + ", SHA-1 " + plugin->digest + "\n";
    setting_ += pipeline.resolved;
  }
}

std::unique_ptr<Job> LifeJobMaker::make(const std::string& description, const std::atomic<bool>& stop) {
  if (description.size() < 2) throw InternalError("a job came without a description");
  PipelineOptions options;
  options.text = description.substr(2);
  Pipeline pipeline = load_pipeline(registry_, "the pipeline of another process", options);
  return std::make_unique<OwnedLives>(std::move(pipeline), static_cast<NetworkSet>(description[0] - '0'),
                                      description[1] == 'r', stop);
}

}  // namespace hebbforge
