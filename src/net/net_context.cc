#include "net/net_context.h"

#include <zmq.h>

#include <cerrno>
#include <random>

#include "base/error.h"

namespace mpreg {
namespace {

constexpr int kReconnectMinMs = 100;
constexpr int kReconnectSpreadMs = 100;

}  // namespace

NetContext::NetContext(NetContextOptions options) : handle_(zmq_ctx_new()) {
  MPREG_CHECK(handle_ != nullptr);
  MPREG_CHECK(zmq_ctx_set(handle_, ZMQ_IO_THREADS, options.io_threads) == 0);
  MPREG_CHECK(zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, options.sockets_max) == 0);
  std::random_device random;
  reconnect_after_ = std::chrono::milliseconds(
      kReconnectMinMs + std::uniform_int_distribution<int>(0, kReconnectSpreadMs)(random));
}

NetContext::~NetContext() {
  while (zmq_ctx_term(handle_) != 0 && errno == EINTR) {
  }
}

}  // namespace mpreg
