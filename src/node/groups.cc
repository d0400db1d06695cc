// Queue groups: each message goes to one member of every group that wants it.
//
// Whoever stamps a message picks: a member here whose turn it is and that has room, or else the
// nearest cluster that has members, to which a copy goes in our own events stream under the group's
// channel (message/group_names.h). Its broker hands that to a member, or passes it on when the last
// one is gone. What a member had been sent and not acknowledged when it went is handed to another:
// each message comes at least once while the brokers live, and in no promised order.

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "node/node_impl.h"
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

Result<void> Node::Impl::check_group_subscription(const Subscription& subscription) const {
  if (subscription.group.empty()) return {};
  if (Result<void> checked = check_group(subscription.group); !checked) return checked;
  if (subscription.backlog_count > 0) {
    return fail(ErrorCode::malformed, "a member of group " + in_quotes(subscription.group) +
                                          " asks for a backlog, and groups have none");
  }
  if (!groups_.table.find(subscription.group) && groups_.table.full()) {
    return fail(ErrorCode::overloaded, "the broker knows " +
                                           std::to_string(GroupTable::kGroupsMax) +
                                           " groups, which is its limit");
  }
  for (const std::string& name : wanted_by(subscription, options_.cluster)) {
    if (Result<void> checked = check_pattern(name); !checked) return checked;
  }
  return {};
}

void Node::Impl::join_group(const Session& session, const Subscription& subscription) {
  expect_group(subscription.group);
  const auto group = groups_.table.find(subscription.group);
  if (!group) return;  // Checked before; two at once may have come to the limit.
  groups_.table.add(*group, session.slot, subscription.id, subscription.patterns);
}

// From when others are told that a member is here. What they pick this cluster for before its
// subscription has begun waits for it.
void Node::Impl::expect_group(const std::string& name) {
  const auto group = groups_.table.intern(name);
  const auto channel = topics_.intern(group_channel(options_.cluster, name));
  // Without a place in the table, what comes from elsewhere is inline.
  if (!group || !channel) return;
  if (groups_.of_channel.size() <= *channel)
    groups_.of_channel.resize(*channel + 1, GroupDesk::kNoGroup);
  if (groups_.of_channel[*channel] == *group) return;
  // Wanted for good: what was picked for this cluster comes, and finds who is left.
  groups_.of_channel[*channel] = *group;
  interest_.want(topics_.text_of(*channel));
}

// What a subscription was sent is still its own when only its patterns or its group are replaced.
void Node::Impl::leave_group(Session& session, std::uint32_t subscription, bool is_replaced) {
  groups_.table.remove(session.slot, subscription);
  if (is_replaced) return;
  for (auto it = session.handed_over.rbegin(); it != session.handed_over.rend(); ++it) {
    if (it->subscription != subscription) continue;
    metrics_.group_messages_redelivered.add(it->records);
    session.shares_in_flight -= it->records;
    groups_.queues_bytes += it->part.size();
    groups_.queues[it->group].waiting.push_front({it->stream, std::move(it->part)});
  }
  std::erase_if(session.handed_over,
                [&](const HandedOver& one) { return one.subscription == subscription; });
}

// The broker stops: nobody picks it any more, and what waits here goes to other clusters.
void Node::Impl::leave_groups(Turn& turn) {
  for (const auto& session : sessions_) {
    if (!session) continue;
    for (const auto& [id, subscription] : session->subscriptions) {
      if (subscription.group.empty()) continue;
      groups_.table.remove(session->slot, id);
      for (const std::string& name : wanted_by(subscription, options_.cluster))
        interest_.unwant(name);
    }
  }
  serve_groups(turn);
  tell_interest(turn);
}

void Node::Impl::note_shares_acknowledged(Session& session) {
  while (!session.handed_over.empty() &&
         session.handed_over.front().sent_bytes <= session.consumed_bytes) {
    session.shares_in_flight -= session.handed_over.front().records;
    session.handed_over.pop_front();
  }
}

