#include "node/queue_groups.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "node/node_parts.h"
#include "topic/topic.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// Of one session, sent and not acknowledged: so a slow member does not gather what others could do.
constexpr std::uint32_t kInFlightMax = 1024;
constexpr std::uint64_t kShareHeaderBytes = 256;
// What was let in stays in, also when the limit is lowered afterwards.
constexpr std::size_t kCopiesBytesMax = 64ULL << 10U;  // Of one batch.

std::uint64_t bytes_of(const Record& record) { return sizeof(Record) + record.length; }

}  // namespace

Result<void> QueueGroups::check(const Subscription& subscription) const {
  if (subscription.group.empty()) return {};
  if (Result<void> checked = check_group(subscription.group); !checked) return checked;
  if (subscription.backlog_count > 0) {
    return fail(ErrorCode::malformed, "a member of group " + in_quotes(subscription.group) +
                                          " asks for a backlog, and groups have none");
  }
  if (!table_.find(subscription.group) && table_.full()) {
    return fail(ErrorCode::overloaded, "the broker knows " +
                                           std::to_string(GroupTable::kGroupsMax) +
                                           " groups, which is its limit");
  }
  for (const std::string& name : wanted_by(subscription, around_.options.cluster)) {
    if (Result<void> checked = check_pattern(name); !checked) return checked;
  }
  return {};
}

std::optional<std::string> QueueGroups::expect(const std::string& name) {
  const auto group = table_.intern(name);
  const auto channel = around_.topics.intern(group_channel(around_.options.cluster, name));
  // Without a place in the table, what comes from elsewhere is inline.
  if (!group || !channel) return std::nullopt;
  if (of_channel_.size() <= *channel) of_channel_.resize(*channel + 1, kNoGroup);
  if (of_channel_[*channel] == *group) return std::nullopt;
  // Wanted for good: what was picked for this cluster comes, and finds who is left.
  of_channel_[*channel] = *group;
  return around_.topics.text_of(*channel);
}

std::vector<std::string> QueueGroups::expected() const {
  std::vector<std::string> channels;
  for (std::size_t topic = 0; topic < of_channel_.size(); ++topic) {
    if (of_channel_[topic] == kNoGroup) continue;
    channels.push_back(around_.topics.text_of(static_cast<TopicIndex>(topic)));
  }
  return channels;
}

void QueueGroups::join(const Session& session, const Subscription& subscription) {
  const auto group = table_.find(subscription.group);
  if (!group) return;  // Checked before; two at once may have come to the limit.
  table_.add(*group, session.slot, subscription.id, subscription.patterns);
}

void QueueGroups::resign(const Session& session, std::uint32_t subscription) {
  table_.remove(session.slot, subscription);
}

void QueueGroups::leave(Session& session, std::uint32_t subscription, bool is_replaced) {
  table_.remove(session.slot, subscription);
  if (is_replaced) return;
  for (auto it = session.handed_over.rbegin(); it != session.handed_over.rend(); ++it) {
    if (it->subscription != subscription) continue;
    around_.metrics.group_messages_redelivered.add(it->records);
    session.shares_in_flight -= it->records;
    queues_bytes_ += it->part.size();
    queues_[it->group].waiting.push_front({it->stream, std::move(it->part)});
  }
  std::erase_if(session.handed_over,
                [&](const HandedOver& one) { return one.subscription == subscription; });
}

void QueueGroups::note_acknowledged(Session& session) {
  while (!session.handed_over.empty() &&
         session.handed_over.front().sent_bytes <= session.consumed_bytes) {
    session.shares_in_flight -= session.handed_over.front().records;
    session.handed_over.pop_front();
  }
}

