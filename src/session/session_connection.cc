// ClientSession: connecting, staying connected, parting.

#include "session/session_impl.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// Used when the broker names none, and when it names one that would keep the processor busy.
constexpr std::chrono::milliseconds kHeartbeatMin{10};
constexpr std::chrono::milliseconds kHeartbeatMax = kBrokerSilenceMax / 3;

}  // namespace

ClientSession::Impl::Impl(SessionOptions given)
    : options(std::move(given)), inbox(options, interest, counters), queue(options, counters) {}

void ClientSession::Impl::send(const Packet& packet) {
  output.push_back({encode_packet(packet), {}});
}

void ClientSession::Impl::change_state(SessionState to, std::string_view reason) {
  if (state == to) return;
  state = to;
  notify(StateChange{to, std::string(reason)});
}

void ClientSession::Impl::on_connected(const Now& now) {
  if (over()) return;
  if (state != SessionState::disconnected) on_disconnected(now, "a new connection took its place");
  redial.reset();
  output.clear();
  last_heard_ = now.instant;
  received_bytes_ = 0;
  acknowledged_bytes_ = 0;
  change_state(SessionState::greeting, {});
  say_hello(now);
}

void ClientSession::Impl::say_hello(const Now& now) {
  Hello hello;
  hello.client = options.client;
  hello.name = options.name;
  hello.receive_window_bytes = options.receive_window_bytes;
  hello.resume = welcome.has_value();
  hello.positions = inbox.positions();
  hello.subscriptions = interest.active();
  hello.observes = observes_;
  hello.clock = inbox.latest_version();
  const bool has_open = queue.accepted_through() < queue.last_operation();
  if (welcome && has_open) hello.open_through = queue.last_operation();
  if (!has_open) sent_to_.clear();
  send(std::move(hello));
  hello_again_ = now.instant + kHelloRetry;
}

void ClientSession::Impl::on_disconnected(const Now& now, std::string_view reason) {
  if (over() || state == SessionState::disconnected) return;
  static_cast<void>(now);
  lose(reason, {});
  redial.reset();  // The caller knows: it was the one who said so.
}

void ClientSession::Impl::lose(std::string_view reason, Duration redial_after) {
  output.clear();
  parting_.reset();
  notices_due_ = false;
  queue.end();
  change_state(SessionState::disconnected, reason);
  answer_all(ErrorCode::disconnected, reason);
  redial = Redial{redial_after, std::string(reason)};
}

void ClientSession::Impl::end(SessionState final_state, std::string_view reason, ErrorCode code) {
  queue.end();
  note_accepted();
  change_state(final_state, reason);
  answer_all(code, reason);
  for (const Interest::Pending& pending : interest.pending()) {
    interest.refuse(pending.request);
    answer(pending.request, code, std::string(reason));
  }
  end_tracked(tracked.take_all(), Outcome::failed);
}

// Here, without a word of the broker.
void ClientSession::Impl::end_tracked(const std::vector<std::uint64_t>& operations,
                                      Outcome outcome) {
  if (operations.empty()) return;
  OperationOutcome ended;
  ended.outcome = outcome;
  for (const std::uint64_t operation : operations) ended.operations.push_back({operation, 0});
  notify(std::move(ended));
}

void ClientSession::Impl::goodbye(const Now& now, std::string_view reason) {
  static_cast<void>(now);
  if (over()) return;
  acknowledge(0);
  if (state != SessionState::disconnected) send(Goodbye{std::string(reason), {}});
  end(SessionState::closed, reason, ErrorCode::disconnected);
}

void ClientSession::Impl::on_message(const Now& now, Frame header, Frame body) {
  if (state != SessionState::greeting && state != SessionState::ready) return;
  last_heard_ = now.instant;
  std::uint64_t told = 0;
  auto packet = decode_packet(header.bytes(), &told);
  if (!packet) {
    ++counters.packets_refused;
    return;
  }
  if (notices_due_ && !std::holds_alternative<OperationRefused>(*packet) &&
      !std::holds_alternative<OperationOutcome>(*packet)) {
    end_notices();
  }
  if (const auto* batch = std::get_if<BatchHeader>(&*packet)) {
    told = batch->applied;
    on_batch(*batch, header.size(), std::move(body));
    if (told != 0) queue.learn(told);
    part_when_served(now);
    return;
  }
  std::visit([&](auto&& content) { handle(now, std::move(content)); }, std::move(*packet));
  if (told != 0 && state == SessionState::ready) queue.learn(told);
  part_when_served(now);
}

void ClientSession::Impl::handle(const Now& now, Welcome&& packet) {
  if (state == SessionState::ready) {
    // Hello was said twice. The later session has had everything that was sent since the first
    // Welcome; only what it sends counts anew.
    if (packet.session == welcome->session) return;
    received_bytes_ = 0;
    acknowledged_bytes_ = 0;
    inbox.begin(packet.positions);
    welcome = std::move(packet);
    return;
  }
  ++counters.connections;
  inbox.begin(packet.positions);
  heartbeat_ = std::chrono::milliseconds(packet.limits.heartbeat_ms);
  if (heartbeat_ < kHeartbeatMin || heartbeat_ > kHeartbeatMax) heartbeat_ = kHeartbeatMax;
  queue.begin(packet.limits, packet.accepted);
  sent_to_.insert(packet.cluster);
  note_written(packet.applied);
  welcome = std::move(packet);
  probe_due_ = now.instant;
  change_state(SessionState::ready, {});
  notices_due_ = true;
  for (const auto& [number, subscription] : unsubscribes_after_welcome_) {
    send(Unsubscribe{number, subscription});
  }
  unsubscribes_after_welcome_.clear();
  for (const Interest::Pending& pending : interest.pending()) {
    send(Subscribe{pending.request, pending.subscription});
  }
  queue.pump(output);
}

