#include "broker/broker_log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <nlohmann/json.hpp>

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
      const std::string escaped = in_quotes(one);
      result += std::string_view(escaped).substr(1, escaped.size() - 2);
    } else {
      result += c;
    }
  }
  return result;
}

std::string json_text(std::string_view text) {
  using Json = nlohmann::json;
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

BrokerLog::BrokerLog(LogLevel level, LogFormat format, const std::string& cluster)
    : logger_(std::make_shared<spdlog::logger>(
          "mpreg-broker", std::make_shared<spdlog::sinks::stderr_color_sink_mt>())),
      is_json_(format == LogFormat::json) {
  std::string pattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";
  if (is_json_) {
    std::string name = json_text(cluster);
    for (std::size_t at = 0; (at = name.find('%', at)) != std::string::npos; at += 2) {
      name.insert(at, 1, '%');
    }
    pattern =
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","cluster_id":)" + name + R"(,"text":%v})";
  }
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  set_level(level);
}

void BrokerLog::set_level(LogLevel level) const { logger_->set_level(spd_level(level)); }

void BrokerLog::write(LogLevel level, std::string_view text) const {
  logger_->log(spd_level(level), "{}", is_json_ ? json_text(text) : one_line(text));
}

LogSink BrokerLog::sink() const {
  return [log = *this](LogLevel level, std::string_view text) { log.write(level, text); };
}

}  // namespace mpreg
