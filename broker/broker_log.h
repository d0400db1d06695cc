#pragma once
// BrokerLog: log lines on stderr, one line each: as text (time in UTC, level, text; coloured on a
// terminal), or as one JSON object with time, level, cluster_id and text.

#include <memory>

#include "broker/broker_loop.h"

namespace spdlog {
class logger;
}

namespace mpreg {

class BrokerLog {
 public:
  // `level` is the lowest that is written.
  BrokerLog(LogLevel level, LogFormat format, const std::string& cluster);

  // Any thread.
  void set_level(LogLevel level) const;
  void write(LogLevel level, std::string_view text) const;
  // Writes to this log as long as anybody holds it.
  [[nodiscard]] LogSink sink() const;

 private:
  std::shared_ptr<spdlog::logger> logger_;
  bool is_json_;
};

// The text with whatever would break a line or a terminal as \xNN.
[[nodiscard]] std::string one_line(std::string_view text);
// The text as a JSON string, quotes and all; what is no UTF-8 is replaced.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace mpreg
