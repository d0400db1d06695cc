#include "store/siblings.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

#include "coherence/resolvers.h"

namespace mpreg {
namespace {

VectorClock seen(std::vector<VectorClock::Entry> entries) {
  return VectorClock::from_entries(std::move(entries)).value();
}

TEST(Siblings, a_write_takes_the_place_of_what_it_has_seen_and_of_that_alone) {
  const ResolverPtr resolver = last_writer_wins();
  Siblings all;
  EXPECT_TRUE(all.add({"east", 1, false, "a"}, {}, *resolver));
  EXPECT_TRUE(all.add({"west", 2, false, "b"}, {}, *resolver));
  EXPECT_EQ(all.all().size(), 2U);
  EXPECT_TRUE(all.add({"north", 3, false, "c"}, seen({{"west", 2}}), *resolver));
  ASSERT_EQ(all.all().size(), 2U);
  EXPECT_EQ(all.all()[0].value, "a");
  EXPECT_EQ(all.all()[1].value, "c");
  EXPECT_FALSE(all.add({"west", 2, false, "b"}, {}, *resolver));  // Known, and taken over.
  EXPECT_TRUE(all.add({"east", 4, true, {}}, all.clock(), *resolver));
  EXPECT_TRUE(all.is_erased());
  EXPECT_EQ(all.latest(), (std::pair<HybridTime, std::string>{4, "east"}));
}

TEST(Siblings, bytes_come_back_and_nothing_else_is_read) {
  const ResolverPtr resolver = last_writer_wins();
  Siblings all;
  all.add({"east", 1, false, "a"}, {}, *resolver);
  all.add({"west", 2, true, {}}, seen({{"north", 9}}), *resolver);
  const std::string bytes = all.encode();
  EXPECT_EQ(Siblings::decode(bytes), all);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Siblings::decode(bytes.substr(0, size))) << size;
  }
}

// Clusters that write what they have seen, or blindly; each hears of the others in the order in
// which they wrote, at its own pace, and now and then of all that another knows.
struct Clusters {
  static constexpr std::size_t kCount = 5;
  struct Write {
    Sibling write;
    VectorClock seen;
  };

  Clusters(ResolverPtr how, unsigned seed) : resolver(std::move(how)), random(seed) {}

  void step(const std::string& value) {
    const std::size_t at = random() % kCount;
    if (random() % 4 == 0) {
      Write one{{"c" + std::to_string(at), ++clock, random() % 8 == 0, value}, {}};
      if (random() % 2 == 0) one.seen = known[at].clock();
      if (one.write.erased) one.write.value.clear();
      known[at].add(one.write, one.seen, *resolver);
      for (std::size_t to = 0; to < kCount; ++to) {
        if (to != at) on_the_way[at][to].push_back(one);
      }
    } else if (random() % 50 == 0) {
      known[at].join(known[random() % kCount], *resolver);
    } else {
      deliver(random() % kCount, at);
    }
  }
  bool deliver(std::size_t from, std::size_t to) {
    auto& queue = on_the_way[from][to];
    if (queue.empty()) return false;
    known[to].add(queue.front().write, queue.front().seen, *resolver);
    queue.pop_front();
    return true;
  }
  void deliver_all() {
    for (std::size_t from = 0; from < kCount; ++from) {
      for (std::size_t to = 0; to < kCount; ++to) {
        while (deliver(from, to)) continue;
      }
    }
  }

  ResolverPtr resolver;
  std::mt19937 random;
  HybridTime clock = 0;
  std::array<Siblings, kCount> known;
  std::array<std::array<std::deque<Write>, kCount>, kCount> on_the_way;
};

TEST(Siblings, all_clusters_end_with_the_same_bytes_whatever_the_order) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Clusters clusters(seed % 2 == 0 ? last_writer_wins() : prefer_cluster({{"c1", 2}}), seed);
    for (int i = 0; i < 400; ++i) clusters.step(std::to_string(i));
    clusters.deliver_all();
    for (const Siblings& one : clusters.known) {
      ASSERT_EQ(one.encode(), clusters.known[0].encode()) << "seed " << seed;
    }
  }
}

TEST(Siblings, joining_is_commutative_associative_and_idempotent) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Clusters clusters(last_writer_wins(), seed);
    for (int i = 0; i < 200; ++i) clusters.step(std::to_string(i));
    const auto joined = [&](Siblings one, const Siblings& other) {
      one.join(other, *clusters.resolver);
      return one;
    };
    const auto& [a, b, c, d, e] = clusters.known;
    EXPECT_EQ(joined(a, b), joined(b, a)) << seed;
    EXPECT_EQ(joined(joined(a, b), c), joined(a, joined(b, c))) << seed;
    EXPECT_EQ(joined(d, d), d);
    EXPECT_EQ(joined(joined(d, e), e), joined(d, e));
  }
}

}  // namespace
}  // namespace mpreg
