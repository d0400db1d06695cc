// Claims, of several clusters that hear of each other's records in the order of each stream.

#include "coherence/claims.h"

#include <gtest/gtest.h>

#include <random>
#include <variant>

#include "message/leases.h"
#include "stream/hybrid_clock.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds kLeaseMax{4000};

// What nodes do for their claims: they stamp, apply and hear; here under the hand of a test.
class Federation {
 public:
  struct Record {
    std::variant<CacheInvalidation, ClaimRecord> content;
    HybridTime version = 0;
  };
  struct Cluster {
    std::string name;
    std::unique_ptr<Claims> claims;
    std::vector<Record> stream;
    std::map<std::string, std::size_t> applied;  // By origin: so many records.
    std::map<std::string, Instant> heard;
    HybridClock clock;
    milliseconds skew{0};
    Instant started{};
    Number observed = kNumberMax;
    std::vector<std::pair<std::uint64_t, ClaimGranted>> granted;
    std::vector<std::pair<std::uint64_t, Answer>> refused;
  };

  explicit Federation(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      Cluster& one = clusters.emplace_back();
      one.name = std::string(1, static_cast<char>('a' + i));
      one.claims = std::make_unique<Claims>(one.name, kLeaseMax, ++lives_ << 32U);
      one.started = now_ - 1h;
    }
    for (Cluster& one : clusters) {
      for (const Cluster& other : clusters) one.heard[other.name] = now_;
    }
  }

  Instant now() const { return now_; }
  void pass(milliseconds time) { now_ += time; }
  void hear(Cluster& at, const Cluster& of) { at.heard[of.name] = now_; }

  Claims::Electorate electorate(const Cluster& at) const {
    Claims::Electorate all;
    for (const auto& [name, heard] : at.heard) {
      if (name == at.name || now_ - heard <= kLeaseMax + kLeaseMargin) all.needed.push_back(name);
    }
    all.majority = clusters.size() / 2 + 1;
    if (now_ - at.started <= kLeaseMax + kLeaseMargin) all.not_yet = "it has just started";
    return all;
  }

  void ask(Cluster& at, std::uint64_t client, const ClaimAsk& ask, std::string home = {}) {
    if (home.empty()) home = home_of(ask.address, electorate(at).needed);
    at.claims->ask(now_, ask, client, home);
  }

  void settle(Cluster& at) {
    for (;;) {
      Claims::Work work = at.claims->settle(
          now_, [&](StreamIndex /*stream*/) { return at.observed; }, electorate(at));
      at.clock.raise(work.clock_floor);
      for (auto& one : work.granted) at.granted.push_back(std::move(one));
      for (auto& one : work.refused) at.refused.push_back(std::move(one));
      if (work.claims.empty() && work.records.empty()) return;
      for (CacheInvalidation& claim : work.claims) {
        claim.claim->limit = limit(at, claim.claim->lease_ms);
        stamp(at, std::move(claim));
      }
      for (ClaimRecord& record : work.records) {
        if (record.step == ClaimStep::renew) record.limit = limit(at, record.lease_ms);
        stamp(at, std::move(record));
      }
    }
  }

  // The next record of a stream.
  bool deliver(Cluster& from, Cluster& to) {
    std::size_t& applied = to.applied[from.name];
    if (applied == from.stream.size()) return false;
    const Record& record = from.stream[applied++];
    (void)to.clock.observe(record.version, wall(to), 1h);
    const auto stream = static_cast<StreamIndex>(from.name[0] - 'a');
    if (const auto* claim = std::get_if<CacheInvalidation>(&record.content)) {
      to.claims->take(now_, *claim, {record.version, from.name}, stream, applied);
    } else {
      to.claims->take(now_, std::get<ClaimRecord>(record.content), from.name);
    }
    return true;
  }

  // What a gap does: it never comes.
  static void lose(const Cluster& from, Cluster& to) { to.applied[from.name] = from.stream.size(); }

  // Until nothing is under way between those that are named, or all.
  void run(const std::set<std::string>& among = {}) {
    const auto is_in = [&](const Cluster& one) {
      return among.empty() || among.count(one.name) > 0;
    };
    for (bool is_busy = true; is_busy;) {
      is_busy = false;
      for (Cluster& from : clusters) {
        for (Cluster& to : clusters) {
          if (!is_in(from) || !is_in(to)) continue;
          hear(to, from);
          is_busy = (from.name != to.name && deliver(from, to)) || is_busy;
        }
      }
      for (Cluster& one : clusters) {
        const std::size_t before = one.stream.size();
        if (is_in(one)) settle(one);
        is_busy = is_busy || one.stream.size() != before;
      }
    }
  }

  void restart(Cluster& one) {
    one.claims = std::make_unique<Claims>(one.name, kLeaseMax, ++lives_ << 32U);
    one.started = now_;
  }

  Result<void> write(Cluster& at, const CacheAddress& address, FencingToken token,
                     HybridTime* version = nullptr) {
    auto may = at.claims->check_write(now_, address, token, at.clock.next(wall(at)));
    if (may && version != nullptr) *version = at.clock.issue(wall(at));
    return may;
  }

  std::deque<Cluster> clusters;
  milliseconds slack{200};  // Beyond the lease, in the limit.

 private:
  WallTime wall(const Cluster& at) const {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()) +
                    at.skew);
  }
  HybridTime limit(const Cluster& at, std::uint32_t lease_ms) const {
    return at.clock.next(wall(at)) +
           (static_cast<HybridTime>((milliseconds(lease_ms) + slack).count())
            << kHybridCounterBits);
  }
  template <typename Content>
  void stamp(Cluster& at, Content content) {
    at.stream.push_back({std::move(content), at.clock.issue(wall(at))});
    (void)deliver(at, at);
  }

  Instant now_{24h};
  std::uint64_t lives_ = 0;
};

