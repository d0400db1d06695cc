#include "net/poller.h"

#include <algorithm>
#include <ctime>

#include "net/dealer_socket.h"

namespace mpreg {

void Poller::add(Socket& socket) {
  descriptors_.push_back({socket.fd(), POLLIN, 0});
  sockets_.push_back(&socket);
}

void Poller::add(DealerSocket& socket) {
  add(static_cast<Socket&>(socket));
  add(static_cast<Socket&>(socket.monitor()));
}

void Poller::add(const Wakeup& wakeup) { add_descriptor(wakeup.fd()); }

void Poller::add_descriptor(int fd) {
  descriptors_.push_back({fd, POLLIN, 0});
  sockets_.push_back(nullptr);
}

void Poller::remove(Socket& socket) {
  const auto found = std::find(sockets_.begin(), sockets_.end(), &socket);
  if (found == sockets_.end()) return;
  descriptors_.erase(descriptors_.begin() + (found - sockets_.begin()));
  sockets_.erase(found);
}

void Poller::remove(DealerSocket& socket) {
  remove(static_cast<Socket&>(socket));
  remove(static_cast<Socket&>(socket.monitor()));
}

bool Poller::wait(Duration timeout) {
  const bool is_expected = std::any_of(sockets_.begin(), sockets_.end(), [](const Socket* socket) {
    return socket != nullptr && socket->maybe_readable();
  });
  const Duration left = is_expected ? Duration::zero() : std::max(timeout, Duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec limit{seconds.count(), (left - seconds).count()};
  const int ready = ppoll(descriptors_.data(), descriptors_.size(), &limit, nullptr);
  if (ready <= 0) return is_expected;
  for (std::size_t i = 0; i < descriptors_.size(); ++i) {
    if (descriptors_[i].revents != 0 && sockets_[i] != nullptr) sockets_[i]->expect_message();
  }
  return true;
}

}  // namespace mpreg
