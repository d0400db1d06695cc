#include "broker/doors.h"

#include <algorithm>
#include <utility>

#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// A turn ends, and answers leave, after so much.
constexpr std::size_t kTurnMessagesMax = 256;
constexpr std::size_t kTurnBytesMax = 1U << 20U;
// Of one socket before the next one has its turn.
constexpr std::size_t kSliceMessagesMax = 32;
// Beside the payload: topics, records, headers and whatever else a body may hold.
constexpr std::uint64_t kBodyMargin = 256U << 10U;
// Live streams that a neighbour does not read; the numbers show what is dropped beyond.
constexpr int kStreamMessagesMax = 1000;
constexpr int kStreamKernelBytes = 1 << 20;

SocketLimits frame_limits(const BrokerOptions& options) {
  SocketLimits limits;
  limits.frame_bytes_max =
      std::max<std::uint64_t>(kPacketBytesMax, options.node.payload_bytes_max + kBodyMargin);
  return limits;
}

// Values that are too large for this cluster may be for another one behind it, and what is too
// large must not break the link.
SocketLimits link_limits() {
  SocketLimits limits;
  limits.frame_bytes_max = kPayloadBytesMaxOfAny + kBodyMargin;
  return limits;
}

SocketLimits stream_limits() {
  SocketLimits limits = link_limits();
  limits.queue_messages_max = kStreamMessagesMax;
  limits.kernel_buffer_bytes = kStreamKernelBytes;
  return limits;
}

// Opens and binds one socket for an option.
template <typename AnySocket>
Result<Endpoint> open_and_bind(NetContext& context, const SocketLimits& limits,
                               std::string_view option, const std::string& text,
                               std::unique_ptr<AnySocket>& socket) {
  const auto name = [&](const Error& error) {
    return fail(error.code, "--" + std::string(option) + " " + text + ": " + error.text);
  };
  auto opened = AnySocket::open(context, limits);
  if (!opened) return name(opened.error());
  socket = std::move(*opened);
  Result<Endpoint> endpoint = parse_bind_endpoint(text);
  if (endpoint) endpoint = socket->bind(*endpoint);
  if (!endpoint) return name(endpoint.error());
  return endpoint;
}

void add(SocketCounters& to, const SocketCounters& from) {
  to.messages_received += from.messages_received;
  to.bytes_received += from.bytes_received;
  to.messages_sent += from.messages_sent;
  to.bytes_sent += from.bytes_sent;
  to.dropped_frame_count += from.dropped_frame_count;
  to.dropped_too_long += from.dropped_too_long;
  to.dropped_identity += from.dropped_identity;
  to.sends_full += from.sends_full;
  to.sends_gone += from.sends_gone;
}

}  // namespace

std::string announced_stream(const Endpoint& bound, const std::string& advertise) {
  Endpoint announced = bound;
  announced.host = advertise.empty() ? "*" : advertise;
  return to_string(announced);
}

Doors::Doors(NetContext& context, const BrokerOptions& options)
    : context_(context), frame_limits_(frame_limits(options)) {}

Result<std::unique_ptr<Doors>> Doors::open(NetContext& context, const BrokerOptions& options,
                                           const Wakeup& wakeup, int descriptor_max) {
  std::unique_ptr<Doors> doors(new Doors(context, options));
  Result<void> done = doors->bind_all(options);
  if (done) done = doors->guard(*doors->sessions_, descriptor_max);
  if (done) done = doors->guard(*doors->links_in_, descriptor_max);
  if (done) done = doors->guard(*doors->publisher_, descriptor_max);
  if (done) done = doors->dial_all(options);
  if (!done) return tl::unexpected(done.error());
  doors->poller_.add(wakeup);
  doors->poller_.add(*doors->sessions_);
  doors->poller_.add(*doors->links_in_);
  doors->poller_.add(*doors->publisher_);
  for (auto& guard : doors->guards_) doors->poller_.add(guard->monitor());
  for (Link& link : doors->links_) doors->poller_.add(*link.subscriber);
  return doors;
}