// What the other clusters' members want, as their interest says.
void Node::Impl::learn_groups() {
  if (groups_.revision == interest_.table().revision()) return;
  groups_.revision = interest_.table().revision();
  std::set<std::string> gone;
  for (const auto& [cluster, interests] : groups_.table.clusters()) gone.insert(cluster);
  for (const auto& [cluster, known] : interest_.table().all()) {
    if (cluster == options_.cluster) continue;
    std::set<GroupInterest> interests;
    const std::string first = group_channel(cluster, "");
    for (auto it = known.patterns.lower_bound(first);
         it != known.patterns.end() && it->starts_with(first); ++it) {
      if (auto interest = parse_group_interest(cluster, *it)) interests.insert(*interest);
    }
    groups_.table.set_cluster(cluster, interests);
    gone.erase(cluster);
  }
  for (const std::string& cluster : gone) groups_.table.set_cluster(cluster, {});
}

// Of a copy, the topic that it was published to.
std::string_view Node::Impl::published_topic(StreamIndex stream, const Body& body,
                                             const Record& record) {
  const std::string_view inlined = body.inline_topic_of(record);
  return inlined.empty() ? topics_.text_of(topics_.find(stream, record.alias)) : inlined;
}

// Of a batch that was just applied: our own is handed out to all groups that want it, and what
// another broker picked this cluster for, to its group.
void Node::Impl::hand_out(Turn& turn, StreamIndex stream, const Body& body) {
  const bool own = streams_[stream].own;
  if (own) learn_groups();
  if (own ? groups_.table.empty() : groups_.of_channel.empty()) return;
  groups_.shares.clear();
  for (std::size_t i = 0; i < body.records.size(); ++i) {
    const Record& record = body.records[i];
    if (record.kind == RecordKind::none) continue;
    const TopicIndex topic = topic_of(stream, body, record);
    if (own) {
      const std::string_view text =
          topic == kNoTopic ? body.inline_topic_of(record) : topics_.text_of(topic);
      if (!is_reserved(text)) pick(stream, body, i, {topic, text, GroupDesk::kNoGroup});
    } else if (topic < groups_.of_channel.size() &&
               groups_.of_channel[topic] != GroupDesk::kNoGroup) {
      const std::string_view text = body.inline_topic_of(record);
      if (text.empty()) continue;
      pick(stream, body, i, {topics_.find(text), text, groups_.of_channel[topic]});
    }
  }
  send_shares(turn, stream, body);
}

// A member, the queue or a cluster, for each group, or for the one that is named.
void Node::Impl::pick(StreamIndex stream, const Body& body, std::size_t record,
                      const GroupDesk::Wanted& wanted) {
  const IdList& list = groups_.table.wanting(wanted.topic, wanted.text);
  groups_.targets.assign(list.begin(), list.end());
  std::stable_sort(groups_.targets.begin(), groups_.targets.end(), [&](auto a, auto b) {
    return groups_.table.target(a).group < groups_.table.target(b).group;
  });
  bool is_picked = false;
  for (std::size_t first = 0; first < groups_.targets.size();) {
    const GroupTable::GroupIndex group = groups_.table.target(groups_.targets[first]).group;
    std::size_t end = first;
    while (end < groups_.targets.size() &&
           groups_.table.target(groups_.targets[end]).group == group)
      ++end;
    const std::span<const GroupTable::TargetId> targets(&groups_.targets[first], end - first);
    first = end;
    if (wanted.only != GroupDesk::kNoGroup && wanted.only != group) continue;
    is_picked = true;
    if (pick_member(group, targets, body.records[record], record)) continue;
    if (pick_queue(group, targets, body.records[record], record)) continue;
    if (pick_cluster(group, targets, stream, body, body.records[record])) continue;
    metrics_.group_messages_dropped.add();
  }
  // Picked elsewhere for a group whose members have all gone, everywhere: it waits for the next
  // one.
  if (is_picked || wanted.only == GroupDesk::kNoGroup) return;
  if (!put_into_queue(wanted.only, body.records[record], record)) {
    metrics_.group_messages_dropped.add();
  }
}

