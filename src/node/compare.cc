// Comparing stores (Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", 1987,
// with a hash tree as in Merkle's). This broker asks a neighbour for digests, level by level, and
// for the entries that it lacks in buckets that differ. What the neighbour tells counts if it had
// applied all that we had when we asked: then nothing that was told to us is missing in it.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "node/node_impl.h"
#include "wire/packet_limits.h"

namespace mpreg {
namespace {

constexpr std::size_t kTellBytes = 256U << 10U;  // In one answer, but at least one entry.
constexpr std::chrono::milliseconds kAfterJoining{1000};
constexpr std::chrono::milliseconds kAnswerPatience{5000};
constexpr std::chrono::milliseconds kTryAgain{5000};

// Who has met a later incarnation of an origin, and not one that is over, has dropped then what
// that one may have told: it is not asked for what it can never have applied.
bool covers(const std::vector<StreamPosition>& theirs, const std::vector<StreamPosition>& ours) {
  return std::all_of(ours.begin(), ours.end(), [&](const StreamPosition& position) {
    const auto known = std::find_if(theirs.begin(), theirs.end(), [&](const StreamPosition& one) {
      return one.stream == position.stream;
    });
    if (known != theirs.end()) return known->number >= position.number;
    return position.number == 0 ||
           std::any_of(theirs.begin(), theirs.end(), [&](const StreamPosition& one) {
             return one.stream.origin == position.stream.origin &&
                    one.stream.incarnation > position.stream.incarnation;
           });
  });
}

}  // namespace

std::vector<StreamPosition> Node::Impl::cache_positions() const {
  std::vector<StreamPosition> positions;
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    if (id.lane != Lane::cache || !state.started || state.closed()) continue;
    positions.push_back({id, state.frontier});
  }
  return positions;
}

// Of an earlier life of some origin nothing is missing any more.
bool Node::Impl::may_tell_of_store() const {
  return std::all_of(
      stream_ids_.by_id().begin(), stream_ids_.by_id().end(), [&](const auto& entry) {
        const auto& [id, index] = entry;
        const StreamState& state = streams_[index];
        if (id.lane != Lane::cache || state.own || !state.started || state.complete()) return true;
        const Members::Known* member = members_.find(id.origin);
        return member != nullptr && id.incarnation >= member->member.record.incarnation;
      });
}

// ---- What we are asked.

void Node::Impl::on_store_ask(Turn& turn, const Link& link, const StoreAsk& ask) {
  StoreTell tell;
  tell.tag = ask.tag;
  tell.level = ask.level;
  tell.index = ask.index;
  tell.is_last = true;
  if (may_tell_of_store()) {
    tell.positions = cache_positions();
    for (const auto& [stream, number] : compare_.inherited) {
      const auto index = stream_ids_.find(stream);
      if (!index || !streams_[*index].started) tell.positions.push_back({stream, number});
    }
    if (ask.level == StoreLevel::entries) {
      std::vector<std::uint64_t> known = ask.known;
      std::sort(known.begin(), known.end());
      tell.is_last = cache_.collect(turn.now.instant, ask.index, known, kTellBytes, tell.entries);
      metrics_.store_entries_told.add(tell.entries.size());
    } else {
      tell.digests = cache_.digests_of(ask.level, ask.index);
    }
  }
  send(turn, link.address, tell);
}

// ---- What we ask.

void Node::Impl::begin_comparison(Turn& turn, const Link& link) {
  compare_.current.emplace();
  compare_.current->link = link.id;
  compare_.current->cluster = link.peer.cluster;
  compare_.current->begun = compare_.current->progressed = turn.now.instant;
  metrics_.store_comparisons.add();
  if (!link.clock.is_trusted()) return end_comparison(turn, what_is_not_compared(link), false);
  ask_store(turn, StoreLevel::groups, 0);
}

void Node::Impl::ask_store(Turn& turn, StoreLevel level, std::uint32_t index) {
  compare_.current->asked = {++compare_.last_tag, level, index, {}};
  send_store_ask(turn);
}

void Node::Impl::send_store_ask(Turn& turn) {
  CompareDesk::Comparison& current = *compare_.current;
  const auto link = links_.find(current.link);
  if (link == links_.end() || !link->second.is_joined()) {
    return end_comparison(turn, "the link went down", false);
  }
  current.is_due_again = false;
  current.positions = cache_positions();
  current.memory = cache_.memory(seen_.order());
  if (current.asked.level == StoreLevel::entries) {
    current.asked.known = cache_.known_in(turn.now.instant, current.asked.index);
    if (current.asked.known.size() > kStoredEntriesKnownMax) {
      current.asked.known.resize(kStoredEntriesKnownMax);
    }
  }
  send(turn, link->second.address, current.asked);
}

