#include "stream/incarnation.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace mpreg {
namespace {

constexpr auto kCache = static_cast<std::size_t>(Lane::cache);

IncarnationRecord record(std::uint64_t counter, std::optional<IncarnationParent> parent = {},
                         std::vector<Incarnation> unused = {}) {
  return {{counter, 100 + counter}, std::move(parent), std::move(unused)};
}

IncarnationParent ended(std::uint64_t counter, Number cache) {
  return {{counter, 100 + counter}, LaneNumbers{cache, 0, 0}};
}

SuccessionDecision decide(const IncarnationRecord& held, Number number,
                          const IncarnationRecord& met) {
  return decide_succession(held, number, Lane::cache, met);
}

TEST(Incarnation, is_ordered_by_counter_and_then_by_instance) {
  EXPECT_LT((Incarnation{1, 9}), (Incarnation{2, 1}));
  EXPECT_LT((Incarnation{2, 1}), (Incarnation{2, 9}));
  EXPECT_EQ(to_string(Incarnation{7, 0xDEADBEEF}), "7-00000000deadbeef");
}

TEST(Succession, a_record_accounts_for_its_parent_and_for_those_that_numbered_nothing) {
  const IncarnationRecord met = record(5, ended(2, 7), {{3, 103}, {4, 104}});
  EXPECT_TRUE(accounts_for(met, {5, 105}));
  EXPECT_TRUE(accounts_for(met, {4, 104}));
  EXPECT_TRUE(accounts_for(met, {2, 102}));
  EXPECT_FALSE(accounts_for(met, {1, 101}));
  EXPECT_FALSE(accounts_for(met, {4, 9}));
  EXPECT_TRUE(accounts_for(record_without_past({5, 1}), {4, 9})) << "everybody has a gap anyway";
}

TEST(Succession, nobody_continues_into_one_without_a_known_past) {
  EXPECT_EQ(decide(record(1), 0, record_without_past({2, 1})).succession, Succession::gap);
  EXPECT_EQ(decide(record(1), 5, record_without_past({2, 1})).succession, Succession::gap);
}

TEST(Succession, the_same_and_an_older_incarnation_change_nothing) {
  EXPECT_EQ(decide(record(2), 5, record(2)).succession, Succession::same);
  EXPECT_EQ(decide(record(2), 5, record(1)).succession, Succession::older);
}

TEST(Succession, the_final_number_decides) {
  const IncarnationRecord met = record(2, ended(1, 5));
  EXPECT_EQ(decide(record(1), 5, met), (SuccessionDecision{Succession::continues, {}}));
  EXPECT_EQ(decide(record(1), 3, met), (SuccessionDecision{Succession::fetch, {4, 5}}));
  // Rolled back: its directory does not know of 6.
  EXPECT_EQ(decide(record(1), 6, met), (SuccessionDecision{Succession::gap, {}}));
}

TEST(Succession, each_lane_has_a_final_number_of_its_own) {
  const IncarnationRecord met =
      record(2, IncarnationParent{record(1).incarnation, LaneNumbers{5, 0, 9}});
  EXPECT_EQ(decide_succession(record(1), 0, Lane::bulk, met).succession, Succession::continues);
  EXPECT_EQ(decide_succession(record(1), 8, Lane::events, met),
            (SuccessionDecision{Succession::fetch, {9, 9}}));
}

TEST(Succession, an_unknown_end_another_parent_and_none_are_gaps) {
  const IncarnationParent crashed{record(1).incarnation, std::nullopt};
  EXPECT_EQ(decide(record(1), 5, record(2, crashed)).succession, Succession::gap);
  EXPECT_EQ(decide(record(1), 0, record(2, crashed)).succession, Succession::gap);
  EXPECT_EQ(decide(record(1), 5, record(3, ended(2, 5))).succession, Succession::gap);
  EXPECT_EQ(decide(record(1), 5, record(2)).succession, Succession::gap);
}

TEST(Succession, one_that_assigned_no_number_is_left_out) {
  const IncarnationRecord one = record(1);
  const IncarnationRecord two = successor_of(one, {true, LaneNumbers{5, 0, 0}}, 102);
  const IncarnationRecord three = successor_of(two, {}, 103);
  EXPECT_EQ(three.parent, two.parent);
  EXPECT_EQ(three.unused, std::vector{two.incarnation});
  // Both who met it and who did not.
  EXPECT_EQ(decide(one, 5, three).succession, Succession::continues);
  EXPECT_EQ(decide(one, 4, three), (SuccessionDecision{Succession::fetch, {5, 5}}));
  EXPECT_EQ(decide(two, 0, three).succession, Succession::continues);
  // Its numbers are held here, so the directory was rolled back to before them.
  EXPECT_EQ(decide(two, 1, three).succession, Succession::gap);
}

TEST(Succession, a_crash_loop_names_the_last_ones_that_were_left_out) {
  IncarnationRecord last = successor_of(record(1), {true, LaneNumbers{5, 0, 0}}, 7);
  std::vector<IncarnationRecord> all{last};
  for (int i = 0; i < 20; ++i) all.push_back(last = successor_of(last, {}, 7));
  EXPECT_EQ(last.unused.size(), kUnusedMax);
  EXPECT_EQ(last.parent, ended(1, 5));
  EXPECT_EQ(decide(record(1), 5, last).succession, Succession::continues);
  EXPECT_EQ(decide(all[all.size() - 1 - kUnusedMax], 0, last).succession, Succession::continues);
  EXPECT_EQ(decide(all[all.size() - 2 - kUnusedMax], 0, last).succession, Succession::gap);
}

TEST(Succession, two_copies_of_a_directory_are_not_taken_for_one) {
  const IncarnationEnd end{true, LaneNumbers{5, 0, 0}};
  const IncarnationRecord a = successor_of(record(1), end, 7);
  const IncarnationRecord b = successor_of(record(1), end, 8);
  // What `a` has numbered since is not known, though nothing of it has come here.
  EXPECT_EQ(decide(a, 0, b).succession, Succession::gap);
  EXPECT_EQ(decide(a, 3, b).succession, Succession::gap);
  EXPECT_EQ(decide(b, 3, a).succession, Succession::older);
}

TEST(Succession, the_first_start_of_a_directory_has_no_parent) {
  const IncarnationRecord first = successor_of({}, {}, 9);
  EXPECT_EQ(first, (IncarnationRecord{{1, 9}, std::nullopt, {}}));
}

TEST(Succession, a_successor_counts_above_the_other_incarnation_that_was_met) {
  const IncarnationRecord next =
      successor_of(record(3), {true, LaneNumbers{2, 0, 0}}, 7, Incarnation{9, 1});
  EXPECT_EQ(next.incarnation, (Incarnation{10, 7}));
  EXPECT_EQ(next.parent, ended(3, 2));
}

// Random histories of one cluster: directories that are kept, lost, cloned and rolled back, clean
// stops and crashes; against an oracle that knows every number that was ever assigned. The oracle
// is naive: it looks at sets of numbers and knows nothing of records.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {}

