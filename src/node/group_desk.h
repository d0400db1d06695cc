#pragma once
// GroupDesk: what a node holds of queue groups: who wants what, what waits for a member, and what
// is being handed out in the turn at hand. groups.cc says what happens with it.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "exchange/group_table.h"
#include "wire/body_codec.h"

namespace mpreg {

struct GroupDesk {
  static constexpr GroupTable::GroupIndex kNoGroup = ~GroupTable::GroupIndex{0};
  struct Wanted {
    TopicIndex topic = kNoTopic;
    std::string_view text;
    GroupTable::GroupIndex only = kNoGroup;
  };
  // What one member gets of a batch.
  struct Share {
    GroupTable::GroupIndex group = 0;
    std::uint64_t bytes = 0;
    std::vector<std::uint16_t> records;
  };
  struct WaitingPart {
    StreamIndex stream = 0;
    Frame part;
  };
  struct GroupQueue {
    std::deque<WaitingPart> waiting;  // For room.
    std::deque<WaitingPart> orphans;  // For a member that wants it.
    std::uint64_t orphaned_at = 0;    // Revision of the groups.
  };
  enum class Placing : std::uint8_t { done, nobody_has_room, nobody_wants_it };
  // For other clusters, until the end of the turn.
  struct Copies {
    std::unique_ptr<BodyBuilder> builder;
    std::set<TopicIndex> channels;
  };

  GroupTable table;
  std::uint64_t revision = 0;                      // Of the interests, as learned.
  std::vector<GroupTable::GroupIndex> of_channel;  // By TopicIndex: this cluster's.
  std::map<GroupTable::GroupIndex, GroupQueue> queues;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Share> shares;      // Of the batch at hand.
  std::map<GroupTable::GroupIndex, std::vector<std::uint16_t>> queued;  // Of the batch at hand.
  std::uint64_t queued_bytes = 0;                                       // Of these.
  std::uint64_t queues_bytes = 0;
  std::vector<GroupTable::TargetId> targets;
  std::vector<GroupTable::TargetId> members;
  std::deque<Copies> copies;
  bool is_serving_queue = false;
};

}  // namespace mpreg
