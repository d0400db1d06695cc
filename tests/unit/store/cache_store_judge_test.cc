#include <gtest/gtest.h>

#include <bitset>
#include <optional>
#include <random>
#include <vector>

#include "store/cache_store.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The store of a broker, and how it takes what it is told.
struct Broker {
  SeenTable seen;
  CacheStore store{{.bytes_max = 1U << 20U, .digests = true, .seen = &seen}};
  NamespaceId space = *store.space_of("s");
  Instant now{seconds(1000)};
  HybridTime order = 0;

  [[nodiscard]] StoreKey key() const { return {space, "k"}; }
  StreamPlace stream(const std::string& origin, std::uint64_t counter = 1) {
    return seen.intern({origin, {counter, 7}, Lane::cache});
  }
  CacheStore::Entry entry(Position at, WriteId writer = {}) {
    CacheStore::Entry one;
    one.version.time = ++order << 16U;
    one.written.position = at;
    one.written.writer = writer;
    return one;
  }
  // A write: its value, or what is left of it.
  void put(Position at, const std::string& value, WriteId writer = {},
           std::optional<Judgement> judgement = std::nullopt) {
    CacheStore::Entry one = entry(at, writer);
    one.written.judgement = judgement.value_or(store.judge(key(), at));
    if (one.written.judgement == Judgement::replaces) {
      (void)store.put(now, key(), value, one);
    } else if (one.written.judgement == Judgement::concurrent) {
      (void)store.invalidate(now, key(), one.version, one.written);
    }
  }
  void invalidate(Position at) {
    CacheStore::Entry one = entry(at);
    one.written.judgement = store.judge(key(), at);
    if (one.written.judgement == Judgement::ignored) return;
    (void)store.invalidate(now, key(), one.version, one.written);
  }
  std::string get() {
    const auto found = store.get(now, key());
    return found ? std::string(found->value) : "-";
  }
};

struct Judge : testing::Test {
  Broker broker;
  StreamPlace east = broker.stream("east");
  StreamPlace west = broker.stream("west");
  StreamPlace north = broker.stream("north");
};

TEST_F(Judge, a_write_replaces_what_it_has_seen) {
  broker.put({east, 1}, "old");
  broker.seen.note({west, 1}, {east, 1});
  broker.put({west, 1}, "new");
  EXPECT_EQ(broker.get(), "new");
}

TEST_F(Judge, a_write_that_the_held_one_has_seen_is_ignored) {
  broker.seen.note({west, 1}, {east, 1});
  broker.put({west, 1}, "new");
  broker.put({east, 1}, "old");
  EXPECT_EQ(broker.get(), "new");
  broker.invalidate({east, 1});
  EXPECT_EQ(broker.get(), "new");
}

TEST_F(Judge, of_concurrent_writes_no_value_is_used_until_one_comes_that_has_seen_both) {
  broker.put({east, 1}, "one");
  broker.put({west, 1}, "other");
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({north, 1}, {east, 1});
  broker.put({north, 1}, "has seen one of them");
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({north, 2}, {west, 1});
  broker.put({north, 2}, "has seen both, and its own");
  EXPECT_EQ(broker.get(), "has seen both, and its own");
}

// What was evicted is not brought back by what had not seen it.
TEST_F(Judge, forgetting_raises_a_floor) {
  CacheStore::Entry one = broker.entry({east, 7});
  one.ttl = milliseconds(10);
  (void)broker.store.put(broker.now, broker.key(), "goes", one);
  broker.now += milliseconds(100);
  EXPECT_EQ(broker.get(), "-");
  EXPECT_EQ(broker.store.state_of(broker.now, broker.key(), nullptr), EntryState::missing);
  broker.put({west, 1}, "has not seen it");
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({west, 2}, {east, 7});
  broker.put({west, 2}, "has seen it");
  EXPECT_EQ(broker.get(), "has seen it");
}

TEST_F(Judge, after_a_loss_only_what_has_seen_it_counts) {
  broker.put({east, 1}, "v");
  const Position applied[] = {{east, 5}, {west, 3}};
  broker.store.raise_floor(std::nullopt, applied);
  broker.store.cut_everything({++broker.order << 16U, 0});
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({west, 4}, {east, 4});
  broker.put({west, 4}, "may not know what was lost");
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({west, 5}, {east, 5});
  broker.put({west, 5}, "knows");
  EXPECT_EQ(broker.get(), "knows");
}

