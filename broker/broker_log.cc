#include "broker/broker_log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include "base/text.h"

namespace mpreg {
namespace {

spdlog::level::level_enum spd_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

std::string one_line(std::string_view text) {
  if (!find_control_character(text)) return std::string(text);
  std::string result;
  for (const char c : text) {
    const std::string_view one(&c, 1);
    if (find_control_character(one)) {
      const std::string escaped = quoted(one);
      result += std::string_view(escaped).substr(1, escaped.size() - 2);
    } else {
      result += c;
    }
  }
  return result;
}

LogSink log_to_stderr(LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>(
      "mpreg-broker", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v", spdlog::pattern_time_type::utc));
  logger->set_level(spd_level(level));
  return [logger](LogLevel line_level, std::string_view text) {
    logger->log(spd_level(line_level), "{}", one_line(text));
  };
}

}  // namespace mpreg
