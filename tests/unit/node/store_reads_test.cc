#include "node/store_reads.h"

#include <gtest/gtest.h>

#include "wire/packet_codec.h"

namespace mpreg {
namespace {

constexpr Instant kBegun{std::chrono::hours(1)};

// East, that has one neighbour, west, and an own stream of facts.
struct Reading {
  NodeOptions options;
  MetricsRegistry registry;
  NodeMetrics metrics{registry};
  SessionTable sessions;
  LinkTable links;
  Members members;
  StreamTable ids;
  std::vector<StreamState> streams;
  Lineages lineages;
  ReplicaStore cache{"east", "europe", 1U << 20U, true};
  StoreReads reads{{options, metrics, sessions, links, members, ids, streams, lineages, cache}};
  Outbox outbox;
  Turn turn{Now{kBegun, {}}, outbox};
  StreamIndex stream = ids.intern({"east", {1, 0}, Lane::cache});
  Session& session = sessions.open(5, 50);
  Link& west = links.accept(9);

  Reading() {
    options.cluster = "east";
    streams.resize(1);
    streams[stream].started = true;
    west.phase = Link::Phase::joined;
    Member member;
    member.cluster = "west";
    members.report(member, west.id, kBegun);
  }
  CacheGet get(std::uint64_t request) const {
    CacheGet get;
    get.request = request;
    get.address.namespace_name = "orders";
    get.address.key = "1";
    return get;
  }
  template <typename Of>
  std::vector<Of> sent(Address to) const {
    std::vector<Of> found;
    for (const Sending& sending : outbox.sendings) {
      const auto packet = decode_packet(sending.header.bytes());
      const auto* one = packet ? std::get_if<Of>(&*packet) : nullptr;
      if (one != nullptr && sending.to == to) found.push_back(*one);
    }
    return found;
  }
  Address client() const { return {Door::session, session.peer}; }
};

TEST(StoreReads, what_is_applied_is_answered_at_once) {
  Reading f;
  f.reads.on_get(f.turn, f.session, f.get(1));
  EXPECT_EQ(f.sent<CacheGot>(f.client()).size(), 1U);
  EXPECT_FALSE(f.reads.is_waiting());
}

TEST(StoreReads, what_a_token_names_is_waited_for) {
  Reading f;
  CacheGet get = f.get(1);
  get.positions.push_back({f.ids.id_of(f.stream), 3});
  get.wait_ms = 1000;
  f.reads.on_get(f.turn, f.session, get);
  f.reads.settle(f.turn);
  EXPECT_TRUE(f.outbox.sendings.empty());
  EXPECT_TRUE(f.reads.is_waiting());
  f.streams[f.stream].frontier = 3;
  f.reads.settle(f.turn);
  EXPECT_EQ(f.sent<CacheGot>(f.client()).size(), 1U);
  EXPECT_FALSE(f.reads.is_waiting());
}

TEST(StoreReads, nothing_waits_for_a_number_of_an_incarnation_that_is_over) {
  Reading f;
  CacheGet get = f.get(1);
  get.positions.push_back({f.ids.id_of(f.stream), 3});
  get.positions.push_back({{"south", {4, 0}, Lane::cache}, 8});
  get.wait_ms = 1000;
  f.reads.on_get(f.turn, f.session, get);
  f.lineages.of("east").meet(record_without_past({2, 0}));
  f.lineages.of("south").meet(record_without_past({5, 0}));
  f.reads.settle(f.turn);
  EXPECT_TRUE(f.reads.is_waiting()) << "the rest of it may still come";
  f.streams[f.stream].final = true;  // It has ended at 0.
  f.reads.settle(f.turn);
  EXPECT_EQ(f.sent<CacheGot>(f.client()).size(), 1U);
  EXPECT_FALSE(f.reads.is_waiting());
}

TEST(StoreReads, for_no_longer_than_the_client_says_and_not_for_one_that_has_gone) {
  Reading f;
  CacheGet get = f.get(1);
  get.positions.push_back({f.ids.id_of(f.stream), 3});
  get.wait_ms = 1000;
  f.reads.on_get(f.turn, f.session, get);
  Session& other = f.sessions.open(6, 60);
  f.reads.on_get(f.turn, other, get);
  f.sessions.close(other);
  Turn later{Now{kBegun + std::chrono::seconds(1), {}}, f.outbox};
  f.reads.settle(later);
  const auto answers = f.sent<Answer>(f.client());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].code, ErrorCode::timed_out);
  EXPECT_EQ(f.outbox.sendings.size(), 1U);
  EXPECT_FALSE(f.reads.is_waiting());
}

TEST(StoreReads, another_cluster_s_store_is_asked_by_the_way_there_and_its_answer_handed_on) {
  Reading f;
  CacheGet get = f.get(7);
  get.cluster = "west";
  f.reads.on_get(f.turn, f.session, get);
  const auto asked = f.sent<CacheGet>(f.west.address);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].asker, "east");
  EXPECT_TRUE(f.reads.is_waiting());
  CacheGot got;
  got.request = asked[0].request;
  got.asker = "east";
  f.reads.on_link_got(f.turn, got);
  const auto answered = f.sent<CacheGot>(f.client());
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].request, 7U);
  EXPECT_FALSE(f.reads.is_waiting());
}

TEST(StoreReads, a_cluster_that_nobody_knows_or_reaches_is_named_in_the_refusal) {
  Reading f;
  CacheGet get = f.get(1);
  get.cluster = "south";
  f.reads.on_get(f.turn, f.session, get);
  f.members.lose_link(f.west.id);
  get.cluster = "west";
  f.reads.on_get(f.turn, f.session, get);
  const auto answers = f.sent<Answer>(f.client());
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].code, ErrorCode::refused);
  EXPECT_EQ(answers[1].code, ErrorCode::disconnected);
}

TEST(StoreReads, one_client_at_a_time_loads_what_the_store_lacks) {
  Reading f;
  LoadAsk ask;
  ask.request = 1;
  ask.address = f.get(1).address;
  ask.lease_ms = 5000;
  f.reads.on_load(f.turn, f.session, ask);
  const Session& other = f.sessions.open(6, 60);
  f.reads.on_load(f.turn, other, ask);
  const auto first = f.sent<LoadGranted>(f.client());
  const auto second = f.sent<LoadGranted>({Door::session, 6});
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_TRUE(first[0].granted);
  EXPECT_FALSE(second[0].granted);
}

// Its key was written while the first went on.
TEST(StoreReads, a_load_is_handed_over_for_the_request_that_was_granted_for_it) {
  Reading f;
  LoadAsk ask;
  ask.address = f.get(1).address;
  ask.lease_ms = 5000;
  ask.request = 1;
  f.reads.on_load(f.turn, f.session, ask);
  f.reads.void_loads(ask.address, true);
  ask.request = 2;
  f.reads.on_load(f.turn, f.session, ask);
  const auto hand_over = [&](std::uint64_t grant, const std::string& value) {
    LoadAsk over{.request = 3, .address = ask.address, .loaded = true, .value = value};
    over.grant = grant;
    f.reads.on_load(f.turn, f.session, over);
    return f.cache.get(kBegun, f.get(4)).value;
  };
  EXPECT_EQ(hand_over(1, "before"), "");
  EXPECT_EQ(hand_over(2, "after"), "after");
}

}  // namespace
}  // namespace mpreg
