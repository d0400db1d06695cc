#pragma once
// ClientSession: one client of a broker without I/O. It numbers and batches what is published,
// keeps it until the broker has accepted it, sends it again after a reconnection, and turns what
// arrives into messages for subscriptions or into gap notices: never into nothing. Same input, same
// output.
//
// One caller at a time (client/ holds it under a mutex). After any call that takes the time, the
// caller sends what take_output gives on its one DEALER, in order, hands what take_events gives to
// the application, and looks at take_redial. Nothing blocks.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "message/packet.h"
#include "session/session_events.h"
#include "session/session_options.h"

namespace mpreg {

// One message to the broker: a header frame and, unless it is empty, a body frame.
struct Outgoing {
  Frame header;
  Frame body;
};

// The connection is of no use any more: close it, and dial the next endpoint no sooner than `after`
// (and after whatever back-off the loop adds). on_connected comes when there is one again.
struct Redial {
  Duration after{};
  std::string reason;
};

// When the broker is to answer a publication. `later` is within 100 ms, or with the next answer.
enum class Answering : std::uint8_t { later, at_once };
// How a topic travels: by an alias, for which every broker keeps a place as long as it runs, or
// spelled out with each message, which leaves nothing behind.
enum class Naming : std::uint8_t { by_alias, in_full };

// Never reset; everything that is refused, dropped or repeated is in one of these.
struct SessionCounters {
  std::uint64_t batches_received = 0;
  std::uint64_t batch_bytes_received = 0;
  std::uint64_t batches_duplicate = 0;   // At or below the position of their stream.
  std::uint64_t batches_malformed = 0;   // Each is reported as a gap.
  std::uint64_t messages_delivered = 0;  // Once per subscription.
  std::uint64_t messages_unwanted = 0;   // Matched no subscription.
  std::uint64_t messages_duplicate = 0;  // The same operation came through another broker.
  std::uint64_t aliases_unknown = 0;     // Each is reported as a gap.
  std::uint64_t gaps = 0;
  std::uint64_t packets_refused = 0;  // Not decodable, or not for a client.
  std::uint64_t operations = 0;       // Numbered so far.
  std::uint64_t operations_refused = 0;
  std::uint64_t batches_sent = 0;
  std::uint64_t batches_repeated = 0;  // Sent again after a reconnection.
  std::uint64_t would_block = 0;       // Publications that found the window full.
  std::uint64_t outcomes_repeated = 0;
  std::uint64_t connections = 0;  // Welcomes: a broker that refuses makes none.
  std::uint64_t streams_forgotten = 0;
};

class ClientSession {
 public:
  explicit ClientSession(SessionOptions options);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // ---- What the loop hands in.

  // A new connection is there: says Hello on it, with resumption if there was a Welcome before.
  void on_connected(const Now& now);
  void on_disconnected(const Now& now, std::string_view reason);
  void on_message(const Now& now, Frame header, Frame body);
  void tick(const Now& now);
  // When tick is due at the latest; changes with every call above and below.
  [[nodiscard]] Instant next_tick() const;

  // ---- What the loop takes out. Both append to `out`.

  void take_output(std::vector<Outgoing>& out);
  void take_events(SessionEvents& out);
  [[nodiscard]] std::optional<Redial> take_redial();
  // There is output or there are events: for a loop that wants to know cheaply.
  [[nodiscard]] bool has_output() const;
  [[nodiscard]] bool has_events() const;
  [[nodiscard]] std::size_t deliveries_waiting() const;

  // ---- Publishing. Each returns the number of the operation: 1, 2, 3, ... over everything that
  // this session publishes. Works without a connection, up to the window. Errors: `malformed` or
  // `refused` for what may not be sent, `overloaded` when the window (see has_room_for) or the
  // slots of tracked operations are full: nothing is numbered then. `disconnected` when the session
  // has ended.

  // `headers` may be null. The topic and the payload are copied.
  [[nodiscard]] Result<std::uint64_t> publish(const Now& now, std::string_view topic, Bytes payload,
                                              const Headers* headers = nullptr,
                                              Answering answering = Answering::later,
                                              Naming naming = Naming::by_alias);
  // Tracked if tracking.wait is above accepted. On the topic that the key and the type give.
  [[nodiscard]] Result<std::uint64_t> invalidate(const Now& now,
                                                 const CacheInvalidation& invalidation);
  // Takes two numbers, of the value and of the fact; returns that of the fact. value_bytes is
  // filled in here.
  [[nodiscard]] Result<std::uint64_t> replicate(const Now& now, const CacheReplication& replication,
                                                std::string_view value);