void Node::Impl::on_store_tell(Turn& turn, const Link& link, const StoreTell& tell) {
  auto& current = compare_.current;
  const bool is_answer = current && current->link == link.id && current->asked.tag == tell.tag &&
                         current->asked.level == tell.level && current->asked.index == tell.index;
  if (!is_answer) return metrics_.packets_unexpected.add();
  // It does not know all that we do: a moment later it does.
  if (tell.positions.empty() || !covers(tell.positions, current->positions)) {
    current->is_due_again = true;
    return;
  }
  current->progressed = turn.now.instant;
  if (current->told.empty()) current->told = tell.positions;
  if (tell.level == StoreLevel::entries) {
    const bool is_new = take_entries(turn.now, tell);
    if (!tell.is_last && is_new) {
      return ask_store(turn, StoreLevel::entries, tell.index);
    }
    return ask_next(turn);
  }
  const std::vector<BucketDigest> own = cache_.digests_of(tell.level, tell.index);
  for (std::uint32_t i = 0; i < own.size() && i < tell.digests.size(); ++i) {
    if (own[i] == tell.digests[i] || tell.digests[i].count == 0) continue;
    if (tell.level == StoreLevel::groups) {
      current->groups.push_back(i);
      ++current->groups_differing;
    } else {
      current->buckets.push_back(tell.index * kGroupBuckets + i);
      ++current->buckets_differing;
    }
  }
  ask_next(turn);
}

// True: something was taken.
bool Node::Impl::take_entries(const Now& now, const StoreTell& tell) {
  CompareDesk::Comparison& current = *compare_.current;
  std::uint64_t repaired = 0;
  for (const StoredEntry& entry : tell.entries) {
    if (!is_comparable(current.cluster, entry)) continue;
    if (entry.time != 0 && !clock_.observe(entry.time, now.wall, options_.clock_offset_max)) {
      metrics_.clock_readings_refused.add();
      continue;
    }
    if (cache_.repair(now.instant, entry, current.memory, seen_.order())) ++repaired;
  }
  current.entries_received += tell.entries.size();
  current.entries_repaired += repaired;
  metrics_.store_entries_repaired.add(repaired);
  return repaired > 0;
}

void Node::Impl::ask_next(Turn& turn) {
  CompareDesk::Comparison& current = *compare_.current;
  if (!current.buckets.empty()) {
    const std::uint32_t bucket = current.buckets.front();
    current.buckets.pop_front();
    return ask_store(turn, StoreLevel::entries, bucket);
  }
  if (!current.groups.empty()) {
    const std::uint32_t group = current.groups.front();
    current.groups.pop_front();
    return ask_store(turn, StoreLevel::buckets, group);
  }
  const bool is_equal = current.groups_differing == 0;
  const bool is_newer_there = current.entries_repaired > 0;
  std::string result = is_equal ? "equal" : is_newer_there ? "repaired" : "nothing newer";
  if (const auto link = links_.find(current.link); link != links_.end()) {
    if (std::string why = what_is_not_compared(link->second); !why.empty()) result = std::move(why);
  }
  end_comparison(turn, std::move(result), true);
}

void Node::Impl::end_comparison(Turn& turn, std::string result, bool is_whole) {
  CompareDesk::Comparison ended = std::move(*compare_.current);
  compare_.current.reset();
  compare_.due[ended.link] = turn.now.instant + (is_whole ? options_.compare_interval : kTryAgain);
  if (ended.entries_repaired > 0) {
    log(turn, LogLevel::info,
        "store compared with that of " + ended.cluster + ": " +
            std::to_string(ended.entries_repaired) + " entries repaired in " +
            std::to_string(ended.buckets_differing) + " buckets");
  }
  if (is_whole) inherit(ended.told);
  ended.told.clear();
  ended.result = std::move(result);
  ended.ended = turn.now.instant;
  ended.memory = {};
  ended.asked.known.clear();
  compare_.last[ended.cluster] = std::move(ended);
}

// What was told in streams that ended before this life began is in our store all the same: nothing
// in it is older than this life, but what a store has given that knew them.
void Node::Impl::inherit(const std::vector<StreamPosition>& told) {
  for (const StreamPosition& position : told) {
    const auto index = stream_ids_.find(position.stream);
    if (index && streams_[*index].started) continue;
    Number& number = compare_.inherited[position.stream];
    number = std::max(number, position.number);
  }
  while (compare_.inherited.size() > CompareDesk::kInheritedMax) {
    compare_.inherited.erase(compare_.inherited.begin());
  }
}

// Something was lost: what other stores have of it is asked for at once.
void Node::Impl::compare_soon(const Now& now) {
  for (auto& [link, due] : compare_.due) due = std::min(due, now.instant);
}