// What the other clusters' members want, as their interest says.
void QueueGroups::learn() {
  if (revision_ == around_.interests.revision()) return;
  revision_ = around_.interests.revision();
  std::set<std::string> gone;
  for (const auto& [cluster, interests] : table_.clusters()) gone.insert(cluster);
  for (const auto& [cluster, known] : around_.interests.all()) {
    if (cluster == around_.options.cluster) continue;
    std::set<GroupInterest> interests;
    const std::string first = group_channel(cluster, "");
    for (auto it = known.patterns.lower_bound(first);
         it != known.patterns.end() && it->starts_with(first); ++it) {
      if (auto interest = parse_group_interest(cluster, *it)) interests.insert(*interest);
    }
    table_.set_cluster(cluster, interests);
    gone.erase(cluster);
  }
  for (const std::string& cluster : gone) table_.set_cluster(cluster, {});
}

// Of a copy, the topic that it was published to.
std::string_view QueueGroups::published_topic(const Handed& handed) const {
  const Record& record = handed.record();
  const std::string_view inlined = handed.body.inline_topic_of(record);
  if (!inlined.empty()) return inlined;
  return around_.topics.text_of(around_.topics.find(handed.stream, record.alias));
}

void QueueGroups::hand_out(Turn& turn, StreamIndex stream, bool is_own, const Body& body) {
  if (is_own) learn();
  if (is_own ? table_.empty() : of_channel_.empty()) return;
  shares_.clear();
  for (std::size_t i = 0; i < body.records.size(); ++i) {
    const Record& record = body.records[i];
    if (record.kind == RecordKind::none) continue;
    const TopicIndex topic = around_.topics.topic_of(stream, body, record);
    if (is_own) {
      const std::string_view text =
          topic == kNoTopic ? body.inline_topic_of(record) : around_.topics.text_of(topic);
      if (!is_reserved(text)) pick({stream, body, i}, {topic, text, kNoGroup});
    } else if (topic < of_channel_.size() && of_channel_[topic] != kNoGroup) {
      const std::string_view text = body.inline_topic_of(record);
      if (text.empty()) continue;
      pick({stream, body, i}, {around_.topics.find(text), text, of_channel_[topic]});
    }
  }
  send_shares(turn, stream, body);
}

// A member, the queue or a cluster, for each group, or for the one that is named.
void QueueGroups::pick(const Handed& handed, const Wanted& wanted) {
  const IdList& list = table_.wanting(wanted.topic, wanted.text);
  targets_.assign(list.begin(), list.end());
  std::stable_sort(targets_.begin(), targets_.end(),
                   [&](auto a, auto b) { return table_.target(a).group < table_.target(b).group; });
  bool is_picked = false;
  for (std::size_t first = 0; first < targets_.size();) {
    const GroupIndex group = table_.target(targets_[first]).group;
    std::size_t end = first;
    while (end < targets_.size() && table_.target(targets_[end]).group == group) ++end;
    const Targets targets(&targets_[first], end - first);
    first = end;
    if (wanted.only != kNoGroup && wanted.only != group) continue;
    is_picked = true;
    if (pick_member(group, targets, handed)) continue;
    if (pick_queue(group, targets, handed)) continue;
    if (pick_cluster(group, targets, handed)) continue;
    around_.metrics.group_messages_dropped.add();
  }
  // Picked elsewhere for a group whose members have all gone, everywhere: it waits for the next
  // one.
  if (is_picked || wanted.only == kNoGroup) return;
  if (!put_into_queue(wanted.only, handed)) {
    around_.metrics.group_messages_dropped.add();
  }
}

