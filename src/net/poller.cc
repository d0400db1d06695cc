#include "net/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "base/error.h"
#include "net/dealer_socket.h"

namespace mpreg {
namespace {

// Of one look. Those beyond it come with the next, which does not wait either.
constexpr std::size_t kEventsMax = 64;

int milliseconds_of(Duration time) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return static_cast<int>(std::clamp<std::int64_t>(whole, 0, std::numeric_limits<int>::max()));
}

}  // namespace

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { MPREG_CHECK(epoll_ >= 0); }

Poller::~Poller() { close(epoll_); }

void Poller::watch(int fd, Socket* socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = socket;
  MPREG_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Poller::add(Socket& socket) {
  watch(socket.fd(), &socket);
  sockets_.push_back(&socket);
}

void Poller::add(DealerSocket& socket) {
  add(static_cast<Socket&>(socket));
  add(static_cast<Socket&>(socket.monitor()));
}

void Poller::add(const Wakeup& wakeup) { add_descriptor(wakeup.fd()); }

void Poller::add_descriptor(int fd) { watch(fd, nullptr); }

void Poller::remove(Socket& socket) {
  const auto found = std::find(sockets_.begin(), sockets_.end(), &socket);
  if (found == sockets_.end()) return;
  MPREG_CHECK(epoll_ctl(epoll_, EPOLL_CTL_DEL, socket.fd(), nullptr) == 0);
  sockets_.erase(found);
}

void Poller::remove(DealerSocket& socket) {
  remove(static_cast<Socket&>(socket));
  remove(static_cast<Socket&>(socket.monitor()));
}

bool Poller::wait(Duration timeout) {
  const bool is_expected = std::any_of(sockets_.begin(), sockets_.end(), [](const Socket* socket) {
    return socket->maybe_readable();
  });
  std::array<epoll_event, kEventsMax> events;
  const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                               is_expected ? 0 : milliseconds_of(timeout));
  for (int i = 0; i < ready; ++i) {
    auto* socket = static_cast<Socket*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (socket != nullptr) socket->expect_message();
  }
  return ready > 0 || is_expected;
}

}  // namespace mpreg
