#include "loading/near_feed.h"

#include "loading/near_look.h"
#include "unit/loading/near_read_rig.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

class NearFeeds : public NearReadRig {
 protected:
  void keep(const std::string& text) {
    const NearStore::Ticket ticket = store.begin_fill(users, {"7"});
    EXPECT_TRUE(store.end_fill(at, users, {"7"}, ticket, text, {}));
    store.abandon_fill(users, {"7"}, ticket);
  }
  NearFeed::Applied tell(const CacheInvalidation& fact) {
    frame = encode_invalidation(fact);
    return feed.on_fact(now(), {.kind = RecordKind::invalidation,
                                .payload = frame.bytes(),
                                .stream = &west,
                                .number = ++number,
                                .order = apply_order(number),
                                .publisher = {8, number}});
  }
  [[nodiscard]] static CacheInvalidation changed(WaitLevel wait = WaitLevel::accepted) {
    CacheInvalidation fact;
    fact.address = {"users", "7"};
    fact.tracking.wait = wait;
    return fact;
  }
  [[nodiscard]] Frontier up_to(Number position) const {
    return Frontier(std::vector<StreamPosition>{{west, position}});
  }
  [[nodiscard]] Look look(const StaleLimits& limits = {}) {
    NearValue value;
    return near_look(at, store, users, {"7"}, rights, *scope, limits, value);
  }

  StreamId west{"west", {1, 1}, Lane::cache};
  Number number = 0;
  Frame frame;
  NearFeed feed{store, rights, help};
};

TEST_F(NearFeeds, a_fact_drops_what_is_held_and_counts_as_come) {
  keep("Ada");
  EXPECT_FALSE(feed.covers(up_to(1)));
  EXPECT_FALSE(tell(changed()).observed_due);
  EXPECT_EQ(held(), "-");
  EXPECT_TRUE(feed.covers(up_to(1)));
  EXPECT_TRUE(tell(changed(WaitLevel::observed)).observed_due);
}

// Its broker has just heard of that cluster, and what it wrote before comes to nobody here.
TEST_F(NearFeeds, a_stream_that_begins_in_its_middle_counts_once_a_lease_names_it) {
  keep("Ada");
  number = 8;
  CacheInvalidation other = changed();
  other.address.key = "8";
  (void)tell(other);
  EXPECT_EQ(held(), "Ada");
  EXPECT_FALSE(feed.covers(up_to(4)));
  feed.on_lease({SentAt::before_sending(at), false, {{"west", 0, 1}}, {{west, 9}}});
  EXPECT_TRUE(feed.covers(up_to(4)));
  EXPECT_EQ(held(), "-");
  (void)tell(other);
  EXPECT_TRUE(feed.covers(up_to(10)));
}

TEST_F(NearFeeds, what_cannot_be_read_drops_everything_and_is_told) {
  keep("Ada");
  const Frame noise = Frame::copy_of(as_bytes("noise"));
  const NearFeed::Applied applied = feed.on_fact(
      now(),
      {.kind = RecordKind::replication, .payload = noise.bytes(), .stream = &west, .number = 1});
  EXPECT_NE(applied.error.text, "");
  EXPECT_EQ(held(), "-");
  EXPECT_TRUE(feed.covers(up_to(1)));
}

TEST_F(NearFeeds, a_gap_drops_what_it_may_concern_and_counts_as_come) {
  keep("Ada");
  Gap gap;
  gap.stream = {"west", {1, 1}, Lane::events};
  gap.through = 3;
  feed.on_gap(gap);
  EXPECT_EQ(held(), "Ada") << "no cache fact is lost";
  gap.stream = west;
  feed.on_gap(gap);
  EXPECT_EQ(held(), "-");
  EXPECT_TRUE(feed.covers(up_to(3)));
}

TEST_F(NearFeeds, another_broker_drops_everything_and_begins_without_a_right) {
  keep("Ada");
  Welcome welcome;
  welcome.cluster = "east";
  welcome.incarnation.instance = 2;
  feed.on_welcome(now(), welcome, {});
  EXPECT_EQ(held(), "-");
  keep("Ada");
  feed.on_lost();
  pass(seconds(3));
  EXPECT_EQ(look(), Look::suspect) << "no lease comes any more";
}

TEST_F(NearFeeds, a_lease_says_what_has_come_and_gives_the_right_from_when_it_was_asked) {
  keep("Ada");
  LeaseRenewal renewal{SentAt::before_sending(at), false, {{"east", 0}, {"west", 0}}, {{west, 9}}};
  pass(seconds(2));
  feed.on_lease(renewal);
  EXPECT_TRUE(feed.covers(up_to(9)));
  EXPECT_EQ(look(), Look::coherent);
  pass(seconds(1));
  EXPECT_EQ(look(), Look::suspect) << "three seconds from the question";
}

// ---- near_look.

TEST_F(NearFeeds, a_look_without_the_right_is_marked_and_only_within_its_limits) {
  keep("Ada");
  EXPECT_EQ(look(), Look::coherent);
  const Instant lost = rights.lease_until();
  at = lost + seconds(1);
  EXPECT_EQ(look(), Look::suspect);
  EXPECT_EQ(look({.lost = seconds(1)}), Look::stale);
  EXPECT_EQ(look({.degraded = seconds(10)}), Look::suspect) << "that is for another case";
  pass(milliseconds(1));
  EXPECT_EQ(look({.lost = seconds(1)}), Look::suspect);
}

TEST_F(NearFeeds, a_look_at_what_is_not_held_finds_nothing) { EXPECT_EQ(look(), Look::missing); }

}  // namespace
}  // namespace mpreg
