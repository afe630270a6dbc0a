#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <hebbforge/error.hpp>
#include <hebbforge/log.hpp>
#include <memory>

#include "host/log_file.hpp"

namespace hebbforge {
namespace {

struct Logger {
  std::shared_ptr<spdlog::sinks::stderr_color_sink_mt> terminal =
      std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  std::shared_ptr<spdlog::logger> log = std::make_shared<spdlog::logger>("hebbforge", terminal);
  Logger() {
    terminal->set_pattern("%^%l%$: %v");
    log->flush_on(spdlog::level::info);
  }
};

Logger& logger() {
  static Logger all;
  return all;
}

}  // namespace

void log_debug(std::string_view message) { logger().log->debug("{}", message); }
void log_info(std::string_view message) { logger().log->info("{}", message); }
void log_warning(std::string_view message) { logger().log->warn("{}", message); }
void log_error(std::string_view message) { logger().log->error("{}", message); }

void log_to_file(const std::filesystem::path& file) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
    auto& sinks = logger().log->sinks();
    sinks.resize(1);
    sinks.push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    throw SimulationError("cannot write the log '" + file.string() + "': " + error.what());
  }
}

void log_quietly(bool quiet) {
  logger().terminal->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
}

}  // namespace hebbforge