const CacheAddress kKey{"stock", "4711", "", 1, "default"};

ClaimAsk asking(std::uint64_t request, milliseconds lease = 1000ms, milliseconds wait = 0ms) {
  ClaimAsk ask;
  ask.request = request;
  ask.address = kKey;
  ask.lease_ms = static_cast<std::uint32_t>(lease.count());
  ask.wait_ms = static_cast<std::uint32_t>(wait.count());
  return ask;
}

ClaimAsk again(std::uint64_t request, FencingToken token, milliseconds lease) {
  ClaimAsk ask = asking(request, lease);
  ask.token = token;
  return ask;
}

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
  ASSERT_EQ(b.granted.size(), 1U);
  HybridTime next = 0;
  ASSERT_TRUE(all.write(b, kKey, b.granted[0].second.token, &next));
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
  for (int i = 0; i < 40 && a.granted.empty(); ++i) {
    all.pass(100ms);
    all.run();
    if (i != 29) continue;
    EXPECT_TRUE(a.granted.empty()) << "the near caches of c may not have heard of the gap yet";
  }
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

// Whatever comes when, whoever is cut off, restarts or believes to be the home: one holder at a
// time, and its writes are newer than those of all before it.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed), all_(3 + seed % 3) {
    for (auto& one : all_.clusters) one.skew = milliseconds(static_cast<int>(pick(300)) - 150);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      check();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
  int grants = 0;
  int writes = 0;

 private:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  Federation::Cluster& any() { return all_.clusters[pick(all_.clusters.size())]; }
  bool is_cut(const Federation::Cluster& one) const { return one.name == cut_; }

  void step() {
    auto& at = any();
    const std::size_t what = pick(100);
    if (what < 6) {
      // Now and then somebody believes that another one is the home.
      const std::string home = pick(4) == 0 ? any().name : std::string();
      const milliseconds lease(200 + pick(800));
      all_.ask(at, 1 + pick(2), asking(++requests_, lease, milliseconds(pick(1500))), home);
    } else if (what < 14) {
      ask_again(at);
    } else if (what < 24) {
      all_.pass(milliseconds(pick(60)));
    } else if (what < 25 && pick(5) == 0) {
      cut_ = pick(3) == 0 ? any().name : std::string();
    } else if (what < 26 && pick(20) == 0) {
      all_.restart(at);
    } else if (what < 27) {
      at.observed = pick(2) == 0 ? kNumberMax : at.observed / 2;
    } else {
      auto& from = any();
      if (!is_cut(at) && !is_cut(from) && from.name != at.name) {
        all_.hear(at, from);
        for (std::size_t i = pick(8); i > 0 && all_.deliver(from, at); --i) continue;
      }
    }
    at.observed = pick(20) == 0 ? kNumberMax : at.observed;
    all_.settle(at);
    for (auto& [client, granted] : at.granted) {
      if (granted.lease_ms == 0) continue;
      ++grants;
      tokens_.insert(granted.token);
    }
    at.granted.clear();
    at.refused.clear();
  }

  void ask_again(Federation::Cluster& at) {
    if (tokens_.empty()) return;
    const milliseconds lease = pick(2) == 0 ? 0ms : milliseconds(200 + pick(800));
    all_.ask(at, 1 + pick(2), again(++requests_, *tokens_.rbegin(), lease));
  }

  void check() {
    std::vector<std::pair<std::string, FencingToken>> holding;
    for (auto& one : all_.clusters) {
      for (const FencingToken token : tokens_) {
        HybridTime version = 0;
        if (!all_.write(one, kKey, token, &version)) continue;
        ++writes;
        holding.emplace_back(one.name, token);
        for (const auto& [other, last] : written_) {
          if (other >= token) continue;
          ASSERT_GT(version, last) << "a write of an earlier holder is newer";
        }
        written_[token] = std::max(written_[token], version);
      }
    }
    ASSERT_LE(holding.size(), 1U) << holding[0].first << " and " << holding[1].first;
    while (tokens_.size() > 8) tokens_.erase(tokens_.begin());
  }

  std::mt19937_64 random_;
  Federation all_;
  std::string cut_;
  std::uint64_t requests_ = 0;
  std::set<FencingToken> tokens_;
  std::map<FencingToken, HybridTime> written_;
};

TEST(Claims, one_holds_a_key_at_a_time_whatever_happens) {
  int grants = 0;
  int writes = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos chaos(seed);
    chaos.run(4000);
    ASSERT_FALSE(HasFatalFailure());
    grants += chaos.grants;
    writes += chaos.writes;
  }
  EXPECT_GT(grants, 1000);
  EXPECT_GT(writes, 10'000);
}

}  // namespace
}  // namespace mpreg
