#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "coherence/claims.h"
#include "message/cache_key.h"
#include "node/node_impl.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

// A holder's clock may be so far ahead of that of the home before its lease is shortened by it.
constexpr std::chrono::milliseconds kLimitSlack{2000};

}  // namespace

// What is stamped here comes back to the claims by apply().
void Node::Impl::settle_claims(Turn& turn) {
  // What is said about claims is numbered in the cache lane. Who leaves numbers nothing, and tells
  // its clients.
  if (!incarnation_.may_number() || (!leaving_ && !membership_.may_number())) return;
  const Claims::Electorate all = claims_.electorate(turn.now);
  const auto say = [&](std::uint64_t client, const Packet& packet) {
    const Session* session = sessions_.of_client(client);
    if (session != nullptr) send(turn, {Door::session, session->peer}, packet);
  };
  const auto observed = [this](StreamIndex stream) { return observed_of(stream); };
  for (;;) {
    Claims::Work work = claims_.claims().settle(turn.now.instant, observed, all);
    clock_.raise(work.clock_floor);
    if (!leaving_) stamp_claims(turn, work);
    metrics_.keys_held.set(static_cast<std::int64_t>(claims_.claims().held()));
    for (const auto& [client, granted] : work.granted) {
      if (granted.lease_ms > 0) metrics_.claims_granted.add();
      say(client, granted);
    }
    for (const auto& [client, refused] : work.refused) {
      metrics_.claims_refused.add();
      say(client, refused);
    }
    if (work.claims.empty() && work.records.empty()) return;
  }
}

// Claims on the topic of the key, so that near caches take them for the invalidations that they
// are; the rest on the topic of the cluster's status.
void Node::Impl::stamp_claims(Turn& turn, Claims::Work& work) {
  if (work.claims.empty() && work.records.empty()) return;
  BodyBuilder builder(Lane::cache);
  std::set<TopicIndex> topics;
  const auto limit_after = [&](std::uint32_t lease_ms) {
    const auto lease = std::min(std::chrono::milliseconds(lease_ms), Claims::kLeaseLimit);
    const auto slack = std::min(kLimitSlack, options_.clock_offset_max / 2);
    const auto ahead = static_cast<HybridTime>((lease + slack).count());
    return clock_.next(turn.now.wall) + (ahead << kHybridCounterBits);
  };
  const auto append = [&](RecordKind kind, const std::string& topic, const Frame& payload) {
    const auto index = admit_topic(topic, Lane::cache);
    if (index) topics.insert(*index);
    builder.append(kind, 0, index ? *index : kNoAlias, index ? std::string_view() : topic, {},
                   payload.bytes());
  };
  for (CacheInvalidation& claim : work.claims) {
    claim.claim->limit = limit_after(claim.claim->lease_ms);
    books_.sent_to_all(FederationBooks::Sort::invalidation);
    append(RecordKind::invalidation,
           invalidation_topic(options_.topic_prefix, claim.address.region,
                              claim.address.namespace_name),
           encode_invalidation(claim));
  }
  const std::string status = coherence_topic(options_.topic_prefix, options_.cluster)
                                 .value_or(options_.topic_prefix + ".coherence");
  for (ClaimRecord& record : work.records) {
    if (record.step == ClaimStep::refuse) record.limit = clock_.next(turn.now.wall);
    if (record.step == ClaimStep::renew) record.limit = limit_after(record.lease_ms);
    append(RecordKind::claim, status, encode_claim(record));
  }
  const auto count = static_cast<std::uint32_t>(builder.records());
  builder.add_segment({instance_, claims_.take_operations(count), count, 0});
  stamp_own(turn, builder, topics);
}

}  // namespace mpreg
