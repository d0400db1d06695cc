#pragma once
// ClientOptions: how a client reaches its broker, and its limits.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg {

enum class ConnectionState : std::uint8_t {
  connecting = 0,  // Dialling, or waiting to dial again.
  connected = 1,   // The broker has welcomed this client.
  refused = 2,     // The broker will not have this client as it is. Final.
  closed = 3,      // close() was called. Final.
};
[[nodiscard]] std::string_view name_of(ConnectionState state);

struct ConnectionStatus {
  ConnectionState state = ConnectionState::connecting;
  std::string endpoint;  // The one in use or tried last.
  std::string cluster;   // Of the broker that welcomed last; empty before.
  std::string reason;    // Why it is not connected; empty when nothing went wrong.
};

// What a call that publishes does when the window of unaccepted bytes is full.
enum class WhenFull : std::uint8_t {
  block = 0,       // Waits, at most `call_timeout`; in a callback it does not wait.
  overloaded = 1,  // Returns the error `overloaded` at once.
};

struct ClientOptions {
  // tcp://HOST:PORT or ipc://PATH, tried in turn; 1 to 64 of them.
  std::vector<std::string> endpoints{"tcp://127.0.0.1:7100"};
  std::string name = "mpreg-client";  // For people; at most 256 bytes of UTF-8.
  std::string topic_prefix = "mpreg.cache.federation";

  // connect() waits this long for the first welcome; 0: it does not wait.
  std::chrono::milliseconds connect_timeout{5000};
  // How long any other call that waits does so, unless it is told.
  std::chrono::milliseconds call_timeout{10'000};
  // Between attempts to connect: doubles from min to max, each wait a random part of 50 to 100 %.
  std::chrono::milliseconds reconnect_min{100};
  std::chrono::milliseconds reconnect_max{5000};
  // The longest that close() lingers so that what was published is accepted.
  std::chrono::milliseconds close_timeout{2000};

  WhenFull when_full = WhenFull::block;
  // Published and not yet accepted, kept for sending again: 64 KiB to 1 GiB.
  std::uint64_t publish_window_bytes = 4ULL << 20U;
  // Under way from the broker and not yet taken in: 256 KiB to 1 GiB.
  std::uint64_t receive_window_bytes = 8ULL << 20U;

  // Both are called on the receiving thread, never two at a time, and must not block it for long.
  std::function<void(const ConnectionStatus&)> on_connection;
  // What nobody else is told: an exception that a callback threw, a packet that was not understood.
  std::function<void(std::string_view)> on_error;
};

}  // namespace mpreg
