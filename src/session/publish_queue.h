#pragma once
// PublishQueue: what a client has published and the broker has not yet accepted. It numbers the
// operations, builds one batch per lane at a time, keeps every batch until it is accepted, and
// sends what is left again after a reconnection, under the same numbers.
//
// Natural batching: while few batches are under way, what is published leaves at once; otherwise it
// waits for an answer and makes the next batch, up to the size of a batch. Batches leave in the
// order of their lowest operation, except that values leave before the facts that belong to them.
//
// What is small and published while nothing waits leaves as a batch that may be answered later,
// where its publisher waits for nothing, or for an outcome, with which the answer comes: an answer
// for each would double the packets. A few such may be out at once; the next one asks for an answer
// to all of them.

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/pubsub_messages.h"
#include "session/client_session.h"
#include "session/own_topics.h"
#include "wire/body_codec.h"

namespace mpreg {

class PublishQueue {
 public:
  PublishQueue(const SessionOptions& options, SessionCounters& counters);

  struct Item {
    Lane lane = Lane::events;
    RecordKind kind = RecordKind::event;
    std::uint8_t flags = 0;
    std::string_view topic;
    Naming naming = Naming::by_alias;
    Bytes headers;
    Bytes payload;
  };

  // Checks what append must be able to rely on: the topic, the sizes.
  [[nodiscard]] Result<void> check(const Item& item);
  [[nodiscard]] bool has_room_for(std::size_t payload_bytes) const;
  // Numbers and keeps the item, which was checked and has room. pump() sends.
  std::uint64_t append(const Item& item);
  // The next fact belongs to the value that was appended last, and must not leave before it.
  void value_precedes_fact();
  [[nodiscard]] std::uint64_t next_operation() const { return next_operation_; }

  // A session has begun: everything not known to the broker is sent again. What is known to it is
  // accepted or refused, and kept until confirm_known(), when it has said which is which.
  void begin(const SessionLimits& limits, const std::vector<NumberRange>& known);
  void confirm_known();
  // The connection is gone; nothing is sent until begin().
  void end();

  // False, and nothing changes, when the broker claims what cannot be.
  bool on_accepted(const Accepted& accepted);

  // What the broker has told in this connection, which goes with what is appended from now on.
  void learn(std::uint64_t told) { told_ = std::max(told_, told); }

  // Sends what may be sent now; an answer to it is awaited, unless it may be late.
  void pump(std::vector<Outgoing>& out, bool may_be_late = false);
  // Closes the open batches: they leave with the next pump, whatever is under way.
  void flush();
  // Something has left that the broker may answer later.
  [[nodiscard]] bool awaits_late_answer() const { return late_under_way_ > 0; }

  [[nodiscard]] std::uint64_t last_operation() const { return next_operation_ - 1; }
  [[nodiscard]] std::uint64_t accepted_through() const { return accepted_through_; }

 private:
  struct Open {
    explicit Open(Lane lane_of) : lane(lane_of), builder(lane_of) {}
    Lane lane;
    BodyBuilder builder;
    std::vector<Segment> segments;
    std::vector<Declaration> declarations;
    bool after_bulk = false;  // Holds a fact whose value is in the open bulk batch.
  };
  struct Sealed {
    Lane lane = Lane::events;
    Frame header;
    Frame body;
    bool may_answer_later = false;
    bool is_known = false;  // All of it is accepted, or known to this broker: it is not sent.
    std::uint64_t first_operation = 0;
    std::uint64_t last_operation = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sent_end = 0;               // sent_bytes_ after it, once sent in this connection.
    std::shared_ptr<const OwnTopics> topics;  // What its aliases mean.
  };

  [[nodiscard]] Open& open(Lane lane) { return open_[static_cast<std::size_t>(lane)]; }
  [[nodiscard]] bool any_open() const;
  [[nodiscard]] Lane first_open() const;
  [[nodiscard]] std::uint64_t open_bytes() const;
  void add(Open& batch, const Item& item, std::uint64_t operation, std::uint32_t told);
  void seal(Lane lane, bool may_answer_later = false);
  void seal_through(Lane lane);
  [[nodiscard]] Frame header_of(Lane lane, std::vector<Declaration> declarations,
                                bool may_answer_later);
  [[nodiscard]] bool may_answer_later(const Open& batch) const;
  [[nodiscard]] bool may_send(std::uint64_t bytes) const;
  void send(Sealed& batch, std::vector<Outgoing>& out);
  [[nodiscard]] bool is_known(std::uint64_t operation) const {
    return operation <= accepted_through_ || known_.contains(operation);
  }
  [[nodiscard]] bool is_known(const Body& body) const;
  [[nodiscard]] Outgoing built_again(const Sealed& batch);
  void confirm(std::uint64_t through);
  [[nodiscard]] std::uint64_t lowest_not_consumed() const;

  const SessionOptions& options_;
  SessionCounters& counters_;
  std::uint64_t window_bytes_;
  std::uint64_t payload_bytes_max_;

  std::uint64_t next_operation_ = 1;
  std::uint64_t accepted_through_ = 0;
  std::shared_ptr<OwnTopics> topics_;
  std::array<Open, kLanes> open_;
  std::array<Frame, kLanes> plain_headers_;       // Without declarations: the same for every batch.
  std::array<Frame, kLanes> plain_late_headers_;  // The same, of those that may be answered later.

  std::deque<Sealed> sealed_;  // In order of sending.
  std::size_t sent_ = 0;       // How many of them were sent in this connection.
  std::uint64_t sealed_bytes_ = 0;

  bool connected_ = false;
  std::uint64_t told_ = 0;  // Segment::told has its lowest 32 bits.
  Ranges known_;            // To this broker, by its Welcome: not sent again.
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t consumed_bytes_ = 0;
  struct UnderWay {
    std::uint64_t sent_end = 0;  // sent_bytes_ after it.
    bool may_answer_later = false;
  };
  std::deque<UnderWay> under_way_;  // Batches that are not consumed.
  std::size_t late_under_way_ = 0;  // Of these, those that may be answered later.
};

}  // namespace mpreg
