#include "load.hpp"

#include <charconv>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <limits>

namespace hebbforge::cli {

Pipeline load(Session& session, const PipelineArguments& arguments, bool needs_search) {
  session.find_plugins();
  PipelineOptions options;
  options.overrides = arguments.overrides;
  options.needs_search = needs_search;
  options.rule = arguments.rule;
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
