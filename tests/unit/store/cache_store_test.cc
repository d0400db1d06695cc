#include "store/cache_store.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = CacheStore::Outcome;
using State = EntryState;

struct Store : testing::Test {
  CacheStore store{{.bytes_max = 4U << 20U}};
  Instant now{seconds(1000)};
  NamespaceId users = *store.space_of("users");
  NamespaceId items = *store.space_of("items");
  std::uint16_t east = *store.origin_of("east");
  std::uint16_t west = *store.origin_of("west");

  [[nodiscard]] StoreKey key(std::string_view name) const { return {users, name}; }
  Outcome put(std::string_view name, std::string_view value, HybridTime time,
              CacheStore::Entry entry = {}) {
    if (entry.version.origin == 0) entry.version.origin = east;
    entry.version.time = time;
    return store.put(now, key(name), value, entry);
  }
  std::string get(const StoreKey& which) {
    const auto found = store.get(now, which);
    return found ? std::string(found->value) : "-";
  }
  std::string get(std::string_view name) { return get(key(name)); }
};

TEST_F(Store, what_was_put_is_got_by_its_whole_identity) {
  const std::string long_subkey(300, 's');
  EXPECT_EQ(put("u1", "Ann", 5), Outcome::done);
  EXPECT_EQ(store.put(now, {users, "u1", "mail"}, "a@x", {{6, east}, {}, 0, {}}), Outcome::done);
  EXPECT_EQ(store.put(now, {users, "u1", "", 2}, "Ann2", {{7, east}, {}, 0, {}}), Outcome::done);
  EXPECT_EQ(store.put(now, {users, "u1", long_subkey, 7}, "", {{8, east}, {}, 0, {}}),
            Outcome::done);
  EXPECT_EQ(store.put(now, {items, "u1"}, "spoon", {{9, east}, {}, 0, {}}), Outcome::done);
  EXPECT_EQ(get("u1"), "Ann");
  EXPECT_EQ(get({users, "u1", "mail"}), "a@x");
  EXPECT_EQ(get({users, "u1", "", 2}), "Ann2");
  EXPECT_EQ(get({users, "u1", long_subkey, 7}), "");
  EXPECT_EQ(get({items, "u1"}), "spoon");
  EXPECT_EQ(get({users, "u1m", "ail"}), "-");
  EXPECT_EQ(store.get(now, key("u1"))->version.time, 5U);
  EXPECT_EQ(store.entries(), 5U);
}

TEST_F(Store, an_older_write_does_not_replace_a_newer_one) {
  EXPECT_EQ(put("k", "new", 10), Outcome::done);
  EXPECT_EQ(put("k", "old", 9), Outcome::refused);
  EXPECT_EQ(put("k", "same", 10), Outcome::refused);
  EXPECT_EQ(get("k"), "new");
  // Of the same time, the greater cluster wins, everywhere.
  EXPECT_EQ(put("k", "west", 10, {{0, west}, {}, 0, {}}), Outcome::done);
  EXPECT_EQ(put("k", "east", 10), Outcome::refused);
  EXPECT_EQ(get("k"), "west");
  EXPECT_EQ(store.counters().puts_refused, 3U);
}

TEST_F(Store, an_invalidated_key_refuses_what_was_written_before) {
  put("k", "old", 10);
  EXPECT_EQ(store.invalidate(now, key("k"), {12, west}), Outcome::done);
  EXPECT_EQ(get("k"), "-");
  EXPECT_EQ(store.state_of(now, key("k"), nullptr), State::invalid);
  EXPECT_EQ(put("k", "late", 11), Outcome::refused);
  EXPECT_EQ(put("k", "fresh", 13), Outcome::done);
  EXPECT_EQ(get("k"), "fresh");
  put("kept", "so that marks are made", 5);
  // A key that is not held: what comes later and was written earlier is refused all the same.
  EXPECT_EQ(store.invalidate(now, key("unknown"), {20, west}), Outcome::done);
  EXPECT_EQ(put("unknown", "late", 19), Outcome::refused);
}

TEST_F(Store, an_invalidation_spares_only_what_its_origin_wrote_later) {
  put("mine", "v", 10, {{0, west}, {}, 0, {}});
  put("theirs", "v", 10);
  EXPECT_EQ(store.invalidate(now, key("mine"), {8, west}), Outcome::refused);
  EXPECT_EQ(get("mine"), "v");
  // Another's, though later, is not known to have seen the invalidation.
  EXPECT_EQ(store.invalidate(now, key("theirs"), {8, west}), Outcome::done);
  EXPECT_EQ(get("theirs"), "-");
  EXPECT_EQ(put("theirs", "older than what was there", 9), Outcome::refused);
}

TEST_F(Store, an_expiry_is_never_early_and_takes_no_newer_value) {
  put("k", "v", 1, {{}, milliseconds(1000), 0, {}});
  now += milliseconds(999);
  EXPECT_EQ(get("k"), "v");
  now += milliseconds(30);
  EXPECT_EQ(get("k"), "-");
  EXPECT_EQ(store.counters().expired, 1U);
  put("k", "w", 2, {{}, milliseconds(1000), 0, {}});
  now += milliseconds(900);
  put("k", "x", 3, {{}, milliseconds(1000), 0, {}});
  now += milliseconds(900);
  EXPECT_EQ(get("k"), "x");
}

