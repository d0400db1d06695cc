#include "node/key_claims.h"

#include <gtest/gtest.h>

#include "coherence/protocols.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

constexpr Instant kBegun{std::chrono::hours(1)};
constexpr WallTime kWall{std::chrono::hours(500'000)};

LinkSettings settings_with(std::chrono::milliseconds lease) {
  LinkSettings settings;
  settings.claim_lease_max_ms = static_cast<std::uint32_t>(lease.count());
  return settings;
}

struct Claiming {
  NodeOptions options;
  SettingsBook settings{settings_with(std::chrono::seconds(10))};
  Members members;
  ReplicaStore cache{"east", "europe", 1U << 20U, true};
  HybridClock clock;
  FederationBooks books;
  Outbox outbox;

  Claiming() {
    options.cluster = "east";
    options.claim_lease_max = std::chrono::seconds(10);
    cache.set_protocol(ProtocolTable(**make_protocol("mesi")));
  }
  void meet(const std::string& cluster, Instant at) {
    Member member;
    member.cluster = cluster;
    members.report(member, 0, at);
  }
  static Now at(std::chrono::seconds after) { return {kBegun + after, kWall + after}; }
  CacheAddress address() const {
    CacheAddress address;
    address.namespace_name = "orders";
    address.key = "1";
    return address;
  }
  std::vector<Answer> answers() const {
    std::vector<Answer> found;
    for (const Sending& sending : outbox.sendings) {
      found.push_back(std::get<Answer>(*decode_packet(sending.header.bytes())));
    }
    return found;
  }
};

TEST(KeyClaims, whoever_was_heard_of_within_a_lease_is_needed_and_every_member_counts) {
  Claiming f;
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  f.meet("west", kBegun + std::chrono::seconds(100));
  f.meet("north", kBegun + std::chrono::seconds(1));
  f.meet("south", kBegun + std::chrono::seconds(1));
  const auto electorate = claims.electorate(Claiming::at(std::chrono::seconds(100)));
  EXPECT_EQ(electorate.needed, (std::vector<std::string>{"east", "west"}));
  EXPECT_EQ(electorate.majority, 3U);
  EXPECT_TRUE(electorate.not_yet.empty());
}

// However short leases are: its near caches may go on serving what was written before.
TEST(KeyClaims, whoever_may_still_serve_is_needed) {
  Claiming f;
  f.settings = SettingsBook(settings_with(std::chrono::seconds(1)));
  f.members.remember("north", {});
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  f.meet("west", kBegun + std::chrono::seconds(20));
  const auto needed_at = [&](int seconds) {
    return claims.electorate(Claiming::at(std::chrono::seconds(seconds))).needed;
  };
  EXPECT_EQ(needed_at(8), (std::vector<std::string>{"east", "north", "west"}));
  EXPECT_EQ(needed_at(28), (std::vector<std::string>{"east", "west"}));
  EXPECT_EQ(needed_at(29), (std::vector<std::string>{"east"}));
}

TEST(KeyClaims, a_broker_that_has_just_begun_may_not_know_what_others_hold) {
  Claiming f;
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  EXPECT_FALSE(claims.electorate(Claiming::at(std::chrono::seconds(1))).not_yet.empty());
  EXPECT_TRUE(claims.electorate(Claiming::at(std::chrono::seconds(60))).not_yet.empty());
}

TEST(KeyClaims, what_cannot_be_granted_is_answered_at_once) {
  Claiming f;
  f.cache.set_protocol("plain", ProtocolTable(**make_protocol("msi")));
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  Turn turn{Claiming::at(std::chrono::seconds(60)), f.outbox};
  Session session;
  ClaimAsk ask;
  ask.request = 5;
  ask.address = f.address();
  ask.address.key.clear();
  claims.ask(turn, session, ask);
  ASSERT_EQ(f.answers().size(), 1U);
  EXPECT_EQ(f.answers()[0].request, 5U);
  EXPECT_FALSE(f.answers()[0].ok);
  ask.address = f.address();
  claims.ask(turn, session, ask);
  EXPECT_EQ(f.answers().size(), 1U) << "this one is decided later";
  EXPECT_TRUE(claims.claims().is_due());
}

TEST(KeyClaims, a_write_with_a_token_that_nobody_was_given_is_refused_and_booked) {
  Claiming f;
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  const Now now = Claiming::at(std::chrono::seconds(60));
  EXPECT_TRUE(claims.check_write(now, f.address(), 0, 0, CacheOperation::write));
  EXPECT_FALSE(claims.check_write(now, f.address(), 77, 0, CacheOperation::write));
  EXPECT_EQ(f.books.total().coherence_violations_detected, 1U);
}

TEST(KeyClaims, operations_of_the_broker_itself_are_numbered_one_after_another) {
  Claiming f;
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  EXPECT_EQ(claims.take_operations(3), 1U);
  EXPECT_EQ(claims.take_operations(1), 4U);
}

TEST(KeyClaims, a_record_that_cannot_be_read_is_about_any_namespace) {
  Claiming f;
  KeyClaims claims({f.options, f.settings, f.members, f.cache, f.clock, f.books}, kBegun, 1);
  EXPECT_TRUE(claims.hear(Claiming::at(std::chrono::seconds(60)), "west", 1, {}).empty());
}

}  // namespace
}  // namespace mpreg