void Node::Impl::tick_comparison(Turn& turn) {
  if (compare_.current) {
    const CompareDesk::Comparison& current = *compare_.current;
    if (turn.now.instant - current.progressed > kAnswerPatience) {
      return end_comparison(turn, "no answer that counts within 5 s", false);
    }
    if (current.is_due_again) send_store_ask(turn);
    return;
  }
  if (leaving_) return;
  std::erase_if(compare_.due, [&](const auto& one) { return !links_.contains(one.first); });
  for (const auto& [id, link] : links_) {
    if (!link.is_joined()) {
      compare_.due.erase(id);
      continue;
    }
    const auto [due, is_new] = compare_.due.try_emplace(id, turn.now.instant + kAfterJoining);
    if (turn.now.instant < due->second) continue;
    return begin_comparison(turn, link);
  }
}

// ---- How long the marks of erased keys are kept, and what waits for values.

void Node::Impl::note_passed(const Now& now) {
  const StreamIndex own = own_[static_cast<std::size_t>(Lane::cache)];
  const auto is_absent = [&](const Members::Known& known) {
    return now.instant - known.last_heard > options_.absence_max;
  };
  Number applied = streams_[own].frontier;
  for (const auto& [cluster, known] : members_.all()) {
    if (!is_absent(known)) {
      applied = std::min(applied, pending_.applied_by(cluster, Lane::cache));
    }
  }
  if (applied >= compare_.sampled_head) {
    compare_.passed = compare_.sampled_time;
    compare_.sampled_head = streams_[own].frontier;
    compare_.sampled_time = clock_.issue(now.wall);
  }
  HybridTime passed = compare_.passed;
  for (const auto& [cluster, known] : members_.all()) {
    if (is_absent(known)) continue;
    const auto index = stream_ids_.find({cluster, known.member.record.incarnation, Lane::cache});
    passed = std::min(passed, index ? streams_[*index].passed : 0);
  }
  compare_.passed_by_all = std::max(compare_.passed_by_all, passed);
  if (compare_.passed_by_all > 0) cache_.forget_marks(compare_.passed_by_all);
  cache_.drop_overdue(now.instant);
  cache_.give_up_overdue(now.instant);
}

// ---- For operators.

nlohmann::ordered_json Node::Impl::report_repair(const Now& now) const {
  using Json = nlohmann::ordered_json;
  const auto ms = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  const auto row_of = [&](const CompareDesk::Comparison& one, bool is_running) {
    const std::uint64_t left = one.groups.size() + (one.buckets.empty() ? 0 : 1);
    const std::uint64_t all = one.groups_differing;
    return Json{{"cluster_id", one.cluster},
                {"result", is_running ? "running" : one.result},
                {"progress", all == 0 ? (is_running ? 0.0 : 1.0)
                                      : static_cast<double>(all - std::min(all, left)) /
                                            static_cast<double>(all)},
                {"groups_differing", one.groups_differing},
                {"buckets_differing", one.buckets_differing},
                {"entries_received", one.entries_received},
                {"entries_repaired", one.entries_repaired},
                {"ms", ms((is_running ? now.instant : one.ended) - one.begun)},
                {"ended_ms_ago", is_running ? 0 : ms(now.instant - one.ended)}};
  };
  Json rows = Json::array();
  if (compare_.current) rows.push_back(row_of(*compare_.current, true));
  for (const auto& [cluster, one] : compare_.last) {
    if (!compare_.current || compare_.current->cluster != cluster) {
      rows.push_back(row_of(one, false));
    }
  }
  return {{"cluster_id", options_.cluster}, {"stores", std::move(rows)}};
}

// "COUNT SEED": so many entries that every cluster should have, one of each bucket at most,
// beginning where the seed says; for an audit.
std::string Node::Impl::sample_store(const Now& now, std::string_view wanted) {
  constexpr std::uint64_t kStride = 1'597;  // Prime to the number of buckets.
  std::uint64_t count = 0;
  std::uint64_t seed = 0;
  const std::size_t blank = wanted.find(' ');
  (void)std::from_chars(wanted.data(), wanted.data() + std::min(blank, wanted.size()), count);
  if (blank != wanted.npos) {
    (void)std::from_chars(wanted.data() + blank + 1, wanted.data() + wanted.size(), seed);
  }
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (std::uint64_t i = 0; i < kStoreBuckets && entries.size() < count; ++i) {
    const auto bucket = static_cast<std::uint32_t>((seed + i * kStride) % kStoreBuckets);
    std::vector<StoredEntry> found;
    (void)cache_.collect(now.instant, bucket, {}, 1, found);
    if (found.empty()) continue;
    const StoredEntry& entry = found.front();
    entries.push_back(
        {{"namespace", entry.address.namespace_name},
         {"key", entry.address.key},
         {"subkey", entry.address.subkey},
         {"key_version", entry.address.version},
         {"version", entry.position.number != 0 ? entry.position.number : entry.time},
         {"stream", entry.position.number != 0 ? to_string(entry.position.stream) : std::string()},
         {"written_by", entry.origin},
         {"erased", entry.erased}});
  }
  const nlohmann::ordered_json answer = {{"cluster_id", options_.cluster},
                                         {"held", cache_.store().entries()},
                                         {"entries", std::move(entries)}};
  return answer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace mpreg
