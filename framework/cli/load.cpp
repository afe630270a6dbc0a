#include "load.hpp"

#include <charconv>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/host/schema.hpp>
#include <limits>

#include "launcher.hpp"
#include "stages/life_job.hpp"

namespace hebbforge::cli {
namespace {

// Processes that know nothing of each other would each do all the work, in the same directory.
void join_ranks(const Registry& registry, Pipeline& pipeline) {
  if (launch().ranks < 2 || pipeline.executor.plugin->name() != "hebbforge.threads") return;
  pipeline.executor.plugin = &registry.find(abi::Kind::executor, "mpi");
  pipeline.executor.config = default_config(*pipeline.executor.plugin->descriptor);
}

}  // namespace

bool only_serves(Session& session, const std::vector<Pipeline>& pipelines, bool reference_kernel) {
  const PluginChoice& executor = pipelines.front().executor;
  LifeJobMaker maker(session.registry, pipelines, reference_kernel);
  return executor.plugin->create<Executor>(executor.config)->serve(maker);
}

Pipeline load(Session& session, const PipelineArguments& arguments, bool needs_search) {
  session.find_plugins();
  PipelineOptions options;
  options.overrides = arguments.overrides;
  options.needs_search = needs_search;
  options.rule = arguments.rule;
  options.stages =
      arguments.rule.empty();  // nothing is searched with a rule given, which a stage may ask for
  options.smoke = arguments.smoke;
  if (!arguments.seed.empty()) {
    std::uint64_t seed = 0;
    const char* end = arguments.seed.data() + arguments.seed.size();
    const auto [at, error] = std::from_chars(arguments.seed.data(), end, seed);
    if (error != std::errc() || at != end ||
        seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw ConfigError("--seed " + arguments.seed +
                        ": expected a whole number from 0 to 9223372036854775807");
    }
    options.seed = seed;
  }
  Pipeline pipeline = load_pipeline(session.registry, arguments.file, options);
  join_ranks(session.registry, pipeline);
  if (arguments.jobs > 0) {
    if (!pipeline.executor.config.values().contains("jobs")) {
      throw ConfigError("--jobs: the executor '" + std::string(pipeline.executor.plugin->name()) +
                        "' has no parameter 'jobs'");
    }
    for (const abi::Parameter& p : pipeline.executor.plugin->descriptor->parameters) {
      if (std::string_view(p.name) == "jobs" && arguments.jobs > p.maximum) {
        throw ConfigError("--jobs " + std::to_string(arguments.jobs) + ": the executor runs at most " +
                          std::to_string(static_cast<std::int64_t>(p.maximum)) + " at a time");
      }
    }
    pipeline.executor.config.set("jobs", static_cast<std::int64_t>(arguments.jobs));
  }
  try {
    try_life(pipeline);
  } catch (const Error& error) {
    throw ConfigError(arguments.file.string() + ": " + error.what());
  }
  return pipeline;
}

std::string default_name(const std::filesystem::path& pipeline) {
  const auto folder = std::filesystem::absolute(pipeline).parent_path().filename().string();
  return pipeline.stem() == "pipeline" ? folder : pipeline.stem().string();
}

}  // namespace hebbforge::cli