bool Node::Impl::pick_member(GroupTable::GroupIndex group,
                             std::span<const GroupTable::TargetId> targets, const Record& record,
                             std::size_t place) {
  const auto queue = groups_.queues.find(group);
  const bool is_blocked = queue != groups_.queues.end() && !queue->second.waiting.empty();
  if (is_blocked && !groups_.is_serving_queue) return false;  // Those that wait come first.
  groups_.members.clear();
  for (const GroupTable::TargetId id : targets) {
    if (groups_.table.target(id).cluster.empty()) groups_.members.push_back(id);
  }
  if (groups_.members.empty()) return false;
  const std::size_t turn = groups_.table.next_turn(group, groups_.members.size());
  for (std::size_t k = 0; k < groups_.members.size(); ++k) {
    const GroupTable::Target& target =
        groups_.table.target(groups_.members[(turn + k) % groups_.members.size()]);
    Session& session = sessions_.at(target.slot);
    if (session.shares_in_flight >= kInFlightMax) continue;
    GroupDesk::Share& share = groups_.shares[{target.slot, target.subscription}];
    if (!session.has_credit_for(share.bytes + bytes_of(record) + kShareHeaderBytes)) continue;
    share.group = group;
    share.bytes += bytes_of(record);
    share.records.push_back(static_cast<std::uint16_t>(place));
    ++session.shares_in_flight;
    return true;
  }
  return false;
}

// While there are members here, the message waits for one; up to a limit.
bool Node::Impl::pick_queue(GroupTable::GroupIndex group,
                            std::span<const GroupTable::TargetId> targets, const Record& record,
                            std::size_t place) {
  const bool has_members = std::any_of(targets.begin(), targets.end(), [&](auto id) {
    return groups_.table.target(id).cluster.empty();
  });
  return has_members && put_into_queue(group, record, place);
}

bool Node::Impl::put_into_queue(GroupTable::GroupIndex group, const Record& record,
                                std::size_t place) {
  if (groups_.queues_bytes + groups_.queued_bytes + bytes_of(record) >
      options_.group_queues_bytes_max) {
    return false;
  }
  groups_.queued_bytes += bytes_of(record);
  groups_.queued[group].push_back(static_cast<std::uint16_t>(place));
  return true;
}

// The nearest one, in turns when several are; one that cannot be reached only when no other is
// there: what is sent to it waits in the log.
bool Node::Impl::pick_cluster(GroupTable::GroupIndex group,
                              std::span<const GroupTable::TargetId> targets, StreamIndex stream,
                              const Body& body, const Record& record) {
  std::vector<const std::string*> nearest;
  std::uint8_t fewest = kHopsMax;
  for (const GroupTable::TargetId id : targets) {
    const std::string& cluster = groups_.table.target(id).cluster;
    if (cluster.empty()) continue;
    const Members::Known* known = members_.find(cluster);
    const bool is_near = known != nullptr && known->next_hop != kNoLink;
    const std::uint8_t hops = is_near ? known->member.hops : kHopsMax;
    if (!nearest.empty() && hops > fewest) continue;
    if (hops < fewest) nearest.clear();
    fewest = hops;
    nearest.push_back(&cluster);
  }
  if (nearest.empty()) return false;
  const std::string& cluster = *nearest[groups_.table.next_turn(group, nearest.size())];
  const auto channel = topics_.intern(group_channel(cluster, groups_.table.name_of(group)));
  if (!channel) return false;
  if (groups_.copies.empty() || groups_.copies.back().builder->bytes() > kCopiesBytesMax) {
    groups_.copies.push_back({std::make_unique<BodyBuilder>(Lane::events), {}});
  }
  GroupDesk::Copies& copies = groups_.copies.back();
  copies.builder->append(RecordKind::event, 0, *channel, published_topic(stream, body, record),
                         body.headers_of(record), body.payload_of(record));
  const OperationId publisher = operation_of(body.segments, record.index);
  copies.builder->add_segment({publisher.client, publisher.operation, 1, 0});
  copies.channels.insert(*channel);
  metrics_.group_messages_passed_on.add();
  return true;
}

