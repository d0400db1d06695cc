#include "node/stream_topics.h"

#include <algorithm>
#include <set>

#include "message/cache_key.h"
#include "topic/topic.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

constexpr std::size_t kNamesMax = 16;  // A gap that names more is about everything.
constexpr std::chrono::seconds kWarnAgain{10};

// Empty when it cannot be read.
std::string namespace_of(const Body& body, const Record& record) {
  const auto name_in = [](const auto& fact) {
    return fact ? fact->address.namespace_name : std::string();
  };
  const Bytes payload = body.payload_of(record);
  if (record.kind == RecordKind::invalidation) return name_in(decode_invalidation(payload));
  if (record.kind == RecordKind::replication) return name_in(decode_replication(payload));
  return name_in(decode_value(payload));
}

}  // namespace

// False: something contradicts what is known, or is no topic.
bool StreamTopics::declare(StreamIndex stream, const std::vector<Declaration>& declarations) {
  bool is_right = true;
  for (const Declaration& declaration : declarations) {
    const auto use = is_cache_topic(declaration.topic, around_.options.topic_prefix)
                         ? TopicUse::cache
                         : TopicUse::events;
    is_right =
        check_topic(declaration.topic) &&
        around_.topics.learn(stream, declaration, use) != TopicTable::Learned::contradiction &&
        is_right;
  }
  return is_right;
}

bool StreamTopics::aliases_known(StreamIndex stream, const Body& body) const {
  return std::all_of(body.records.begin(), body.records.end(), [&](const Record& record) {
    return record.kind == RecordKind::none || record.alias == kNoAlias ||
           around_.topics.find(stream, record.alias) != kNoTopic ||
           around_.topics.has_no_room_for(stream, record.alias);
  });
}

bool StreamTopics::lacks_room(StreamIndex stream, const Body& body) const {
  return std::any_of(body.records.begin(), body.records.end(), [&](const Record& record) {
    return record.kind != RecordKind::none && record.alias != kNoAlias &&
           around_.topics.has_no_room_for(stream, record.alias);
  });
}

// The least that is known to cover what a batch holds.
Scope StreamTopics::scope_of(StreamIndex stream, const Arrival& arrival) const {
  const bool is_events = around_.ids.id_of(stream).lane == Lane::events;
  std::set<std::string> names;
  for (const Record& record : arrival.body.records) {
    if (record.kind == RecordKind::none) continue;
    std::string name;
    if (!is_events) {
      name = namespace_of(arrival.body, record);
    } else if (record.alias == kNoAlias) {
      name = arrival.body.inline_topic_of(record);
    } else if (const TopicIndex topic = around_.topics.find(stream, record.alias);
               topic != kNoTopic) {
      name = around_.topics.text_of(topic);
    } else {
      for (const Declaration& one : arrival.declarations) {
        if (one.alias == record.alias) name = one.topic;
      }
    }
    if (name.empty()) return {};
    names.insert(std::move(name));
  }
  if (names.empty() || names.size() > kNamesMax) return {};
  return {is_events ? ScopeKind::patterns : ScopeKind::namespaces, {names.begin(), names.end()}};
}

void StreamTopics::lose_for_room(Turn& turn, StreamIndex stream, Arrival& arrival) {
  const StreamId& id = around_.ids.id_of(stream);
  around_.metrics.batches_without_room.add();
  if (turn.now.instant >= next_warning_) {
    next_warning_ = turn.now.instant + kWarnAgain;
    log(turn, LogLevel::error,
        "a batch of " + to_string(id) + " is lost here: its topics have no place in the table, " +
            std::to_string(around_.topics.size()) + " are known (topics-max is " +
            std::to_string(around_.options.topics_max) + ")");
  }
  arrival.failure = ApplyFailure::no_capacity;
  arrival.gap =
      std::make_shared<Gap>(Gap{id, arrival.after, arrival.through, scope_of(stream, arrival),
                                "a topic has no place in the table of this broker"});
  arrival.body = {};
  arrival.declarations.clear();
}

}  // namespace mpreg
