#pragma once
// NetContext: ZeroMQ's threads, one context per process. Everything opened in it must be closed
// before it goes.

#include <atomic>
#include <chrono>
#include <cstdint>

namespace mpreg {

struct NetContextOptions {
  int io_threads = 1;
  int sockets_max = 4096;
};

class NetContext {
 public:
  explicit NetContext(NetContextOptions options = {});
  // Blocks until every socket is closed and what lingers is sent or its linger has passed.
  ~NetContext();
  NetContext(const NetContext&) = delete;
  NetContext& operator=(const NetContext&) = delete;

  // For this room's own use.
  [[nodiscard]] void* handle() const { return handle_; }
  // Random per context, so that the clients of a broker that comes back do not all knock at once.
  [[nodiscard]] std::chrono::milliseconds reconnect_after() const { return reconnect_after_; }
  // Never the same twice. Any thread.
  [[nodiscard]] std::uint64_t next_number() { return ++numbers_; }

 private:
  void* handle_;
  std::chrono::milliseconds reconnect_after_;
  std::atomic<std::uint64_t> numbers_{0};
};

}  // namespace mpreg