bool QueueGroups::pick_member(GroupIndex group, Targets targets, const Handed& handed) {
  const std::uint64_t bytes = bytes_of(handed.record());
  const auto queue = queues_.find(group);
  const bool is_blocked = queue != queues_.end() && !queue->second.waiting.empty();
  if (is_blocked && !is_serving_queue_) return false;  // Those that wait come first.
  members_.clear();
  for (const GroupTable::TargetId id : targets) {
    if (table_.target(id).cluster.empty()) members_.push_back(id);
  }
  if (members_.empty()) return false;
  const std::size_t turn = table_.next_turn(group, members_.size());
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const GroupTable::Target& target = table_.target(members_[(turn + k) % members_.size()]);
    Session& session = around_.sessions.at(target.slot);
    if (session.shares_in_flight >= kInFlightMax) continue;
    Share& share = shares_[{target.slot, target.subscription}];
    if (!session.has_credit_for(share.bytes + bytes + kShareHeaderBytes)) continue;
    share.group = group;
    share.bytes += bytes;
    share.records.push_back(static_cast<std::uint16_t>(handed.place));
    ++session.shares_in_flight;
    return true;
  }
  return false;
}

// While there are members here, the message waits for one; up to a limit.
bool QueueGroups::pick_queue(GroupIndex group, Targets targets, const Handed& handed) {
  const bool has_members = std::any_of(targets.begin(), targets.end(),
                                       [&](auto id) { return table_.target(id).cluster.empty(); });
  return has_members && put_into_queue(group, handed);
}

bool QueueGroups::put_into_queue(GroupIndex group, const Handed& handed) {
  const std::uint64_t bytes = bytes_of(handed.record());
  if (queues_bytes_ + queued_bytes_ + bytes > around_.options.group_queues_bytes_max) return false;
  queued_bytes_ += bytes;
  queued_[group].push_back(static_cast<std::uint16_t>(handed.place));
  return true;
}

// The nearest one, in turns when several are; one that cannot be reached only when no other is
// there: what is sent to it waits in the log.
bool QueueGroups::pick_cluster(GroupIndex group, Targets targets, const Handed& handed) {
  std::vector<const std::string*> nearest;
  std::uint8_t fewest = kHopsMax;
  for (const GroupTable::TargetId id : targets) {
    const std::string& cluster = table_.target(id).cluster;
    if (cluster.empty()) continue;
    const Members::Known* known = around_.members.find(cluster);
    const bool is_near = known != nullptr && known->next_hop != kNoLink;
    const std::uint8_t hops = is_near ? known->member.hops : kHopsMax;
    if (!nearest.empty() && hops > fewest) continue;
    if (hops < fewest) nearest.clear();
    fewest = hops;
    nearest.push_back(&cluster);
  }
  if (nearest.empty()) return false;
  const std::string& cluster = *nearest[table_.next_turn(group, nearest.size())];
  const auto channel = around_.topics.intern(group_channel(cluster, table_.name_of(group)));
  if (!channel) return false;
  if (copies_.empty() || copies_.back().builder->bytes() > kCopiesBytesMax) {
    copies_.push_back({std::make_unique<BodyBuilder>(Lane::events), {}});
  }
  Copies& copies = copies_.back();
  const Body& body = handed.body;
  const Record& record = handed.record();
  copies.builder->append(RecordKind::event, 0, *channel, published_topic(handed),
                         body.headers_of(record), body.payload_of(record));
  const OperationId publisher = operation_of(body.segments, record.index);
  copies.builder->add_segment({publisher.client, publisher.operation, 1, 0});
  copies.channels.insert(*channel);
  around_.metrics.group_messages_passed_on.add();
  return true;
}

