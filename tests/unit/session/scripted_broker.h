#pragma once
// ScriptedBroker: the other side of a ClientSession, played by a test with real packets.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "session/client_session.h"
#include "wire/body_codec.h"
#include "wire/packet_codec.h"

namespace mpreg {

using std::chrono::milliseconds;

inline constexpr std::uint64_t kSelf = 77;  // The client's id.

// What the session sent: a packet, and the body if it is a batch.
struct Sent {
  Packet packet;
  std::optional<Body> body;
  std::uint64_t bytes = 0;

  template <typename T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&packet);
  }
};

// One record of a batch to the session.
struct Item {
  std::string payload{};
  OperationId publisher{};
  Alias alias = 1;
  RecordKind kind = RecordKind::event;
  std::string inline_topic{};  // With kNoAlias.
};

class ScriptedBroker {
 public:
  // Every batch asks for its answer, unless some may be answered later.
  explicit ScriptedBroker(SessionOptions options = {}, std::size_t late_batches = 0)
      : session(as_tested(std::move(options), late_batches)) {}

  Now now{Instant(std::chrono::seconds(1000)), WallTime(milliseconds(1'700'000'000'000))};
  ClientSession session;
  StreamId stream{"east", {5}, Lane::events};
  Welcome welcome = default_welcome();

  void pass(milliseconds time) {
    now.instant += time;
    now.wall += time;
  }

  void give(const Packet& packet, Frame body = {}) {
    session.on_message(now, encode_packet(packet), std::move(body));
  }

  // Everything that was sent since the last call.
  std::vector<Sent> take() {
    std::vector<Outgoing> out;
    session.take_output(out);
    std::vector<Sent> sent;
    for (Outgoing& outgoing : out) {
      auto packet = decode_packet(outgoing.header.bytes());
      EXPECT_TRUE(packet.has_value()) << packet.error().text;
      if (!packet) continue;
      Sent one{std::move(*packet), std::nullopt, outgoing.header.size() + outgoing.body.size()};
      if (!outgoing.body.empty()) {
        auto body = open_body(outgoing.body, {});
        EXPECT_TRUE(body.has_value());
        if (body) one.body = *body;
      }
      sent.push_back(std::move(one));
    }
    return sent;
  }

  // Of what was sent, the packets of one kind.
  template <typename T>
  std::vector<T> take_only() {
    std::vector<T> found;
    for (const Sent& sent : take()) {
      if (const T* packet = sent.as<T>()) found.push_back(*packet);
    }
    return found;
  }

  std::vector<Sent> take_batches() {
    std::vector<Sent> batches;
    for (Sent& sent : take()) {
      if (sent.as<BatchHeader>() != nullptr) batches.push_back(std::move(sent));
    }
    return batches;
  }

  SessionEvents events() {
    SessionEvents events;
    session.take_events(events);
    return events;
  }

  // Connects and welcomes; returns the Hello.
  Hello connect() {
    session.on_connected(now);
    const std::vector<Hello> hellos = take_only<Hello>();
    EXPECT_EQ(hellos.size(), 1U);
    ++welcome.session;
    give(welcome);
    return hellos.empty() ? Hello{} : hellos.front();
  }

  // Subscribes and confirms.
  std::uint64_t subscribe(std::uint32_t id, std::vector<std::string> patterns,
                          std::vector<StreamPosition> positions = {}) {
    const auto request = session.subscribe(now, {id, std::move(patterns), 0, 0});
    EXPECT_TRUE(request.has_value());
    give(Subscribed{*request, id, std::move(positions)});
    return *request;
  }

  // A batch that covers after + 1 .. after + items.
  void batch(Number after, const std::vector<Item>& items,
             std::vector<Declaration> declarations = {{1, "a.b"}}) {
    give(header(after, after + items.size(), std::move(declarations)), body(after + 1, items));
  }

  [[nodiscard]] BatchHeader header(Number after, Number through,
                                   std::vector<Declaration> declarations = {}) const {
    BatchHeader header;
    header.stream = stream;
    header.after = after;
    header.through = through;
    header.declarations = std::move(declarations);
    return header;
  }

  [[nodiscard]] Frame body(Number first, const std::vector<Item>& items) const {
    BodyBuilder builder(stream.lane);
    for (const Item& item : items) {
      builder.append(item.kind, 0, item.alias, item.inline_topic, {}, as_bytes(item.payload));
      builder.add_segment({item.publisher.client, item.publisher.operation, 1, 0});
    }
    Stamp stamp;
    stamp.incarnation = stream.incarnation;
    stamp.first = first;
    stamp.version = 1000 + first;
    stamp.count = static_cast<std::uint32_t>(items.size());
    stamp.lane = stream.lane;
    builder.set_stamp(stamp);
    return builder.finish();
  }

 private:
  static SessionOptions as_tested(SessionOptions options, std::size_t late_batches) {
    options.late_batches_max = late_batches;
    options.client = kSelf;
    options.name = "tested";
    return options;
  }
  static Welcome default_welcome() {
    Welcome welcome;
    welcome.cluster = "east";
    welcome.region = "default";
    welcome.incarnation = {5, 1};
    welcome.session = 100;
    welcome.limits = {1U << 20U, 4U << 20U, 10'000, 1000, 500, 10'000};
    return welcome;
  }
};

// "2:hello" for a delivery of "hello" to subscription 2, "gap 3-5" for a gap, in order.
inline std::vector<std::string> story_of(const SessionEvents& events) {
  std::vector<std::string> story;
  events.for_each(
      [&](const Delivery& delivery) {
        story.push_back(std::to_string(delivery.subscription) + ":" +
                        std::string(as_text(delivery.payload)));
      },
      [&](const Notice& notice) {
        if (const auto* gap = std::get_if<Gap>(&notice.what)) {
          story.push_back("gap " + std::to_string(gap->after) + "-" + std::to_string(gap->through));
        }
      });
  return story;
}

// Those of one kind.
template <typename T>
std::vector<T> notices_of(const SessionEvents& events) {
  std::vector<T> found;
  for (const Notice& notice : events.notices) {
    if (const T* what = std::get_if<T>(&notice.what)) found.push_back(*what);
  }
  return found;
}

using Story = std::vector<std::string>;

}  // namespace mpreg
