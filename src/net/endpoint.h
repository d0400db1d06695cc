#pragma once
// Endpoint: where a socket is bound or dialled, as a person writes it:
//   tcp://HOST:PORT   HOST is a name, an IPv4 address, or an IPv6 address in brackets; for binding
//                     also * (every address), and PORT 0 picks a free one
//   ipc://PATH        a socket file on this machine, at most 107 bytes
// Nothing is resolved or opened here.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mpreg {

enum class Transport : std::uint8_t { tcp, ipc };

struct Endpoint {
  Transport transport = Transport::tcp;
  std::string host;  // tcp: as written, an IPv6 address with its brackets.
  std::uint16_t port = 0;
  std::string path;  // ipc.

  [[nodiscard]] bool is_every_host() const { return transport == Transport::tcp && host == "*"; }
  // Reachable from this machine only.
  [[nodiscard]] bool is_local() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// Errors: `malformed`, a sentence that repeats the text and says what is allowed.
[[nodiscard]] Result<Endpoint> parse_bind_endpoint(std::string_view text);
// As above, without * and without port 0.
[[nodiscard]] Result<Endpoint> parse_dial_endpoint(std::string_view text);
// What stands between tcp:// and the port. `*` is refused.
[[nodiscard]] Result<std::string> parse_host(std::string_view text);

// Where to dial what a neighbour announced: host * stands for the host by which the neighbour
// itself was dialled, or this machine when it was dialled by ipc.
[[nodiscard]] Result<Endpoint> dial_announced(std::string_view announced, const Endpoint& dialled);

}  // namespace mpreg