Result<void> Doors::bind_all(const BrokerOptions& options) {
  const auto listen = open_and_bind(context_, frame_limits_, "listen", options.listen, sessions_);
  if (!listen) return tl::unexpected(listen.error());
  const auto link = open_and_bind(context_, link_limits(), "link", options.link, links_in_);
  if (!link) return tl::unexpected(link.error());
  const auto stream =
      open_and_bind(context_, stream_limits(), "stream", options.stream, publisher_);
  if (!stream) return tl::unexpected(stream.error());
  bound_ = {*listen, *link, *stream};
  return {};
}

template <typename AnySocket>
Result<void> Doors::guard(AnySocket& socket, int descriptor_max) {
  auto guard = AcceptGuard::open(context_, socket, descriptor_max);
  if (!guard) return tl::unexpected(guard.error());
  guards_.push_back(std::move(*guard));
  return {};
}

void Doors::enforce_limits() {
  for (const auto& guard : guards_) guard->enforce();
}

std::uint64_t Doors::connections_shut() const {
  std::uint64_t shut = 0;
  for (const auto& guard : guards_) shut += guard->shut();
  return shut;
}

Result<void> Doors::dial_all(const BrokerOptions& options) {
  for (const DialOptions& plan : dials_of(options)) {
    const auto name = [&](const Error& error) {
      return fail(error.code,
                  "--" + std::string(name_of(plan.role)) + " " + plan.endpoint + ": " + error.text);
    };
    Link link;
    const Result<Endpoint> endpoint = parse_dial_endpoint(plan.endpoint);
    if (!endpoint) return name(endpoint.error());
    link.endpoint = *endpoint;
    auto subscriber = SubSocket::open(context_, stream_limits());
    if (!subscriber) return name(subscriber.error());
    link.subscriber = std::move(*subscriber);
    if (const Result<void> dialled = dial(link); !dialled) return name(dialled.error());
    links_.push_back(std::move(link));
  }
  return {};
}

Result<void> Doors::dial(Link& link) {
  auto dealer = DealerSocket::open(context_, link_limits());
  if (!dealer) return tl::unexpected(dealer.error());
  const Result<void> dialled = (*dealer)->connect(link.endpoint);
  if (!dialled) return dialled;
  link.dealer = std::move(*dealer);
  poller_.add(*link.dealer);
  return {};
}

void Doors::hang_up(Link& link, const Now& now) {
  poller_.remove(*link.dealer);
  add(link.before, link.dealer->counters());
  link.dealer.reset();
  link.dial_at = now.instant + context_.reconnect_after();
}

void Doors::drop_link(std::uint32_t index, const Now& now) {
  MPREG_CHECK(index < links_.size());
  Link& link = links_[index];
  if (!link.dealer || !link.dealer->connected()) return;
  hang_up(link, now);
  link.was_dropped = true;
}

void Doors::redial(const Now& now) {
  for (Link& link : links_) {
    if (link.dealer || now.instant < link.dial_at) continue;
    // Where no descriptor is free there may be one later.
    if (!dial(link)) link.dial_at = now.instant + context_.reconnect_after();
  }
}

Instant Doors::next_redial() const {
  Instant next = Instant::max();
  for (const Link& link : links_) {
    if (!link.dealer) next = std::min(next, link.dial_at);
  }
  return next;
}

std::optional<LinkChange> Doors::next_link_change(const Now& now) {
  for (std::uint32_t i = 0; i < links_.size(); ++i) {
    Link& link = links_[i];
    if (std::exchange(link.was_dropped, false)) return LinkChange{i, false};
    if (!link.dealer || !link.dealer->monitor().maybe_readable()) continue;
    const std::optional<ConnectionChange> change = link.dealer->next_change();
    if (!change) continue;
    if (*change == ConnectionChange::down) hang_up(link, now);
    return LinkChange{i, *change == ConnectionChange::up};
  }
  return std::nullopt;
}

// Takes at most a slice. True: there may be more.
template <typename AnySocket>
bool Doors::receive_some(AnySocket& socket, Address from, Budget& budget, const Handler& handler) {
  if (!socket.maybe_readable()) return false;
  for (std::size_t i = 0; i < kSliceMessagesMax; ++i) {
    if (budget.messages == 0 || budget.bytes == 0) return true;
    Received received;
    const Receipt receipt = socket.receive(received);
    if (receipt == Receipt::nothing) return false;
    --budget.messages;  // What is dropped cost time too.
    if (receipt == Receipt::dropped) continue;
    budget.bytes -= std::min(budget.bytes, received.header.size() + received.body.size());
    if (from.door == Door::session || from.door == Door::link_in) from.peer = received.peer;
    handler(from, std::move(received.header), std::move(received.body));
  }
  return true;
}

