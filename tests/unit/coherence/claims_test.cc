// Claims, of several clusters that hear of each other's records in the order of each stream.

#include "coherence/claims.h"

#include <gtest/gtest.h>

#include "unit/coherence/claims_rig.h"

namespace mpreg {
namespace {

TEST(Home, is_the_same_for_everybody_and_moves_only_when_it_has_to) {
  const std::vector<std::string> all = {"a", "b", "c", "d"};
  const std::vector<std::string> fewer = {"d", "a", "b"};
  std::map<std::string, int> keys;
  for (int i = 0; i < 4000; ++i) {
    const CacheAddress address{"stock", std::to_string(i), "", 1, "default"};
    const std::string home(home_of(address, all));
    ++keys[home];
    if (home == "c") continue;
    EXPECT_EQ(home_of(address, fewer), home);
  }
  for (const std::string& cluster : all) EXPECT_NEAR(keys[cluster], 1000, 200) << cluster;
  EXPECT_EQ(home_of(kKey, {}), "");
}

TEST(Claims, a_key_is_granted_when_every_member_has_accepted_it) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.ask(a, 1, asking(10));
  all.run({"a", "b"});
  EXPECT_TRUE(a.granted.empty()) << "c has not accepted it";
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  EXPECT_EQ(a.granted[0].first, 1U);
  EXPECT_EQ(a.granted[0].second.request, 10U);
  const FencingToken token = a.granted[0].second.token;
  EXPECT_TRUE(all.write(a, kKey, token));
  EXPECT_FALSE(all.write(a, kKey, 0)) << "whoever has the token may write, and nobody else";
  EXPECT_FALSE(all.write(b, kKey, token)) << "the token is known where it was asked for";
  const auto refused = all.write(c, kKey, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "stock:4711 is held by cluster 'a' for up to 1050 ms: who acquires it may write it");
}

TEST(Claims, one_that_another_holds_is_refused_or_waited_for) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.ask(a, 1, asking(1));
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  all.ask(b, 2, asking(2));
  all.run();
  ASSERT_EQ(b.refused.size(), 1U);
  EXPECT_EQ(b.refused[0].second.code, ErrorCode::refused);
  EXPECT_NE(b.refused[0].second.text.find("is held by cluster 'a'"), std::string::npos);

  all.ask(b, 2, asking(3, 1000ms, 5000ms));
  all.ask(c, 3, asking(4, 1000ms, 5000ms));
  all.run();
  EXPECT_TRUE(b.granted.empty());
  all.pass(500ms);
  all.ask(a, 1, again(5, a.granted[0].second.token, 0ms));
  all.run();
  ASSERT_EQ(b.granted.size() + c.granted.size(), 1U);
  auto& first = b.granted.empty() ? c : b;
  auto& second = b.granted.empty() ? b : c;
  EXPECT_GE(first.granted[0].second.lease_ms, 999U) << "its lease runs from when it was its turn";
  all.pass(1100ms);
  all.run();
  ASSERT_EQ(second.granted.size(), 1U) << "the lease of the first ran out";
  EXPECT_GT(second.granted[0].second.token, first.granted[0].second.token);
}

TEST(Claims, a_cluster_that_stops_hands_over_only_what_it_has_granted_to_nobody) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.ask(a, 1, asking(1));
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  a.claims->give_up();
  all.ask(b, 2, asking(2, 1000ms, 3000ms));
  all.run();
  EXPECT_TRUE(b.granted.empty()) << "the client of a may not know yet that its broker stops";
  all.pass(1100ms);
  all.run();
  EXPECT_EQ(b.granted.size(), 1U);

  Federation others(3);
  auto [d, e, f] = std::tie(others.clusters[0], others.clusters[1], others.clusters[2]);
  others.ask(d, 1, asking(1), d.name);
  others.run({d.name, e.name});
  ASSERT_TRUE(d.granted.empty());
  d.claims->give_up();
  others.run();
  others.ask(e, 2, asking(2), e.name);
  others.run();
  EXPECT_EQ(e.granted.size(), 1U);
}

TEST(Claims, a_holder_that_was_fenced_cannot_write_and_its_last_writes_are_older) {
  Federation all(3);
  auto [a, b] = std::tie(all.clusters[0], all.clusters[1]);
  all.slack = 6000ms;
  all.ask(a, 1, asking(1));
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  const FencingToken first = a.granted[0].second.token;
  all.pass(999ms);
  a.skew = 5500ms;  // Within what the limit allows.
  HybridTime last = 0;
  ASSERT_TRUE(all.write(a, kKey, first, &last));
  all.pass(1ms);
  const auto fenced = all.write(a, kKey, first);
  ASSERT_FALSE(fenced);
  EXPECT_NE(fenced.error().text.find("fenced"), std::string::npos);
  // What it has written has not reached anybody.
  all.pass(50ms);
  all.ask(b, 2, asking(2));
  all.run({"b", "c"});
  all.pass(kLeaseMax);
  all.run({"b", "c"});
  all.ask(b, 2, asking(3));
  all.run({"b", "c"});
  ASSERT_FALSE(b.granted.empty());
  HybridTime next = 0;
  ASSERT_TRUE(all.write(b, kKey, b.granted.back().second.token, &next));
  EXPECT_GT(next, last);
}

