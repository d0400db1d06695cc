#pragma once
// SubSocket: takes channels from one publisher at a time. What it subscribed to goes along when it
// is pointed at another one.

#include <memory>
#include <optional>
#include <string_view>

#include "net/socket.h"

namespace mpreg {

class SubSocket final : public Socket {
 public:
  static Result<std::unique_ptr<SubSocket>> open(NetContext& context, const SocketLimits& limits);

  // Begins to dial, and forgets the endpoint before; nothing happens when it is the same one.
  // Errors: `malformed`; then nothing is dialled.
  Result<void> dial(const Endpoint& endpoint);
  [[nodiscard]] const std::optional<Endpoint>& dialled() const { return dialled_; }

  // Each subscribe needs its unsubscribe.
  void subscribe(std::string_view channel);
  void unsubscribe(std::string_view channel);

  // The channel itself is not handed out: headers name their stream.
  Receipt receive(Received& out);

 private:
  SubSocket() = default;

  std::optional<Endpoint> dialled_;
};

}  // namespace mpreg
