#pragma once
// The window between a sender and its receivers, which goes around what is measured: so that on
// both sides nothing is lost, and nothing waits for long.

#include <cstdint>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "bench/bench_roles.h"

namespace mpreg::bench {

// "WHERE,FOLDER": where to connect, and the folder in which the two meet. With WHERE alone, which
// may be a folder, they meet there.
struct Place {
  explicit Place(const std::string& text);
  std::string where;
  std::string meeting;
};

class WindowOfSender {
 public:
  WindowOfSender(zmq::context_t& context, const Place& place, const Load& load);
  // Until less than a window is between message `next` and the slowest receiver.
  void wait_for_room(std::uint64_t next);
  void wait_for_all();
  // Takes what receivers have said; true when all have said anything.
  bool all_ready();

 private:
  bool take(zmq::recv_flags flags);
  [[nodiscard]] std::uint64_t slowest() const;

  const Load load_;
  zmq::socket_t said_;
  std::vector<std::uint64_t> heard_;
  std::vector<bool> is_ready_;
};

class WindowOfReceiver {
 public:
  WindowOfReceiver(zmq::context_t& context, const Place& place, const Load& load);
  void say(std::uint64_t received);
  // After each message: says it once in a while.
  void on_message(std::uint64_t received) {
    if (received % every_ == 0 || received == load_.messages) say(received);
  }

 private:
  const Load load_;
  const std::uint64_t every_;
  zmq::socket_t to_sender_;
};

}  // namespace mpreg::bench