TEST(Claims, a_clock_that_jumps_ahead_shortens_the_lease_and_never_breaks_the_order) {
  Federation all(2);
  auto& a = all.clusters[0];
  all.ask(a, 1, asking(1));
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  const FencingToken token = a.granted[0].second.token;
  a.skew = 700ms;
  all.pass(400ms);
  EXPECT_TRUE(all.write(a, kKey, token));
  all.pass(500ms);
  const auto late = all.write(a, kKey, token);
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().text.find("clock of this broker is ahead"), std::string::npos);
}

TEST(Claims, renewing_extends_it_everywhere_until_it_has_run_out) {
  Federation all(2);
  auto [a, b] = std::tie(all.clusters[0], all.clusters[1]);
  all.ask(a, 1, asking(1));
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  const FencingToken token = a.granted[0].second.token;
  for (std::uint64_t i = 0; i < 5; ++i) {
    all.pass(800ms);
    all.ask(a, 1, again(10 + i, token, 1000ms));
    all.run();
    ASSERT_EQ(a.granted.size(), 2 + i);
    EXPECT_TRUE(all.write(a, kKey, token));
    EXPECT_FALSE(all.write(b, kKey, 0));
  }
  all.pass(1001ms);
  all.ask(a, 1, again(20, token, 1000ms));
  all.run();
  ASSERT_EQ(a.refused.size(), 1U);
  EXPECT_NE(a.refused[0].second.text.find("does not hold stock:4711"), std::string::npos);
}

TEST(Claims, a_lease_runs_from_when_it_was_asked_for) {
  Federation all(2);
  auto& a = all.clusters[0];
  all.ask(a, 1, asking(1));
  all.settle(a);
  all.pass(300ms);
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  EXPECT_EQ(a.granted[0].second.lease_ms, 700U);
  all.ask(a, 1, again(2, a.granted[0].second.token, 1000ms));
  all.settle(a);
  all.pass(200ms);
  all.run();
  ASSERT_EQ(a.granted.size(), 2U);
  EXPECT_EQ(a.granted[1].second.lease_ms, 800U);
}

TEST(Claims, a_renewal_needs_the_word_of_the_others_as_well) {
  Federation all(3);
  auto& a = all.clusters[0];
  all.ask(a, 1, asking(1), "a");
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  const FencingToken token = a.granted[0].second.token;
  all.pass(500ms);
  all.ask(a, 1, again(2, token, 1000ms), "a");
  all.run({"a"});
  EXPECT_EQ(a.granted.size(), 1U) << "its home says yes, and nobody else";
  all.pass(500ms);
  all.run({"a"});
  EXPECT_FALSE(all.write(a, kKey, token));
  ASSERT_EQ(a.refused.size(), 1U);
  EXPECT_EQ(a.refused[0].second.text, "stock:4711 is not renewed: not accepted by b, c");
}

