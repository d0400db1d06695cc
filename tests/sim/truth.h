#pragma once
// Truth: what the simulated publishers did, and what numbers their messages were given, as it was
// seen at the broker that gave them before it could leave that broker. Every message is recognized
// by its content, which no other message has.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "message/body.h"
#include "message/pubsub_messages.h"
#include "message/target_names.h"
#include "trace.h"

namespace mpreg::sim {

using MessageIndex = std::uint32_t;
inline constexpr MessageIndex kNoMessage = 0xFFFFFFFFU;
inline constexpr std::uint32_t kNoClient = 0xFFFFFFFFU;  // A broker said it.
using TruthStream = std::uint32_t;                       // Index of a stream in the books.

struct Stamping {
  TruthStream stream = 0;
  Number number = 0;
  std::uint64_t life = 0;  // Of the broker that stamped it.
  Instant at{};
};

struct Message {
  std::uint32_t client = 0;
  std::uint64_t operation = 0;
  RecordKind kind = RecordKind::event;
  std::uint32_t topic = 0;
  std::string namespace_name;  // Of cache facts and values; may be empty.
  std::vector<std::string> targets;
  std::vector<Stamping> stampings;  // One, or one more for each broker that it was sent to again.
  bool refused = false;             // Some broker has refused it, and others may know.
  bool last_round = false;          // Published when everything was well again.

  // Targets are clusters, or `*` for everybody.
  [[nodiscard]] bool names(const std::string& cluster) const {
    return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
      return target == cluster || target == kEveryMember;
    });
  }
};

// The first thing that went wrong in a schedule.
class Verdict {
 public:
  explicit Verdict(Trace& trace) : trace_(trace) {}

  void fail(const std::string& what) {
    if (!first_.empty()) return;
    first_ = what;
    trace_.line([&] { return "VIOLATION: " + what; });
  }
  [[nodiscard]] bool failed() const { return !first_.empty(); }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  Trace& trace_;
  std::string first_;
};

class Truth {
 public:
  explicit Truth(Verdict& verdict) : verdict_(verdict) {}

  // The payload is like no other of its kind.
  MessageIndex publish(Message message, Bytes payload);
  // kNoMessage: nobody published this.
  [[nodiscard]] MessageIndex find(RecordKind kind, Bytes payload) const;

  // The broker that numbers the stream has come so far. The stampings of what is there follow;
  // every other number is empty.
  void cover(TruthStream stream, Number through);
  void stamp(MessageIndex message, const Stamping& stamping);
  // A broker has given the number to the refusal of the message.
  void refuse(MessageIndex message) { messages_[message].refused = true; }
  // Some other broker says that it has dealt with everything up to here.
  void claim(TruthStream stream, Number number);

  [[nodiscard]] std::uint32_t topic_of(std::string_view topic);
  [[nodiscard]] const std::string& topic(std::uint32_t index) const { return topics_[index]; }

  [[nodiscard]] TruthStream stream_of(const StreamId& id);
  // 0 for a stream that is not in the books.
  [[nodiscard]] Number find_end(const StreamId& id) const;
  [[nodiscard]] const StreamId& id_of(TruthStream stream) const { return streams_[stream].id; }
  [[nodiscard]] std::size_t streams() const { return streams_.size(); }
  // How far it was numbered.
  [[nodiscard]] Number end_of(TruthStream stream) const { return streams_[stream].items.size(); }
  // kNoMessage for an empty number.
  [[nodiscard]] MessageIndex at(TruthStream stream, Number number) const {
    return streams_[stream].items[number - 1];
  }

  [[nodiscard]] const Message& message(MessageIndex index) const { return messages_[index]; }
  [[nodiscard]] std::size_t messages() const { return messages_.size(); }
  [[nodiscard]] std::string text(MessageIndex index) const;

 private:
  struct Stream {
    StreamId id;
    std::vector<MessageIndex> items;
    Number claimed = 0;
  };

  Verdict& verdict_;
  std::vector<Message> messages_;
  std::unordered_map<std::uint64_t, MessageIndex> by_content_;  // Never iterated.
  std::map<StreamId, TruthStream> stream_ids_;
  std::vector<Stream> streams_;
  std::map<std::string, std::uint32_t, std::less<>> topic_ids_;
  std::vector<std::string> topics_;
};

// Whether a gap notice covers a message: by its scope; the range is the caller's to compare.
[[nodiscard]] bool scope_covers(const Scope& scope, const Message& message,
                                const std::string& topic);

}  // namespace mpreg::sim