void ClientSession::Impl::handle(const Now&, Refused&& packet) {
  const std::string reason =
      "the broker refused: " + packet.text + " (" + std::string(name_of(packet.code)) + ")";
  if (packet.retry_after_ms != 0) {
    lose(reason, std::chrono::milliseconds(packet.retry_after_ms));
    return;
  }
  end(SessionState::refused, reason, packet.code);
}

void ClientSession::Impl::handle(const Now& now, Goodbye&& packet) {
  inbox.on_final(packet.final_positions);
  if (state != SessionState::ready) {
    lose("the broker said goodbye: " + packet.reason, {});
    return;
  }
  if (parting_) return;
  queue.end();  // What is published from now on goes to the next broker.
  parting_ = Parting{std::move(packet.reason), std::move(packet.final_positions),
                     now.instant + kPartingMax};
  acknowledge(0);
  // Its echo says how far this session has been served, also where nothing was for it.
  send(Probe{SentAt::before_sending(now.instant).wire_ns()});
}

void ClientSession::Impl::part_when_served(const Now& now) {
  if (!parting_ || state != SessionState::ready) return;
  if (now.instant < parting_->deadline && !inbox.has_reached(parting_->final_positions)) return;
  const std::string reason = "the broker said goodbye: " + parting_->reason;
  lose(reason, {});
  send(Goodbye{"served to the end", {}});
}

void ClientSession::Impl::handle(const Now& now, ProbeEcho&& packet) {
  const auto sent_at = SentAt::echoed(packet.sent_at_ns, now.instant);
  if (state != SessionState::ready || !sent_at) {
    ++counters.packets_refused;
    return;
  }
  lease = std::max(lease, Lease(AsOf(*sent_at), kBrokerSilenceMax));
  vouches = std::move(packet.vouches);
  inbox.on_served(packet.positions);
  std::vector<StreamPosition> positions = inbox.positions();
  std::erase_if(positions,
                [](const StreamPosition& position) { return position.stream.lane != Lane::cache; });
  notify(LeaseRenewal{*sent_at, packet.is_behind, vouches, std::move(positions)});
}

void ClientSession::Impl::on_batch(const BatchHeader& header, std::uint64_t header_bytes,
                                   Frame body) {
  const std::uint64_t bytes = header_bytes + body.size();
  ++counters.batches_received;
  counters.batch_bytes_received += bytes;
  received_bytes_ += bytes;
  inbox.on_batch(header, std::move(body), events);
  // What was picked for a group's member is another's until it is acknowledged.
  acknowledge(header.is_share ? 0 : options.receive_window_bytes / 4);
}

void ClientSession::Impl::handle(const Now&, Gap&& packet) { inbox.on_gap(packet, events); }

void ClientSession::Impl::hold_credit(bool hold) {
  credit_held_ = hold;
  if (!hold) acknowledge(options.receive_window_bytes / 4);
}

void ClientSession::Impl::acknowledge(std::uint64_t beyond_bytes) {
  if (state != SessionState::ready || credit_held_) return;
  if (received_bytes_ == acknowledged_bytes_) return;
  if (received_bytes_ - acknowledged_bytes_ < beyond_bytes) return;
  acknowledged_bytes_ = received_bytes_;
  send(Acknowledge{acknowledged_bytes_});
}

void ClientSession::Impl::tick(const Now& now) {
  end_tracked(tracked.take_due(now.instant), Outcome::timed_out);
  for (const std::uint64_t number : requests_.take_due(now.instant)) {
    answer(number, ErrorCode::timed_out, "the broker did not answer in time");
  }
  if (state != SessionState::greeting && state != SessionState::ready) return;
  if (now.instant - last_heard_ >= kBrokerSilenceMax) {
    lose("the broker has been silent for " + std::to_string(kBrokerSilenceMax.count()) + " ms", {});
    return;
  }
  if (state == SessionState::greeting) {
    if (now.instant >= hello_again_) say_hello(now);
    return;
  }
  part_when_served(now);
  if (state != SessionState::ready || now.instant < probe_due_) return;
  acknowledge(0);
  send(Probe{SentAt::before_sending(now.instant).wire_ns()});
  probe_due_ = now.instant + heartbeat_;
}

Instant ClientSession::Impl::next_tick() const {
  Instant next = std::min(tracked.next(), requests_.next());
  if (state == SessionState::greeting) {
    next = std::min({next, hello_again_, last_heard_ + kBrokerSilenceMax});
  } else if (state == SessionState::ready) {
    next = std::min({next, probe_due_, last_heard_ + kBrokerSilenceMax});
    if (parting_) next = std::min(next, parting_->deadline);
  }
  return next;
}

}  // namespace mpreg
