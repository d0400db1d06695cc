#pragma once
// ClientSession::Impl: the handshake, the lease and the requests of a session, around its inbox and
// its publish queue. Not for other rooms.

#include <map>
#include <optional>
#include <set>

#include "session/client_session.h"
#include "session/deadlines.h"
#include "session/inbox.h"
#include "session/interest.h"
#include "session/publish_queue.h"

namespace mpreg {

// The families of topics on which facts are published.
enum class FactTopic : std::uint8_t { invalidation, pattern_invalidation, replication };

class ClientSession::Impl {
 public:
  explicit Impl(SessionOptions options);

  // ---- session_connection.cc: connecting, staying connected, parting.
  void on_connected(const Now& now);
  void on_disconnected(const Now& now, std::string_view reason);
  void on_message(const Now& now, Frame header, Frame body);
  void tick(const Now& now);
  [[nodiscard]] Instant next_tick() const;
  void goodbye(const Now& now, std::string_view reason);
  void hold_credit(bool hold);

  // ---- session_requests.cc: what the application asks; session_answers.cc: what the broker
  // answers.
  Result<std::uint64_t> publish(std::string_view topic, Bytes payload, const Headers* headers,
                                Answering answering, Naming naming);
  Result<std::uint64_t> invalidate(const Now& now, const CacheInvalidation& invalidation);
  Result<std::uint64_t> replicate(const Now& now, const CacheReplication& replication,
                                  std::string_view value,
                                  const std::vector<std::string>& value_targets);
  Result<std::uint64_t> send_value(const Now& now, const CacheValue& value);
  void flush(const Now& now);
  Result<std::uint64_t> subscribe(const Subscription& subscription);
  Result<std::uint64_t> unsubscribe(const Now& now, std::uint32_t subscription);
  Result<std::uint64_t> barrier(const Now& now, std::chrono::milliseconds timeout);
  Result<std::uint64_t> get(const Now& now, const CacheAddress& address,
                            std::vector<StreamPosition> positions, std::chrono::milliseconds wait);
  Result<std::uint64_t> get_elsewhere(const Now& now, const CacheAddress& address,
                                      std::string cluster, bool with_value);
  Result<std::uint64_t> ask_load(const Now& now, LoadAsk ask);
  Result<std::uint64_t> ask_claim(const Now& now, ClaimAsk ask);
  void observe();
  void observed();
  Result<std::uint64_t> query(const Now& now, std::string_view question);
  Result<std::uint64_t> complete_operation(const Now& now, std::uint64_t operation, bool success);

  SessionOptions options;
  SessionCounters counters;
  SessionState state = SessionState::disconnected;
  std::optional<Welcome> welcome;
  Lease lease;
  std::vector<Vouch> vouches;
  std::map<StreamId, Number> written;
  std::vector<Outgoing> output;
  SessionEvents events;
  std::optional<Redial> redial;
  Interest interest;
  Inbox inbox;
  PublishQueue queue;
  Deadlines tracked;

 private:
  // ---- Packets from the broker.
  void handle(const Now& now, Welcome&& packet);
  void handle(const Now& now, Refused&& packet);
  void handle(const Now& now, Goodbye&& packet);
  void handle(const Now& now, ProbeEcho&& packet);
  void handle(const Now& now, Answer&& packet);
  void handle(const Now&, CacheGot&& packet) { take_reply(std::move(packet)); }
  void handle(const Now&, LoadGranted&& packet) { take_reply(std::move(packet)); }
  void handle(const Now&, ClaimGranted&& packet) { take_reply(std::move(packet)); }
  void handle(const Now& now, Gap&& packet);
  void handle(const Now& now, Subscribed&& packet);
  void handle(const Now& now, Accepted&& packet);
  void handle(const Now& now, OperationRefused&& packet);
  void handle(const Now& now, OperationOutcome&& packet);
  // Everything that a broker does not say to a client.
  template <typename Other>
  void handle(const Now&, Other&&) {
    ++counters.packets_refused;
  }
  // To a request that somebody has made.
  template <typename Reply>
  void take_reply(Reply&& reply) {
    if (requests_.take(reply.request)) return notify(std::forward<Reply>(reply));
    ++counters.packets_refused;
  }
  void on_batch(const BatchHeader& header, std::uint64_t header_bytes, Frame body);

  void send(const Packet& packet);
  void say_hello(const Now& now);
  void part_when_served(const Now& now);
  void lose(std::string_view reason, Duration redial_after);
  void end(SessionState final_state, std::string_view reason, ErrorCode code);
  void end_tracked(const std::vector<std::uint64_t>& operations, Outcome outcome);
  void change_state(SessionState to, std::string_view reason);
  void acknowledge(std::uint64_t beyond_bytes);
  template <typename What>
  void notify(What what) {
    events.notices.push_back({events.deliveries.size(), std::move(what)});
  }
  void answer(std::uint64_t request, ErrorCode code, std::string text);
  void answer_all(ErrorCode code, std::string_view text);
  void end_notices();
  void note_accepted();
  void note_written(const std::vector<StreamPosition>& applied);

  [[nodiscard]] bool over() const {
    return state == SessionState::refused || state == SessionState::closed;
  }
  // Valid until the next call.
  [[nodiscard]] const std::string& topic_of(FactTopic kind, const CacheAddress& address);
  [[nodiscard]] Result<void> may_publish() const;
  [[nodiscard]] Result<void> slot_for(const Tracking& tracking) const;
  [[nodiscard]] Result<std::uint64_t> request(const Now& now, Duration timeout);
  // The request number is filled in.
  [[nodiscard]] Result<std::uint64_t> ask_store(const Now& now, CacheGet ask);
  void track(const Now& now, std::uint64_t operation, const Tracking& tracking,
             std::chrono::milliseconds otherwise);

  struct LastTopic {
    FactTopic kind = FactTopic::invalidation;
    std::string region;
    std::string namespace_name;
    std::string text;
  };
  LastTopic last_topic_;
  std::vector<std::byte> payload_;  // Of the fact at hand.

  std::uint64_t next_request_ = 1;
  Deadlines requests_;
  // Unsubscribed while Hello, which named it, was not yet answered: request and subscription.
  std::map<std::uint64_t, std::uint32_t> unsubscribes_after_welcome_;

  Instant hello_again_{};
  Instant last_heard_{};
  Instant probe_due_{};
  std::chrono::milliseconds heartbeat_{500};
  std::set<std::uint64_t> refused_;  // Operations, above what is accepted: told once.
  std::uint64_t told_accepted_ = 0;
  bool notices_due_ = false;  // What the broker refused before and says again after its Welcome.

  // The broker is leaving; what it still has for this session comes before the connection ends.
  struct Parting {
    std::string reason;
    std::vector<StreamPosition> final_positions;
    Instant deadline{};
  };
  std::optional<Parting> parting_;

  bool observes_ = false;
  // The clusters that operations which are not accepted may have been sent to.
  std::set<std::string> sent_to_;
  bool credit_held_ = false;
  std::uint64_t received_bytes_ = 0;  // Of batches, in this connection.
  std::uint64_t acknowledged_bytes_ = 0;
};

}  // namespace mpreg
