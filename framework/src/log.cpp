#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <atomic>
#include <hebbforge/log.hpp>
#include <memory>

#include "host/log_file.hpp"
#include "host/printable.hpp"

namespace hebbforge {
namespace {

constexpr std::size_t largest = std::size_t{4} << 20, older_files = 2;

struct Logger {
  std::shared_ptr<spdlog::sinks::stderr_color_sink_mt> terminal =
      std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  std::shared_ptr<spdlog::logger> log = std::make_shared<spdlog::logger>("hebbforge", terminal);
  std::atomic<bool> told = false;
  Logger() {
    terminal->set_pattern("%^%l%$: %v");
    log->flush_on(spdlog::level::info);
    log->set_error_handler([this](const std::string& why) { tell(why); });
  }
  // What is computed matters more than what is told about it: a log that cannot be written ends no run.
  void tell(const std::string& why) {
    if (!told.exchange(true))
      std::fprintf(stderr, "warning: the log cannot be written, the run goes on: %s\n",
                   printable(why).c_str());
  }
};

Logger& logger() {
  static Logger all;
  return all;
}

void log(spdlog::level::level_enum level, std::string_view message) {
  if (logger().log->should_log(level)) logger().log->log(level, "{}", printable(message));
}

}  // namespace

void log_debug(std::string_view message) { log(spdlog::level::debug, message); }
void log_info(std::string_view message) { log(spdlog::level::info, message); }
void log_warning(std::string_view message) { log(spdlog::level::warn, message); }
void log_error(std::string_view message) { log(spdlog::level::err, message); }

void log_to_file(const std::filesystem::path& file) {
  auto& sinks = logger().log->sinks();
  sinks.resize(1);
  logger().told = false;
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.string(), largest, older_files);
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
    sinks.push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    logger().tell(error.what());
  }
}

void log_quietly(bool quiet) {
  logger().terminal->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
}

}  // namespace hebbforge
