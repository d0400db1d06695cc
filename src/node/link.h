#pragma once
// Link: a neighbour broker, as this one sees it, from the first connection to the last heartbeat.

#include <deque>
#include <map>
#include <set>
#include <string>

#include "federation/clock_offset.h"
#include "federation/members.h"
#include "federation/serving.h"
#include "node/outbox.h"

namespace mpreg {

// The ZeroMQ topic of a live stream: lane and origin, whatever the incarnation. It ends in a NUL,
// so that no origin is a prefix of another.
[[nodiscard]] inline std::string channel_of(const StreamId& id) {
  std::string channel(name_of(id.lane).substr(0, 1));
  channel += '/';
  channel += id.origin;
  channel += '\0';
  return channel;
}

struct Link {
  enum class Phase : std::uint8_t {
    down,      // No connection.
    greeting,  // Connected; LinkHello is on its way, or its refusal was.
    welcomed,  // Dialled, and the first LinkState has not come yet.
    joined,
  };

  LinkId id = kNoLink;
  Address address;
  LinkRole role = LinkRole::hub;  // What the dialling side calls the other.
  std::uint32_t dial = 0;         // Which of the dialling side's dials it is.
  Phase phase = Phase::down;
  std::string endpoint;  // As dialled; empty for one that dialled us.
  Member peer;           // Once welcomed.

  std::uint64_t sequence = 0;  // Of our last LinkState.
  std::uint64_t session = 0;   // Of the present connection, as the dialled side named it.
  std::uint64_t heard = 0;     // The highest of theirs.
  Instant heard_at{};          // When it came.
  std::uint64_t echoed = 0;    // The highest of ours that they have heard.
  Instant echo_progress{};     // When that rose.
  std::deque<std::pair<std::uint64_t, Instant>> states_sent;  // Ours, and when; the newest last.
  Instant last_heard{};
  ClockOffset clock;      // Of theirs, against ours.
  bool is_late = false;   // Nothing was heard for kPeerLate: others are preferred.
  Instant greet_again{};  // While greeting.
  Instant connected{};
  bool was_joined = false;
  bool said_goodbye = false;  // Its end is no loss.
  bool serving_due = false;   // Any of its servings may go on: it has said something.
  std::string refusal;        // Why the other side refused, last.

  std::map<StreamId, Offer> offers;         // As last announced.
  std::map<StreamIndex, Serving> servings;  // What they take from us by cursor.
  std::map<StreamIndex, CompleteFor> told;  // As their last batch with told_here said.
  std::uint32_t audits_failed = 0;  // Heartbeats in a row with another hash of all interest.
  std::set<std::string> channels;   // What our SUB is subscribed to.

  // What the neighbour is to us.
  enum class Relation : std::uint8_t { hub, spoke, peer, gateway };
  [[nodiscard]] Relation relation() const {
    if (role == LinkRole::peer) return Relation::peer;
    if (role == LinkRole::gateway) return Relation::gateway;
    return dialled() ? Relation::hub : Relation::spoke;
  }

  // When our state of that number was sent; zero when that is forgotten.
  [[nodiscard]] Instant sent_at(std::uint64_t number) const {
    for (const auto& [one, at] : states_sent) {
      if (one == number) return at;
    }
    return {};
  }

  [[nodiscard]] bool dialled() const { return address.door == Door::link_out; }
  [[nodiscard]] bool is_joined() const { return phase == Phase::joined; }
  [[nodiscard]] bool is_known() const { return phase == Phase::welcomed || phase == Phase::joined; }
};

}  // namespace mpreg