void QueueGroups::send_shares(Turn& turn, StreamIndex stream, const Body& body) {
  for (auto& [member, share] : shares_) {
    if (share.records.empty()) continue;
    Session& session = around_.sessions.at(member.first);
    const bool is_whole = share.records.size() == body.records.size();
    Frame part = is_whole ? body.frame : around_.parts.of(body, share.records);
    BatchHeader header;
    header.stream = around_.streams.id_of(stream);
    header.after = body.first() - 1;
    header.through = body.last();
    header.interest_generation = session.interest_generation;
    header.only_subscription = member.second;
    header.is_share = true;
    for (const std::uint16_t i : share.records) {
      const Alias alias = body.records[i].alias;
      if (alias == kNoAlias || !session.tell_alias(stream, alias)) continue;
      header.declarations.push_back(
          {alias, around_.topics.text_of(around_.topics.find(stream, alias))});
    }
    const Frame frame = encode_packet(header);
    session.sent_bytes += frame.size() + part.size();
    const auto records = static_cast<std::uint32_t>(share.records.size());
    around_.metrics.records_delivered.add(records);
    around_.metrics.group_messages_handed_over.add(records);
    turn.outbox.sendings.push_back({{Door::session, session.peer}, frame, part});
    session.handed_over.push_back(
        {stream, std::move(part), member.second, share.group, session.sent_bytes, records});
  }
  shares_.clear();
  for (const auto& [group, records] : queued_) {
    Frame part = around_.parts.of(body, records);
    queues_bytes_ += part.size();
    queues_[group].waiting.push_back({stream, std::move(part)});
  }
  queued_.clear();
  queued_bytes_ = 0;
}

void QueueGroups::serve(Turn& turn) {
  for (auto it = queues_.begin(); it != queues_.end();) {
    learn();
    serve_group(turn, it->first, it->second);
    it = it->second.waiting.empty() && it->second.orphans.empty() ? queues_.erase(it)
                                                                  : std::next(it);
  }
}

void QueueGroups::serve_group(Turn& turn, GroupIndex group, GroupQueue& queue) {
  if (!queue.orphans.empty() && queue.orphaned_at != table_.revision()) {
    std::move(queue.orphans.rbegin(), queue.orphans.rend(), std::front_inserter(queue.waiting));
    queue.orphans.clear();
  }
  is_serving_queue_ = true;
  while (!queue.waiting.empty()) {
    const WaitingPart front = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    queues_bytes_ -= front.part.size();
    const auto body = open_body(front.part, kOwnBody);
    MPREG_CHECK(body.has_value());  // We built it, or had opened it before.
    std::vector<std::uint16_t> rest;
    std::vector<std::uint16_t> orphans;
    for (std::size_t i = 0; i < body->records.size(); ++i) {
      const auto place = static_cast<std::uint16_t>(i);
      if (!rest.empty()) {
        rest.push_back(place);
        continue;
      }
      const auto placing = place_again(group, {front.stream, *body, i});
      if (placing == Placing::nobody_has_room) rest.push_back(place);
      if (placing == Placing::nobody_wants_it) orphans.push_back(place);
    }
    send_shares(turn, front.stream, *body);
    if (!orphans.empty()) {
      queue.orphans.push_back({front.stream, around_.parts.of(*body, orphans)});
      queue.orphaned_at = table_.revision();
      queues_bytes_ += queue.orphans.back().part.size();
    }
    if (rest.empty()) continue;
    queue.waiting.push_front({front.stream, around_.parts.of(*body, rest)});
    queues_bytes_ += queue.waiting.front().part.size();
    break;
  }
  is_serving_queue_ = false;
}

QueueGroups::Placing QueueGroups::place_again(GroupIndex group, const Handed& handed) {
  const std::string_view text = published_topic(handed);
  targets_.clear();
  bool has_members = false;
  for (const auto id : table_.wanting(around_.topics.find(text), text)) {
    if (table_.target(id).group != group) continue;
    targets_.push_back(id);
    has_members = has_members || table_.target(id).cluster.empty();
  }
  if (targets_.empty()) return Placing::nobody_wants_it;
  if (pick_member(group, targets_, handed)) return Placing::done;
  if (has_members) return Placing::nobody_has_room;
  return pick_cluster(group, targets_, handed) ? Placing::done : Placing::nobody_wants_it;
}

std::optional<QueueGroups::Copies> QueueGroups::take_copies() {
  if (copies_.empty()) return std::nullopt;
  Copies copies = std::move(copies_.front());
  copies_.pop_front();
  return copies;
}

}  // namespace mpreg