TEST(Claims, who_may_have_forgotten_a_claim_waits_with_its_word) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.pass(kLeaseMax + 100ms);
  all.run({"a", "c"});  // Nobody has heard of b for long, nor b of anybody.
  all.ask(a, 1, asking(1, 4000ms), "a");
  all.run({"a", "c"});
  ASSERT_EQ(a.granted.size(), 1U);
  all.pass(10ms);
  all.restart(c);
  all.ask(b, 2, asking(2, 1000ms, 60'000ms), "b");
  all.run({"b", "c"});
  EXPECT_TRUE(all.write(a, kKey, a.granted[0].second.token));
  EXPECT_TRUE(b.granted.empty()) << "c has not heard of a since it started";
  for (int i = 0; i < 60 && b.granted.empty(); ++i) {
    all.pass(100ms);
    all.run({"b", "c"});
  }
  EXPECT_EQ(b.granted.size(), 1U);
  EXPECT_FALSE(all.write(a, kKey, a.granted[0].second.token));
}

TEST(Claims, a_home_that_restarts_is_asked_again) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.ask(a, 1, asking(1, 1000ms, 10'000ms), "b");
  all.settle(a);
  while (all.deliver(a, b)) continue;
  all.pass(10ms);
  all.restart(b);  // With the row of those that had asked.
  all.run();
  EXPECT_TRUE(a.granted.empty());
  all.pass(Claims::kAskAgain + 10ms);
  all.run();
  all.run();
  ASSERT_EQ(a.granted.size(), 1U);
  EXPECT_TRUE(all.write(a, kKey, a.granted[0].second.token));
}

TEST(Claims, near_caches_that_may_hold_something_older_delay_it) {
  Federation all(2);
  auto [a, b] = std::tie(all.clusters[0], all.clusters[1]);
  b.observed = 0;
  all.ask(a, 1, asking(1));
  all.run();
  EXPECT_TRUE(a.granted.empty());
  b.observed = kNumberMax;
  all.run();
  EXPECT_EQ(a.granted.size(), 1U);
}

TEST(Claims, pitfall_26_two_that_believe_to_be_the_home_grant_one_after_the_other) {
  Federation all(3);
  auto [a, b] = std::tie(all.clusters[0], all.clusters[1]);
  all.ask(a, 1, asking(1, 1000ms, 4000ms), "a");
  all.ask(b, 2, asking(2, 1000ms, 4000ms), "b");
  all.settle(a);
  all.settle(b);
  all.run();
  ASSERT_EQ(a.granted.size() + b.granted.size(), 1U) << "the later claim has the word of all";
  auto& first = a.granted.empty() ? b : a;
  EXPECT_TRUE(all.write(first, kKey, first.granted[0].second.token));
  all.pass(1100ms);
  all.run();
  EXPECT_FALSE(all.write(first, kKey, first.granted[0].second.token));
}

TEST(Claims, pitfall_24_who_has_missed_a_claim_hears_of_it_by_its_renewal) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.ask(a, 1, asking(1, 1000ms, 10'000ms), "b");
  all.settle(a);
  while (all.deliver(a, b)) continue;
  all.settle(b);
  Federation::lose(b, c);
  all.run();
  EXPECT_TRUE(a.granted.empty()) << "c has not heard of the claim";
  const Instant lost = all.now();
  for (int i = 0; i < 40 && a.granted.empty(); ++i) {
    all.pass(100ms);
    all.run();
  }
  EXPECT_GE(all.now() - lost, kNearCacheLease) << "the near caches of c may not have heard yet";
  ASSERT_EQ(a.granted.size(), 1U) << "after the near caches of c have heard of the gap";
  EXPECT_FALSE(all.write(c, kKey, 0));
}

TEST(Claims, who_was_not_heard_accepts_again) {
  Federation all(3);
  auto [a, b, c] = std::tie(all.clusters[0], all.clusters[1], all.clusters[2]);
  all.ask(a, 1, asking(1, 1000ms, 10'000ms), "b");
  all.run({"a", "b"});
  while (all.deliver(a, c) || all.deliver(b, c)) continue;
  all.settle(c);
  Federation::lose(c, a);
  all.run();
  EXPECT_TRUE(a.granted.empty());
  for (int i = 0; i < 10 && a.granted.empty(); ++i) {
    all.pass(100ms);
    all.run();
  }
  EXPECT_EQ(a.granted.size(), 1U);
}

TEST(Claims, a_minority_that_is_cut_off_holds_nothing) {
  Federation all(3);
  auto [a, b] = std::tie(all.clusters[0], all.clusters[1]);
  for (int i = 0; i < 3; ++i) {
    all.pass(kLeaseMax);
    all.run({"a"});
    all.run({"b", "c"});
  }
  all.ask(a, 1, asking(1));
  all.ask(b, 2, asking(2));
  all.run({"a"});
  all.run({"b", "c"});
  EXPECT_TRUE(a.granted.empty());
  EXPECT_EQ(b.granted.size(), 1U) << "b and c are more than half";
  all.pass(Claims::kAnswerGrace);
  all.run({"a"});
  ASSERT_EQ(a.refused.size(), 1U);
  EXPECT_EQ(a.refused[0].second.code, ErrorCode::timed_out);
}

TEST(Claims, limits_are_named) {
  Federation all(1);
  auto& a = all.clusters[0];
  all.ask(a, 1, asking(1, 99ms));
  all.ask(a, 1, asking(2, kLeaseMax + 1ms));
  all.ask(a, 1, asking(3, 1000ms, Claims::kWaitMax + 1ms));
  all.run();
  ASSERT_EQ(a.refused.size(), 3U);
  EXPECT_EQ(a.refused[0].second.text, "lease is 99 ms, 100 ms to 4000 ms are allowed");
  EXPECT_EQ(a.refused[1].second.text, "lease is 4001 ms, 100 ms to 4000 ms are allowed");
  EXPECT_EQ(a.refused[2].second.text, "wait is 60001 ms, at most 60000 ms are allowed");
  EXPECT_TRUE(a.stream.empty()) << "nothing was said";
}

}  // namespace
}  // namespace mpreg
