#pragma once
// XpubSocket: publishes on channels to every broker that asked for them. A subscriber that does not
// keep up loses messages without a word: the numbers of the streams show it.

#include <memory>
#include <string_view>

#include "net/socket.h"

namespace mpreg {

class XpubSocket final : public Socket {
 public:
  static Result<std::unique_ptr<XpubSocket>> open(NetContext& context, const SocketLimits& limits);

  Result<Endpoint> bind(const Endpoint& endpoint) { return bind_to(endpoint); }

  // Sends [channel][header][body?] to whoever subscribed to a prefix of `channel`: a channel ends
  // in NUL, so that none is the prefix of another. Never blocks.
  void publish(std::string_view channel, const Frame& header, const Frame& body);

  // Reads what subscribers asked for; at most `messages_max` of it. Returns how much there was.
  std::size_t drain_subscriptions(std::size_t messages_max);
  // Channels that somebody began to want, less those that nobody wants any more.
  [[nodiscard]] std::int64_t channels_wanted() const { return channels_wanted_; }

 private:
  XpubSocket() = default;

  std::int64_t channels_wanted_ = 0;
};

}  // namespace mpreg
