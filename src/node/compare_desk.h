#pragma once
// CompareDesk: which store is being compared with ours, and how far that is. compare.cc says what
// happens with it.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "federation/members.h"
#include "message/store_messages.h"
#include "store/replica_store.h"

namespace mpreg {

struct CompareDesk {
  static constexpr std::size_t kInheritedMax = 10'000;

  // Of our store with that of one neighbour; one at a time.
  struct Comparison {
    LinkId link = kNoLink;
    std::string cluster;
    Instant begun{};
    Instant progressed{};
    // What was asked last, and what we knew then.
    StoreAsk asked;
    std::vector<StreamPosition> positions;
    ReplicaStore::Memory memory;
    std::vector<StreamPosition> told;   // What the neighbour knew when it answered first.
    bool is_due_again = false;          // The answer did not do: it is asked again soon.
    std::deque<std::uint32_t> groups;   // That differ, and were not looked into yet.
    std::deque<std::uint32_t> buckets;  // Of the group at hand.
    std::uint64_t groups_differing = 0;
    std::uint64_t buckets_differing = 0;
    std::uint64_t entries_received = 0;
    std::uint64_t entries_repaired = 0;
    std::string result;  // When it is over.
    Instant ended{};
  };

  std::optional<Comparison> current;
  std::map<std::string, Comparison> last;  // By cluster.
  std::map<LinkId, Instant> due;           // When each neighbour is next compared with.
  std::uint64_t last_tag = 0;
  // Of streams that we never had, what our store knows all the same.
  std::map<StreamId, Number> inherited;

  // Every member has applied all that this broker had issued up to this time; and what will show
  // that of a later one.
  HybridTime passed = 0;
  Number sampled_head = 0;
  HybridTime sampled_time = 0;
  HybridTime passed_by_all = 0;  // Of everybody's.
};

}  // namespace mpreg