  struct Directory {
    IncarnationRecord record;  // Of the last start.
    IncarnationEnd end;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void start() {
    current_ = successor_of(directory_.record, directory_.end, ++instances_);
    while (current_.incarnation.counter <= counter_floor_) {
      // A directory that went back meets somebody who knows what it has forgotten.
      current_ = successor_of(current_, {}, instances_, {counter_floor_, 0});
    }
    counter_floor_ = current_.incarnation.counter;
    lineage_[current_.incarnation] = ancestors_;
    directory_ = {current_, {}};
    records_.push_back(current_);
  }

  void number() {
    ++assigned_[current_.incarnation];
    directory_.end = {true, std::nullopt};  // Synced before the first number.
    ancestors_.insert(current_.incarnation);
  }

  void stop(bool is_clean) {
    if (is_clean && directory_.end.is_used) {
      directory_.end.final_numbers = LaneNumbers{assigned_[current_.incarnation], 0, 0};
      clean_.insert(current_.incarnation);
    }
    switch (below(8)) {
      case 0:  // Lost.
        directory_ = {};
        ancestors_ = {};
        break;
      case 1:  // Kept aside, for a clone or a restoration.
        copy_ = directory_;
        copied_ancestors_ = ancestors_;
        break;
      case 2:
        directory_ = copy_;
        ancestors_ = copied_ancestors_;
        break;
      default:
        break;
    }
  }

  [[nodiscard]] const IncarnationRecord& current() const { return current_; }
  [[nodiscard]] Number assigned(const Incarnation& incarnation) const {
    const auto found = assigned_.find(incarnation);
    return found == assigned_.end() ? 0 : found->second;
  }
  // The incarnations with numbers that the directory of this one remembers.
  [[nodiscard]] const std::set<Incarnation>& ancestors_of(const Incarnation& incarnation) const {
    return lineage_.at(incarnation);
  }
  [[nodiscard]] bool was_clean(const Incarnation& incarnation) const {
    return clean_.count(incarnation) > 0;
  }

