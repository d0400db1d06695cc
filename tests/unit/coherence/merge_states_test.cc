#include "coherence/merge_states.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "coherence/resolvers.h"

namespace mpreg {
namespace {

// Three replicas that change states and exchange them at random; what each then holds.
std::vector<CounterState> random_counters(std::mt19937& random, std::int64_t& sum) {
  std::vector<CounterState> replicas(3);
  for (int i = 0; i < 60; ++i) {
    const std::size_t at = random() % replicas.size();
    if (random() % 3 == 0) {
      replicas[at].merge(replicas[random() % replicas.size()]);
    } else {
      const auto amount = static_cast<std::int64_t>(random() % 20) - 8;
      replicas[at].add(at + 1, amount);
      sum += amount;
    }
  }
  return replicas;
}

std::vector<MapState> random_maps(std::mt19937& random) {
  std::vector<MapState> replicas(3);
  for (int i = 0; i < 80; ++i) {
    const std::size_t at = random() % replicas.size();
    const std::string field(1, static_cast<char>('a' + random() % 4));
    switch (random() % 4) {
      case 0:
        replicas[at].merge(replicas[random() % replicas.size()]);
        break;
      case 1:
        replicas[at].remove(field);
        break;
      default:
        replicas[at].put(at + 1, field, std::to_string(i));
    }
    if (random() % 40 == 0)
      replicas[at] = [&] {
        MapState none;
        none.era = static_cast<HybridTime>(i);
        none.merge(replicas[at]);
        return none;
      }();
  }
  return replicas;
}

template <typename State>
State merged(State one, const State& other) {
  one.merge(other);
  return one;
}

template <typename State>
void expect_laws(const std::vector<State>& of) {
  const State& a = of[0];
  const State& b = of[1];
  const State& c = of[2];
  EXPECT_EQ(merged(a, b), merged(b, a));
  EXPECT_EQ(merged(merged(a, b), c), merged(a, merged(b, c)));
  EXPECT_EQ(merged(a, a), a);
  EXPECT_EQ(merged(merged(a, b), b), merged(a, b));
}

TEST(MergeStates, counters_merge_in_any_order_as_often_as_they_come) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::int64_t sum = 0;
    const auto replicas = random_counters(random, sum);
    expect_laws(replicas);
    EXPECT_EQ(merged(merged(replicas[0], replicas[1]), replicas[2]).value(), sum);
    EXPECT_EQ(decode_counter(encode(replicas[0])), replicas[0]);
  }
}

TEST(MergeStates, maps_merge_in_any_order_as_often_as_they_come) {
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    const auto replicas = random_maps(random);
    expect_laws(replicas);
    EXPECT_EQ(decode_map(MergeKind::map, encode(MergeKind::map, replicas[1])), replicas[1]);
  }
}

TEST(MergeStates, what_is_removed_goes_and_what_is_put_meanwhile_stays) {
  MapState east;
  east.put(1, "milk", {});
  east.put(1, "bread", {});
  MapState west = merged(MapState(), east);
  west.remove("milk");
  east.put(1, "milk", {});  // At the same time.
  west.remove("bread");
  east.merge(west);
  EXPECT_TRUE(east.get("milk"));
  EXPECT_FALSE(east.get("bread"));
  EXPECT_EQ(merged(west, east), east);
}

TEST(MergeStates, a_later_era_wins_over_all_that_had_not_seen_it) {
  CounterState old;
  old.add(1, 5);
  CounterState erased;
  erased.era = 7;
  EXPECT_EQ(merged(old, erased).value(), 0);
  erased.add(1, 2);
  EXPECT_EQ(merged(erased, old).value(), 2);
}

TEST(MergeStates, bytes_that_are_no_state_are_refused_whole) {
  MapState map;
  map.put(3, "a", "b");
  const std::string bytes = encode(MergeKind::map, map);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_map(MergeKind::map, bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_map(MergeKind::set, bytes));
  EXPECT_FALSE(decode_map(MergeKind::map, bytes + "x"));
  EXPECT_FALSE(decode_counter("anything else"));
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = bytes;
    broken[random() % broken.size()] = static_cast<char>(random());
    if (const auto state = decode_map(MergeKind::map, broken)) {
      EXPECT_EQ(encode(MergeKind::map, *state), broken);  // What is read is canonical.
    }
  }
}

TEST(MergeStates, people_read_them_as_text) {
  CounterState counter;
  counter.add(1, 45);
  counter.add(2, -3);
  EXPECT_EQ(text_of_state(encode(counter)), "42");
  MapState map;
  map.put(1, "x", "1");
  map.put(1, "y", "2");
  EXPECT_EQ(text_of_state(encode(MergeKind::map, map)), "x=1, y=2");
  EXPECT_EQ(text_of_state(encode(MergeKind::set, map)), "x, y");
  EXPECT_EQ(text_of_state("plain"), std::nullopt);
}

TEST(Resolvers, are_made_by_name_and_say_what_is_wrong) {
  const auto text = [](std::string_view name) {
    const auto made = make_resolver(name);
    return made ? std::string("made") : made.error().text;
  };
  for (const char* name :
       {"last_writer_wins", "counter", "set", "map", "register", "prefer_cluster:east=3,west=1"}) {
    EXPECT_EQ(text(name), "made") << name;
    EXPECT_EQ((*make_resolver(name))->name(), name) << "brokers compare them by this";
  }
  EXPECT_EQ((*make_resolver("prefer_cluster:west=1,east=3"))->name(),
            "prefer_cluster:east=3,west=1")
      << "the order in which they are given makes no difference";
  EXPECT_EQ(text("prefer_cluster:east"),
            "prefer_cluster has 'east', CLUSTER=WEIGHT is wanted, each cluster once");
  EXPECT_EQ(text("prefer_cluster:"), "prefer_cluster names no cluster");
  EXPECT_EQ(text("best").substr(0, 28), "resolver 'best' is not known");
}

TEST(Resolvers, choose_by_weight_then_by_time_then_by_name) {
  const std::vector<Sibling> siblings{
      {"east", 5, false, "e"}, {"north", 9, false, "n"}, {"west", 9, false, "w"}};
  EXPECT_EQ(last_writer_wins()->resolve(siblings), "w");
  EXPECT_EQ(prefer_cluster({{"east", 1}})->resolve(siblings), "e");
  EXPECT_EQ(prefer_cluster({{"other", 1}})->resolve(siblings), "w");
  const auto erased = std::vector<Sibling>{{"east", 5, true, {}}};
  EXPECT_EQ(last_writer_wins()->resolve(erased), std::nullopt);
}

}  // namespace
}  // namespace mpreg