bool Doors::receive_from(std::size_t place, Budget& budget, const Handler& handler) {
  if (place == 0) return receive_some(*sessions_, {Door::session, 0}, budget, handler);
  if (place == 1) return receive_some(*links_in_, {Door::link_in, 0}, budget, handler);
  const auto index = static_cast<std::uint32_t>((place - 2) / 2);
  Link& link = links_[index];
  if (place % 2 == 0) {
    return link.dealer && receive_some(*link.dealer, {Door::link_out, index}, budget, handler);
  }
  return receive_some(*link.subscriber, {Door::stream_in, index}, budget, handler);
}

std::size_t Doors::receive(const Handler& handler) {
  if (publisher_->maybe_readable()) publisher_->drain_subscriptions(kTurnMessagesMax);
  Budget budget{kTurnMessagesMax, kTurnBytesMax};
  const std::size_t places = 2 + 2 * links_.size();
  first_place_ = (first_place_ + 1) % places;
  bool more = true;
  while (more && budget.messages > 0 && budget.bytes > 0) {
    more = false;
    for (std::size_t i = 0; i < places; ++i) {
      more |= receive_from((first_place_ + i) % places, budget, handler);
    }
  }
  return kTurnMessagesMax - budget.messages;
}

void Doors::look_after_all() {
  sessions_->expect_message();
  links_in_->expect_message();
  publisher_->expect_message();
  for (Link& link : links_) {
    link.subscriber->expect_message();
    if (!link.dealer) continue;
    link.dealer->expect_message();
    link.dealer->monitor().expect_message();
  }
}

SendResult Doors::send(const Sending& sending) {
  switch (sending.to.door) {
    case Door::session:
      return sessions_->send(sending.to.peer, sending.header, sending.body);
    case Door::link_in:
      return links_in_->send(sending.to.peer, sending.header, sending.body);
    case Door::link_out:
      MPREG_CHECK(sending.to.peer < links_.size());
      if (!links_[sending.to.peer].dealer) return SendResult::full;
      return links_[sending.to.peer].dealer->send(sending.header, sending.body);
    case Door::stream_in:
      break;
  }
  // Nothing can be sent where live streams come in.
  MPREG_CHECK(sending.to.door != Door::stream_in);
  return SendResult::gone;
}

void Doors::publish(const Publication& publication) {
  publisher_->publish(publication.channel, publication.header, publication.body);
}

void Doors::set_interest(const ChannelInterest& interest) {
  MPREG_CHECK(interest.link < links_.size());
  SubSocket& subscriber = *links_[interest.link].subscriber;
  if (interest.wanted) {
    subscriber.subscribe(interest.channel);
  } else {
    subscriber.unsubscribe(interest.channel);
  }
}

Result<Endpoint> Doors::dial_stream(const StreamDial& dial) {
  MPREG_CHECK(dial.link < links_.size());
  Link& link = links_[dial.link];
  Result<Endpoint> endpoint = dial_announced(dial.endpoint, link.endpoint);
  if (!endpoint) return endpoint;
  const Result<void> dialled = link.subscriber->dial(*endpoint);
  if (!dialled) return tl::unexpected(dialled.error());
  return endpoint;
}

void Doors::set_linger(std::chrono::milliseconds linger) {
  sessions_->set_linger(linger);
  links_in_->set_linger(linger);
  publisher_->set_linger(linger);
  for (Link& link : links_) {
    if (link.dealer) link.dealer->set_linger(linger);
  }
}

SocketCounters Doors::counters(Door door) const {
  if (door == Door::session) return sessions_->counters();
  if (door == Door::link_in) return links_in_->counters();
  SocketCounters total;
  for (const Link& link : links_) {
    if (door == Door::stream_in) {
      add(total, link.subscriber->counters());
      continue;
    }
    add(total, link.before);
    if (link.dealer) add(total, link.dealer->counters());
  }
  return total;
}

}  // namespace mpreg
