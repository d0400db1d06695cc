#pragma once
// RawPeer: speaks the bytes of ZMTP 3.0 (rfc.zeromq.org/spec/23) over a plain socket, so that a
// test can say what libzmq would never say.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace mpreg::testing {

class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~RawPeer() { close(fd_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void write(std::string_view bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  // A dealer with this identity, until both sides have said READY.
  void greet(std::string_view identity = "") const {
    std::string greeting("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
    greeting.resize(64, '\0');
    write(greeting);
    std::string ready("\5READY", 6);
    append_property(ready, "Socket-Type", "DEALER");
    append_property(ready, "Identity", identity);
    write(std::string(1, '\4') + static_cast<char>(ready.size()) + ready);
    const std::string answer = read(64 + 2);
    ASSERT_EQ(answer.size(), 66U);
    read(static_cast<unsigned char>(answer[65]));
  }

  // So many bytes, or less when the other side closes.
  std::string read(std::size_t bytes) const {
    std::string result(bytes, '\0');
    const ssize_t got = recv(fd_, result.data(), bytes, MSG_WAITALL);
    result.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return result;
  }

  // One part of at most 255 bytes.
  void write_part(std::string_view part, bool more) const {
    write(std::string(1, more ? '\1' : '\0') + static_cast<char>(part.size()) + std::string(part));
  }

  // Reads until the other side closes; false when it does not.
  [[nodiscard]] bool wait_until_closed() const {
    char buffer[4096];
    for (;;) {
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
      if (got < 0) return false;
    }
  }

 private:
  static void append_property(std::string& to, std::string_view name, std::string_view value) {
    to += static_cast<char>(name.size());
    to += name;
    to += std::string(3, '\0') + static_cast<char>(value.size());
    to += value;
  }

  int fd_;
};

}  // namespace mpreg::testing