TEST_F(Store, a_value_that_is_on_its_way_counts_only_if_nothing_came_between) {
  const CacheStore::Entry entry{{10, east}, {}, 0, {}};
  put("k", "old", 5);
  EXPECT_EQ(store.expect(now, key("k"), entry), Outcome::done);
  EXPECT_EQ(get("k"), "-");
  EXPECT_EQ(store.state_of(now, key("k"), nullptr), State::syncing);
  EXPECT_EQ(store.arrive(now, key("k"), "new", entry), Outcome::done);
  EXPECT_EQ(get("k"), "new");

  store.expect(now, key("k"), {{20, east}, {}, 0, {}});
  store.invalidate(now, key("k"), {21, west});
  EXPECT_EQ(store.arrive(now, key("k"), "void", {{20, east}, {}, 0, {}}), Outcome::refused);
  EXPECT_EQ(get("k"), "-");
  EXPECT_EQ(store.arrive(now, key("never expected"), "v", entry), Outcome::refused);
  store.expect(now, key("k"), {{30, east}, {}, 0, {}});
  store.cut_space(users, {31, west});
  EXPECT_EQ(store.arrive(now, key("k"), "void", {{30, east}, {}, 0, {}}), Outcome::refused);
}

TEST_F(Store, a_scope_drops_what_is_there_and_refuses_what_is_older) {
  const std::uint32_t red = CacheStore::tag_id("red");
  put("a.1", "v", 10);
  put("a.2", "v", 10, {{}, {}, CacheStore::region_id("eu"), {}});
  put("b.1", "v", 10, {{}, {}, 0, {&red, 1}});
  store.put(now, {items, "a.1"}, "v", {{10, west}, {}, 0, {}});

  store.cut_pattern(users, "a.#", {11, west});
  EXPECT_EQ(get("a.1"), "-");
  EXPECT_EQ(get("a.2"), "-");
  EXPECT_EQ(get("b.1"), "v");
  EXPECT_EQ(get({items, "a.1"}), "v");
  EXPECT_EQ(put("a.3", "late", 11), Outcome::refused);
  EXPECT_EQ(put("a.3", "fresh", 12), Outcome::done);
  EXPECT_EQ(put("b.3", "other", 11), Outcome::done);

  store.cut_tag(users, red, {13, west});
  EXPECT_EQ(get("b.1"), "-");
  EXPECT_EQ(get("b.3"), "other");

  put("a.2", "v", 14, {{}, {}, CacheStore::region_id("eu"), {}});
  store.cut_region(CacheStore::region_id("eu"), {15, west});
  EXPECT_EQ(get("a.2"), "-");
  EXPECT_EQ(get("a.3"), "fresh");

  store.cut_origin(east, {16, west});
  EXPECT_EQ(get("a.3"), "-");
  EXPECT_EQ(get({items, "a.1"}), "v");

  store.cut_everything({17, west});
  EXPECT_EQ(get({items, "a.1"}), "-");
  EXPECT_EQ(put("z", "late", 17), Outcome::refused);
}

// The race of a clear with a concurrent put: what is newer than the cut survives, and only that.
TEST_F(Store, a_namespace_cleared_keeps_what_its_origin_writes_next) {
  put("k", "old", 10, {{0, west}, {}, 0, {}});
  put("next", "of the same origin, later", 12, {{0, west}, {}, 0, {}});
  store.cut_space(users, {11, west});
  EXPECT_EQ(get("k"), "-");
  EXPECT_EQ(get("next"), "of the same origin, later");
}

TEST_F(Store, more_cuts_than_it_remembers_drop_more_and_never_less) {
  for (int i = 0; i < 300; ++i) {
    put("key." + std::to_string(i), "v", static_cast<HybridTime>(1000 + i));
  }
  for (int i = 0; i < 200; ++i) {
    store.cut_pattern(users, "key." + std::to_string(i), {static_cast<HybridTime>(2000 + i), west});
  }
  for (int i = 0; i < 200; ++i) EXPECT_EQ(get("key." + std::to_string(i)), "-") << i;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(put("key." + std::to_string(i), "late", static_cast<HybridTime>(1500)),
              Outcome::refused)
        << i;
  }
  EXPECT_EQ(put("key.5", "fresh", 3000), Outcome::done);
  EXPECT_EQ(get("key.5"), "fresh");
}