  // The value goes to `value_targets` alone: the fact's other targets wait for send_value(). Empty:
  // to nobody yet.
  [[nodiscard]] Result<std::uint64_t> replicate(const Now& now, const CacheReplication& replication,
                                                std::string_view value,
                                                const std::vector<std::string>& value_targets);
  // The value of a replication, later than its fact; tracked, with an outcome for each target.
  [[nodiscard]] Result<std::uint64_t> send_value(const Now& now, const CacheValue& value);

  // Whether a publication of so many bytes would fit the window now.
  [[nodiscard]] bool has_room_for(std::size_t payload_bytes) const;

  // Sends what still waits in open batches, whatever is under way, and asks for the answers that
  // would come later. Everything is accepted when
  // accepted_through() has reached last_operation().
  void flush(const Now& now);
  [[nodiscard]] std::uint64_t last_operation() const;
  [[nodiscard]] std::uint64_t accepted_through() const;
  // Tracked operations without an outcome.
  [[nodiscard]] std::size_t tracked_operations() const;

  // ---- Requests. Each returns a request number that the Answer or Subscribed notice repeats. A
  // request whose connection breaks is answered `disconnected`; only subscriptions outlive it.

  // Makes the subscription, or replaces the patterns of its id. Messages and then backlog count
  // from Subscribed on. While there is no connection it waits for one.
  [[nodiscard]] Result<std::uint64_t> subscribe(const Now& now, const Subscription& subscription);
  // Nothing more is delivered to it from this call on.
  [[nodiscard]] Result<std::uint64_t> unsubscribe(const Now& now, std::uint32_t subscription);
  [[nodiscard]] Result<std::uint64_t> barrier(const Now& now, std::chrono::milliseconds timeout);
  [[nodiscard]] Result<std::uint64_t> query(const Now& now, std::string_view question);
  // What the cluster's store holds, as soon as the cluster has applied `positions`, or not at all
  // after `wait` (at most a minute); answered by a CacheGot notice.
  [[nodiscard]] Result<std::uint64_t> get(const Now& now, const CacheAddress& address,
                                          std::vector<StreamPosition> positions = {},
                                          std::chrono::milliseconds wait = {});
  // The same of another cluster's store, by way of the broker; empty: of its own. Without its value
  // only the state and the version are told.
  [[nodiscard]] Result<std::uint64_t> get_elsewhere(const Now& now, const CacheAddress& address,
                                                    std::string cluster, bool with_value);

  // Whether this client may load the entry from the source of the data, alone in its cluster, for
  // `lease_ms` at most (60 s); zero: it has. The request number is filled in here. Answered by a
  // LoadGranted notice.
  [[nodiscard]] Result<std::uint64_t> ask_load(const Now& now, LoadAsk ask);
  // A key for this client alone; renewed or released, with its token. The answer is a ClaimGranted
  // notice, or an Answer that says why not.
  [[nodiscard]] Result<std::uint64_t> ask_claim(const Now& now, ClaimAsk ask);

  // ---- For a near cache, which says when it has applied what was delivered.

  // From now on, and in each connection: the broker waits for observed(), or until the lease has
  // run out, before it confirms what was written at level observed.
  void observe();
  // What take_events gave so far is applied.
  void observed();
  // The operation's outcome comes besides the answer.
  [[nodiscard]] Result<std::uint64_t> complete_operation(const Now& now, std::uint64_t operation,
                                                         bool success);

  // While held, no credit is given for what arrives: the broker stops when the window is full and
  // holds back. Nothing is dropped.
  void hold_credit(const Now& now, bool hold);

  // Says goodbye, if connected, and ends the session: pending requests and tracked operations end
  // as `disconnected` and failed. Unaccepted batches are not waited for: see flush.
  void goodbye(const Now& now, std::string_view reason);

  // ---- What is known.

  [[nodiscard]] SessionState state() const;
  // Of the broker that welcomed last; null before that.
  [[nodiscard]] const Welcome* welcome() const;
  // The broker has heard of this session at or after the moment that begins this lease.
  [[nodiscard]] Instant lease_until() const;
  // How far each stream has been delivered, ascending by stream.
  [[nodiscard]] std::vector<StreamPosition> positions() const;
  // The cache lane's numbers at or below which what this session has had accepted lies, one for
  // each broker that accepted something.
  [[nodiscard]] std::vector<StreamPosition> written() const;
  // As the last ProbeEcho said.
  [[nodiscard]] const std::vector<Vouch>& vouches() const;
  [[nodiscard]] const SessionCounters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mpreg