void Node::Impl::send_shares(Turn& turn, StreamIndex stream, const Body& body) {
  for (auto& [member, share] : groups_.shares) {
    if (share.records.empty()) continue;
    Session& session = sessions_.at(member.first);
    const bool is_whole = share.records.size() == body.records.size();
    Frame part = is_whole ? body.frame : part_of(body, share.records);
    BatchHeader header;
    header.stream = stream_ids_.id_of(stream);
    header.after = body.first() - 1;
    header.through = body.last();
    header.interest_generation = session.interest_generation;
    header.only_subscription = member.second;
    header.is_share = true;
    for (const std::uint16_t i : share.records) {
      const Alias alias = body.records[i].alias;
      if (alias == kNoAlias || !session.tell_alias(stream, alias)) continue;
      header.declarations.push_back({alias, topics_.text_of(topics_.find(stream, alias))});
    }
    const Frame frame = encode_packet(header);
    session.sent_bytes += frame.size() + part.size();
    const auto records = static_cast<std::uint32_t>(share.records.size());
    metrics_.records_delivered.add(records);
    metrics_.group_messages_handed_over.add(records);
    turn.outbox.sendings.push_back({{Door::session, session.peer}, frame, part});
    session.handed_over.push_back(
        {stream, std::move(part), member.second, share.group, session.sent_bytes, records});
  }
  groups_.shares.clear();
  for (const auto& [group, records] : groups_.queued) {
    Frame part = part_of(body, records);
    groups_.queues_bytes += part.size();
    groups_.queues[group].waiting.push_back({stream, std::move(part)});
  }
  groups_.queued.clear();
  groups_.queued_bytes = 0;
}

// What waits, to members that have room again, or, when there are none here any more, elsewhere.
void Node::Impl::serve_groups(Turn& turn) {
  for (auto it = groups_.queues.begin(); it != groups_.queues.end();) {
    learn_groups();
    serve_group(turn, it->first, it->second);
    it = it->second.waiting.empty() && it->second.orphans.empty() ? groups_.queues.erase(it)
                                                                  : std::next(it);
  }
  stamp_copies(turn);
}

void Node::Impl::serve_group(Turn& turn, GroupTable::GroupIndex group,
                             GroupDesk::GroupQueue& queue) {
  if (!queue.orphans.empty() && queue.orphaned_at != groups_.table.revision()) {
    std::move(queue.orphans.rbegin(), queue.orphans.rend(), std::front_inserter(queue.waiting));
    queue.orphans.clear();
  }
  groups_.is_serving_queue = true;
  while (!queue.waiting.empty()) {
    const GroupDesk::WaitingPart front = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    groups_.queues_bytes -= front.part.size();
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
      const auto placing = place_again(group, front.stream, *body, i);
      if (placing == GroupDesk::Placing::nobody_has_room) rest.push_back(place);
      if (placing == GroupDesk::Placing::nobody_wants_it) orphans.push_back(place);
    }
    send_shares(turn, front.stream, *body);
    if (!orphans.empty()) {
      queue.orphans.push_back({front.stream, part_of(*body, orphans)});
      queue.orphaned_at = groups_.table.revision();
      groups_.queues_bytes += queue.orphans.back().part.size();
    }
    if (rest.empty()) continue;
    queue.waiting.push_front({front.stream, part_of(*body, rest)});
    groups_.queues_bytes += queue.waiting.front().part.size();
    break;
  }
  groups_.is_serving_queue = false;
}

GroupDesk::Placing Node::Impl::place_again(GroupTable::GroupIndex group, StreamIndex stream,
                                           const Body& body, std::size_t place) {
  const Record& record = body.records[place];
  const std::string_view text = published_topic(stream, body, record);
  groups_.targets.clear();
  bool has_members = false;
  for (const auto id : groups_.table.wanting(topics_.find(text), text)) {
    if (groups_.table.target(id).group != group) continue;
    groups_.targets.push_back(id);
    has_members = has_members || groups_.table.target(id).cluster.empty();
  }
  if (groups_.targets.empty()) return GroupDesk::Placing::nobody_wants_it;
  if (pick_member(group, groups_.targets, record, place)) return GroupDesk::Placing::done;
  if (has_members) return GroupDesk::Placing::nobody_has_room;
  return pick_cluster(group, groups_.targets, stream, body, record)
             ? GroupDesk::Placing::done
             : GroupDesk::Placing::nobody_wants_it;
}

// The copies for other clusters become a batch of our own events.
void Node::Impl::stamp_copies(Turn& turn) {
  while (!groups_.copies.empty()) {
    const GroupDesk::Copies copies = std::move(groups_.copies.front());
    groups_.copies.pop_front();
    if (leaving_) {  // Our last number is told.
      metrics_.group_messages_dropped.add(copies.builder->records());
      continue;
    }
    stamp_own(turn, *copies.builder, copies.channels);
  }
}

}  // namespace mpreg
