#pragma once
// What the tests of sockets share: deadlines instead of sleeps, and short ways to say "a router
// with a dealer that is connected".

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

#include "net/dealer_socket.h"
#include "net/poller.h"
#include "net/router_socket.h"

namespace mpreg::testing {

// Long enough for any machine; passed only by what never happens.
inline constexpr std::chrono::seconds kDeadline{20};

inline Frame frame_of(std::string_view text) { return Frame::copy_of(as_bytes(text)); }
inline std::string text_of(const Frame& frame) { return std::string(as_text(frame.bytes())); }

inline Endpoint free_tcp_port() { return *parse_bind_endpoint("tcp://127.0.0.1:0"); }

// A socket file that nobody else uses.
inline Endpoint free_ipc_path() {
  static int number = 0;
  return *parse_bind_endpoint("ipc://" + ::testing::TempDir() + "mpreg-" +
                              std::to_string(getpid()) + "-" + std::to_string(++number));
}

// Calls `done` whenever one of the sockets may have news, until it is true. False: the deadline.
template <typename... Sockets>
[[nodiscard]] bool wait_for(const std::function<bool()>& done, Sockets&... sockets) {
  Poller poller;
  (poller.add(sockets), ...);
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poller.wait(std::chrono::milliseconds(10));
  }
  return true;
}

// The next message of a socket.
template <typename AnySocket>
[[nodiscard]] Received next_message(AnySocket& socket) {
  Received received;
  EXPECT_TRUE(wait_for([&] { return socket.receive(received) == Receipt::message; }, socket));
  return received;
}

[[nodiscard]] inline bool wait_for_change(DealerSocket& dealer, ConnectionChange wanted) {
  return wait_for([&] { return dealer.next_change() == wanted; }, dealer);
}

class SocketTest : public ::testing::Test {
 protected:
  std::unique_ptr<RouterSocket> open_router(SocketLimits limits = {}) {
    return std::move(*RouterSocket::open(context_, limits));
  }
  std::unique_ptr<DealerSocket> open_dealer(const Endpoint& endpoint, SocketLimits limits = {}) {
    auto dealer = std::move(*DealerSocket::open(context_, limits));
    EXPECT_TRUE(dealer->connect(endpoint).has_value());
    return dealer;
  }

  NetContext context_;
};

}  // namespace mpreg::testing