TEST_F(Store, memory_is_bounded_and_what_is_used_stays) {
  const std::string value(1000, 'v');
  for (int i = 0; i < 200; ++i) put("hot." + std::to_string(i), value, 1);
  for (int i = 0; i < 50'000; ++i) {
    put("cold." + std::to_string(i), value, static_cast<HybridTime>(i + 2));
    (void)get("hot." + std::to_string(i % 200));
    ASSERT_LE(store.used_bytes(), 5U << 20U);
  }
  int left = 0;
  for (int i = 0; i < 200; ++i) left += get("hot." + std::to_string(i)) != "-" ? 1 : 0;
  EXPECT_GT(left, 190);
  EXPECT_GT(store.counters().evictions, 40'000U);
  EXPECT_EQ(put("huge", std::string(5U << 20U, 'x'), 100'000), Outcome::too_large);
}

TEST_F(Store, what_is_older_does_not_follow_what_was_evicted_or_expired) {
  put("k", "newer", 1000, {{}, milliseconds(100), 0, {}});
  now += seconds(1);
  EXPECT_EQ(get("k"), "-");
  EXPECT_EQ(put("k", "older", 999), Outcome::refused);
  const std::string value(1000, 'v');
  for (int i = 0; i < 20'000; ++i) {
    put("k" + std::to_string(i), value, static_cast<HybridTime>(2000 + i));
  }
  EXPECT_EQ(get("k0"), "-");
  EXPECT_EQ(put("k0", "older", 1999), Outcome::refused);
}

// A mark that had to go has left its version: nothing that is older comes back.
TEST_F(Store, what_was_erased_does_not_come_back_when_the_mark_is_gone) {
  put("deleted", "v", 10);
  store.erase(now, key("deleted"), {11, east});
  store.forget_marks(11);
  const std::string value(1000, 'v');
  for (int i = 0; i < 20'000; ++i) {
    put("k" + std::to_string(i), value, static_cast<HybridTime>(100 + i));
  }
  EXPECT_EQ(store.state_of(now, key("deleted"), nullptr), State::missing);
  EXPECT_EQ(put("deleted", "zombie", 10), Outcome::refused);
  EXPECT_EQ(put("deleted", "anew", 50'000), Outcome::done);
}

TEST_F(Store, marks_of_erased_keys_stay_until_everybody_has_passed_them) {
  for (int i = 0; i < 100; ++i) {
    store.erase(now, key("gone." + std::to_string(i)), {static_cast<HybridTime>(50 + i), east});
  }
  const std::string value(1000, 'v');
  const auto flood = [&](HybridTime from) {
    for (int i = 0; i < 20'000; ++i) {
      put("k" + std::to_string(i), value, from + static_cast<HybridTime>(i));
    }
  };
  flood(1000);
  EXPECT_EQ(store.marks(), 100U);
  store.forget_marks(99);
  flood(100'000);
  EXPECT_LE(store.marks(), 50U);
  EXPECT_GE(store.marks(), 50U);
}

// Against a map, with everything that may happen in any order: what is found is what the map has,
// and what the map has not is never found.
TEST_F(Store, it_never_gives_what_a_plain_map_would_not) {
  struct Model {
    std::string value;
    WriteVersion version;
  };
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CacheStore tried({.bytes_max = 40U << 10U});
    const auto space = *tried.space_of("s");
    const std::uint16_t origins[] = {*tried.origin_of("a"), *tried.origin_of("b")};
    std::mt19937 random(seed);
    std::map<std::string, Model> model;
    std::map<std::string, HybridTime> voided;  // By key: everything up to here is void.
    HybridTime all_voided = 0;
    HybridTime time = 1000;
    std::size_t hits = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::string name = "k." + std::to_string(random() % 60);
      const StoreKey which{space, name};
      ++time;
      // Now and then something comes late.
      const HybridTime written = random() % 5 == 0 ? time - random() % 200 : time;
      const WriteVersion version{written, origins[random() % 2]};
      const auto kind = random() % 100;
      if (kind < 50) {
        const std::string value = std::to_string(i) + std::string(random() % 2000, 'x');
        if (tried.put(now, which, value, {version, {}, 0, {}}) == Outcome::done) {
          const auto older = model.find(name);
          ASSERT_TRUE(older == model.end() || older->second.version.time <= written);
          ASSERT_GE(written, voided[name]);  // Of equal times the cluster decides.
          ASSERT_GT(written, all_voided);
          model[name] = {value, version};
        }
      } else if (kind < 60) {
        (void)tried.invalidate(now, which, version);
        const auto held = model.find(name);
        const bool is_spared = held != model.end() && held->second.version.time >= written &&
                               held->second.version.origin == version.origin;
        if (!is_spared) model.erase(name);
        voided[name] = std::max(voided[name], written);
      } else if (kind < 61) {
        tried.cut_space(space, version);
        std::erase_if(model, [&](const auto& one) {
          return one.second.version.origin != version.origin || one.second.version.time <= written;
        });
        all_voided = std::max(all_voided, written);
      } else {
        const auto found = tried.get(now, which);
        if (!found) continue;
        ++hits;
        const auto held = model.find(name);
        ASSERT_NE(held, model.end()) << "seed " << seed << " step " << i << " " << name;
        ASSERT_EQ(found->value, held->second.value);
      }
    }
    EXPECT_GT(hits, 500U);
    EXPECT_GT(tried.counters().evictions, 50U);
  }
}

}  // namespace
}  // namespace mpreg