// The position 0: to have heard of an incarnation, before which something is missing here.
TEST_F(Judge, a_floor_may_ask_for_a_stream_of_which_nothing_is_applied) {
  const Position begun[] = {{north, 0}};
  broker.store.raise_floor(std::nullopt, begun);
  broker.put({west, 1}, "may be older than it");
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({west, 2}, {north, 0});
  broker.put({west, 2}, "knows it");
  EXPECT_EQ(broker.get(), "knows it");
}

TEST_F(Judge, a_cut_spares_what_has_seen_it_and_refuses_what_has_not) {
  broker.seen.note({west, 1}, {east, 1});
  broker.put({west, 1}, "later than the cut");
  broker.store.cut_pattern(broker.space, "k", {++broker.order << 16U, 0}, {east, 1});
  EXPECT_EQ(broker.get(), "later than the cut");
  broker.store.cut_pattern(broker.space, "#", {++broker.order << 16U, 0}, {east, 2});
  EXPECT_EQ(broker.get(), "-");
  broker.put({west, 2}, "earlier than the cut");
  EXPECT_EQ(broker.get(), "-");
}

// Seed 18575: a mark in its place stood for the write alone, and a write from before the cut was
// used.
TEST_F(Judge, what_is_given_up_or_withdrawn_after_a_cut_stands_for_the_cut) {
  const WriteId writer = write_id(9, 1);
  for (const bool is_given_up : {true, false}) {
    Broker one;
    const StreamPlace a = one.stream("a");
    const StreamPlace b = one.stream("b");
    const StreamPlace c = one.stream("c");
    const CacheStore::Entry entry = one.entry({a, 1}, writer);
    (void)one.store.expect(one.now, one.key(), entry);
    one.store.cut_space(one.space, {++one.order << 16U, 0}, {b, 7});
    if (is_given_up) {
      one.store.give_up(one.now, one.key(), entry.version);
    } else {
      Written refusal;
      refusal.position = {b, 8};
      refusal.writer = writer;
      (void)one.store.withdraw(one.now, one.key(), {++one.order << 16U, 0}, refusal);
    }
    one.seen.note({c, 1}, {a, 1});
    one.seen.note({c, 1}, {b, is_given_up ? 6U : 7U});
    one.put({c, 1}, "does not know all of it");
    EXPECT_EQ(one.get(), "-") << is_given_up;
    one.seen.note({c, 2}, {b, 8});
    one.put({c, 2}, "knows it");
    EXPECT_EQ(one.get(), "knows it") << is_given_up;
  }
}

TEST_F(Judge, a_write_with_another_verdict_goes_and_what_has_replaced_it_stays) {
  const WriteId writer = write_id(9, 1);
  broker.put({east, 1}, "v", writer);
  Written refusal;
  refusal.position = {west, 1};
  refusal.writer = writer;
  EXPECT_TRUE(broker.store.withdraw(broker.now, broker.key(), {++broker.order << 16U, 0}, refusal));
  EXPECT_EQ(broker.get(), "-");
  broker.put({north, 1}, "has seen neither");
  EXPECT_EQ(broker.get(), "-");
  broker.seen.note({north, 2}, {east, 1});
  broker.seen.note({north, 2}, {west, 1});
  broker.put({north, 2}, "w", write_id(9, 2));
  EXPECT_FALSE(
      broker.store.withdraw(broker.now, broker.key(), {++broker.order << 16U, 0}, refusal));
  EXPECT_EQ(broker.get(), "w");
}

