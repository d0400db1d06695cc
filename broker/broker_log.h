#pragma once
// BrokerLog: log lines on stderr: time in UTC, level, text; one line each, coloured on a terminal.

#include "broker/broker_loop.h"

namespace mpreg {

// `level` is the lowest that is written.
[[nodiscard]] LogSink log_to_stderr(LogLevel level);

// The text with whatever would break a line or a terminal as \xNN.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace mpreg