 private:
  std::mt19937_64 random_;
  std::uint64_t instances_ = 0;
  std::uint64_t counter_floor_ = 0;
  Directory directory_;
  Directory copy_;
  std::set<Incarnation> ancestors_;
  std::set<Incarnation> copied_ancestors_;
  IncarnationRecord current_;
  std::vector<IncarnationRecord> records_;
  std::map<Incarnation, Number> assigned_;
  std::map<Incarnation, std::set<Incarnation>> lineage_;
  std::set<Incarnation> clean_;
};

struct Receiver {
  bool has_met = false;
  IncarnationRecord held;
  Number number = 0;
};

// What must hold of a decision, from the sets alone.
void judge(const History& history, const Receiver& receiver, const IncarnationRecord& met,
           const SuccessionDecision& decision) {
  const Incarnation held = receiver.held.incarnation;
  const Number held_assigned = history.assigned(held);
  // Numbers of ancestors that came after the one that is held, of which nothing is here.
  bool is_between = false;
  for (const Incarnation& ancestor : history.ancestors_of(met.incarnation)) {
    is_between = is_between || (ancestor > held && ancestor < met.incarnation);
  }
  const bool is_missing = held_assigned > receiver.number || is_between;
  switch (decision.succession) {
    case Succession::continues:
      EXPECT_FALSE(is_missing) << "a lost number is not reported";
      break;
    case Succession::fetch:
      EXPECT_FALSE(is_between);
      EXPECT_EQ(decision.missing, (NumberRange{receiver.number + 1, held_assigned}));
      break;
    case Succession::gap: {
      // A needless gap would evict everything everywhere.
      const bool is_in_line = history.ancestors_of(met.incarnation).count(held) > 0;
      EXPECT_FALSE(is_in_line && !is_between && history.was_clean(held));
      break;
    }
    case Succession::same:
    case Succession::older:
      ADD_FAILURE() << "the history only goes on";
  }
}

void run_history(std::uint64_t seed, std::map<Succession, int>& seen) {
  History history(seed);
  std::vector<Receiver> receivers(4);
  for (int life = 0; life < 12; ++life) {
    history.start();
    for (Receiver& receiver : receivers) {
      if (history.below(3) == 0) continue;  // It is apart, and does not meet this one.
      if (receiver.has_met) {
        const auto decision = decide(receiver.held, receiver.number, history.current());
        ++seen[decision.succession];
        judge(history, receiver, history.current(), decision);
      }
      receiver = {true, history.current(), 0};
    }
    const std::uint64_t count = history.below(3);
    for (std::uint64_t i = 0; i < count; ++i) history.number();
    for (Receiver& receiver : receivers) {
      if (receiver.held.incarnation != history.current().incarnation || !receiver.has_met) continue;
      receiver.number = history.below(2) == 0 ? count : history.below(count + 1);
    }
    history.stop(history.below(2) == 0);
  }
}

TEST(Succession, random_histories_agree_with_an_oracle_that_knows_every_number) {
  std::map<Succession, int> seen;
  for (std::uint64_t seed = 1; seed <= 20'000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    run_history(seed, seen);
  }
  EXPECT_GT(seen[Succession::continues], 1000);
  EXPECT_GT(seen[Succession::fetch], 1000);
  EXPECT_GT(seen[Succession::gap], 1000);
}

TEST(Succession, unused_ones_never_make_a_gap_for_who_follows) {
  // Every sequence of six lives, each of which numbers nothing, or something and stops cleanly.
  for (unsigned plan = 0; plan < 64; ++plan) {
    IncarnationRecord own = record(1);
    IncarnationRecord held = own;
    Number number = 0;
    Number assigned = 0;
    for (unsigned life = 0; life < 6; ++life) {
      const bool is_used = (plan >> life & 1U) != 0;
      assigned = is_used ? life + 1 : 0;
      if (held.incarnation == own.incarnation) number = assigned;
      LaneNumbers final_numbers{};
      final_numbers[kCache] = assigned;
      own = successor_of(own, {is_used, final_numbers}, 1000 + life);
      EXPECT_EQ(decide(held, number, own).succession, Succession::continues) << plan;
      held = own;
      number = 0;
    }
  }
}

}  // namespace
}  // namespace mpreg