// What a broker asks before it numbers a value.
TEST_F(Judge, a_key_has_changed_since_unless_its_writer_did_it) {
  const auto told = [&](HybridTime application) { return application << 16U | 0xFFFFU; };
  EXPECT_FALSE(broker.store.has_changed(broker.key(), told(0), write_id(9, 1)));
  CacheStore::Entry one = broker.entry({east, 1}, write_id(9, 1));
  one.written.is_chained = true;
  (void)broker.store.put(broker.now, broker.key(), "v", one);
  EXPECT_TRUE(broker.store.has_changed(broker.key(), told(0), write_id(8, 2)));
  EXPECT_FALSE(broker.store.has_changed(broker.key(), told(1), write_id(8, 2)));
  EXPECT_FALSE(broker.store.has_changed(broker.key(), told(0), write_id(9, 2)));
  EXPECT_TRUE(broker.store.has_changed(broker.key(), told(0), write_id(9, 1))) << "called before";
  broker.invalidate({west, 1});
  EXPECT_TRUE(broker.store.has_changed(broker.key(), told(1), write_id(9, 3)));
  EXPECT_FALSE(broker.store.has_changed({broker.space, "another"}, told(1), write_id(9, 3)));
  broker.store.cut_space(broker.space, {++broker.order << 16U, 0}, {{west, 2}});
  EXPECT_TRUE(broker.store.has_changed({broker.space, "another"}, told(2), write_id(9, 3)));
  EXPECT_FALSE(broker.store.has_changed({broker.space, "another"}, told(3), write_id(9, 3)));
}

// A broker of whose clients' values none is kept here remembers their changes by hash alone.
TEST_F(Judge, what_a_client_has_changed_itself_is_no_change_for_it_whatever_is_remembered) {
  const auto told = [&](HybridTime application) { return application << 16U | 0xFFFFU; };
  const auto invalidate = [&](const std::string& name, WriteId writer, bool is_chained) {
    Written written{{east, ++broker.order}, writer};
    written.is_chained = is_chained;
    (void)broker.store.invalidate(broker.now, {broker.space, name}, {broker.order << 16U, 0},
                                  written);
  };
  const auto changed = [&](HybridTime since, WriteId writer) {
    int count = 0;
    for (int i = 1000; i < 2000; ++i) {
      const std::string name = std::to_string(i);
      count += broker.store.has_changed({broker.space, name}, since, writer) ? 1 : 0;
    }
    return count;
  };
  for (std::uint32_t i = 0; i < 1000; ++i) invalidate(std::to_string(i), {9, i + 1}, true);
  EXPECT_EQ(changed(told(0), {9, 1001}), 0);
  EXPECT_GT(changed(told(0), {8, 1}), 500);
  EXPECT_EQ(changed(told(broker.order), {8, 1}), 0);
  const HybridTime before = told(broker.order);
  invalidate("x", {8, 1}, true);
  EXPECT_TRUE(broker.store.has_changed({broker.space, "x"}, before, {9, 1001}));
  EXPECT_LT(changed(before, {9, 1001}), 20);
  EXPECT_EQ(changed(before, {8, 2}), 0);
  invalidate("y", {9, 1002}, false);
  EXPECT_TRUE(broker.store.has_changed({broker.space, "y"}, told(broker.order - 1), {9, 1003}))
      << "its client may not know of others";
}

TEST_F(Judge, who_has_cut_a_namespace_may_write_into_it_at_once) {
  const HybridTime told = ++broker.order << 16U | 0xFFFFU;
  broker.store.cut_space(broker.space, {++broker.order << 16U, 0}, {{east, 1}, {9, 1}});
  EXPECT_FALSE(broker.store.has_changed(broker.key(), told, {9, 2}));
  EXPECT_TRUE(broker.store.has_changed(broker.key(), told, {8, 2}));
  broker.store.cut_space(broker.space, {++broker.order << 16U, 0}, {{east, 2}, {8, 2}});
  EXPECT_TRUE(broker.store.has_changed(broker.key(), told, {9, 2}));
  EXPECT_TRUE(broker.store.has_changed(broker.key(), told, {8, 3})) << "9 has changed it, too";
}

// The rule of tests/model/values.pml, with sets of records instead of positions.
struct Model {
  using Set = std::bitset<64>;
  enum class Kind { nothing, value, tombstone };
  Set applied;
  Set stands_for;
  Set floor;
  Kind kind = Kind::nothing;
  std::size_t held = 0;

  static bool covers(const Set& large, const Set& small) { return (small & ~large).none(); }
  void apply(std::size_t record, const std::vector<Set>& seen, bool is_value) {
    applied.set(record);
    const Set basis = kind == Kind::nothing ? floor : stands_for;
    if (kind == Kind::value && seen[held].test(record)) return;
    const bool is_covered = covers(seen[record], basis);
    stands_for = is_covered ? Set() : basis;
    stands_for.set(record);
    kind = is_covered && is_value ? Kind::value : Kind::tombstone;
    held = record;
  }
  void forget() {
    floor |= stands_for;
    stands_for.reset();
    kind = Kind::nothing;
  }
};

TEST(JudgeModel, it_holds_no_value_that_the_model_does_not_hold) {
  constexpr std::size_t kBrokers = 3;
  constexpr std::size_t kRecords = 48;
  std::size_t held = 0;
  std::size_t held_by_model = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<Broker> brokers(kBrokers);
    std::vector<Model> models(kBrokers);
    std::vector<std::vector<StreamPlace>> places(kBrokers);
    for (Broker& broker : brokers) {
      for (std::size_t b = 0; b < kBrokers; ++b) {
        places[b].push_back(broker.stream(std::string(1, char('a' + b))));
      }
    }
    std::vector<Model::Set> seen;
    std::vector<std::size_t> origin;
    std::vector<bool> is_value;
    std::vector<std::vector<std::size_t>> streams(kBrokers);  // Records, by number.
    std::vector<std::vector<std::size_t>> next(kBrokers, std::vector<std::size_t>(kBrokers));
    const auto apply = [&](std::size_t to, std::size_t from) {
      const std::size_t number = ++next[to][from];
      const std::size_t record = streams[from][number - 1];
      Broker& broker = brokers[to];
      const Position at{places[from][to], number};
      for (std::size_t of = 0; of < kBrokers; ++of) {
        std::size_t last = 0;
        for (std::size_t i = 0; i < streams[of].size(); ++i) {
          if (seen[record].test(streams[of][i])) last = i + 1;
        }
        if (of != from && last != 0) broker.seen.note(at, {places[of][to], last});
      }
      models[to].apply(record, seen, is_value[record]);
      if (is_value[record]) {
        broker.put(at, std::to_string(record));
      } else {
        broker.invalidate(at);
      }
    };
    while (seen.size() < kRecords) {
      const std::size_t b = random() % kBrokers;
      const std::size_t o = random() % kBrokers;
      const auto what = random() % 10;
      if (what < 4) {
        seen.push_back(models[b].applied);
        origin.push_back(b);
        is_value.push_back(random() % 5 != 0);
        streams[b].push_back(seen.size() - 1);
        apply(b, b);
      } else if (what < 9) {
        if (b != o && next[b][o] < streams[o].size()) apply(b, o);
      } else {
        // Expiry, eviction and a loss have the same way out.
        models[b].forget();
        brokers[b].store.cut_everything({++brokers[b].order << 16U, 0});
      }
      const std::string got = brokers[b].get();
      held_by_model += models[b].kind == Model::Kind::value ? 1 : 0;
      if (got == "-") continue;
      ++held;
      ASSERT_EQ(models[b].kind, Model::Kind::value) << "seed " << seed;
      ASSERT_EQ(got, std::to_string(models[b].held)) << "seed " << seed;
    }
  }
  EXPECT_GT(held * 10, held_by_model * 9) << "what the model holds is mostly held";
}

// What an entry costs beside its key and its value.
TEST(JudgeModel, an_entry_costs_at_most_80_bytes) {
  SeenTable seen;
  CacheStore store({.bytes_max = 512U << 20U, .digests = true, .seen = &seen});
  const StreamPlace east = seen.intern({"east", {1, 7}, Lane::cache});
  const NamespaceId space = *store.space_of("s");
  const Instant now{seconds(1000)};
  const std::uint64_t before = store.used_bytes();
  constexpr std::size_t kEntries = 200'000;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::string name = "user:" + std::to_string(1'000'000 + i);
    const std::string value(100, 'v');
    CacheStore::Entry entry;
    entry.version.time = (i + 1) << 16U;
    entry.written.position = {east, i + 1};
    ASSERT_EQ(store.put(now, {space, name}, value, entry), CacheStore::Outcome::done);
    bytes += name.size() + value.size();
  }
  const double each =
      static_cast<double>(store.used_bytes() - before - bytes) / static_cast<double>(kEntries);
  RecordProperty("bytes", static_cast<int>(each));
  EXPECT_LE(each, 80.0);
}

}  // namespace
}  // namespace mpreg
