#include "federation/interest_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "topic/match.h"

namespace mpreg {
namespace {

using Texts = std::vector<std::string>;

TEST(InterestSet, tells_what_it_holds_and_takes_back_what_it_holds_no_longer) {
  InterestSet set;
  EXPECT_FALSE(set.is_changed());
  set.add("user.1");
  set.add("user.1");
  EXPECT_EQ(set.told_since("user.1"), InterestSet::kNotTold);
  InterestSet::Change change = set.take_change(7);
  EXPECT_EQ(change.added, (Texts{"user.1"}));
  EXPECT_TRUE(change.removed.empty());
  EXPECT_FALSE(change.is_all);
  EXPECT_EQ(set.told_since("user.1"), 7U);
  set.remove("user.1");
  EXPECT_FALSE(set.is_changed()) << "it is used once more";
  set.remove("user.1");
  change = set.take_change(8);
  EXPECT_EQ(change.removed, (Texts{"user.1"}));
  EXPECT_EQ(set.told_size(), 0U);
  EXPECT_EQ(set.told_since("user.1"), InterestSet::kNotTold);
}

TEST(InterestSet, what_comes_and_goes_between_two_tellings_is_not_told) {
  InterestSet set;
  set.add("a");
  set.remove("a");
  EXPECT_FALSE(set.is_changed());
}

TEST(InterestSet, a_pattern_that_another_covers_is_not_told) {
  InterestSet set;
  set.add("user.*");
  (void)set.take_change(1);
  set.add("user.1");
  EXPECT_FALSE(set.is_changed());
  EXPECT_EQ(set.told_since("user.1"), 1U) << "since its cover is";
  set.remove("user.*");
  const InterestSet::Change change = set.take_change(2);
  EXPECT_EQ(change.added, (Texts{"user.1"}));
  EXPECT_EQ(change.removed, (Texts{"user.*"}));
  EXPECT_EQ(set.told_since("user.1"), 2U);
}

TEST(InterestSet, a_wider_pattern_replaces_those_that_it_covers) {
  InterestSet set;
  for (const char* pattern : {"user.1", "user.2", "user.*.name", "order.1"}) set.add(pattern);
  (void)set.take_change(1);
  set.add("user.#");
  const InterestSet::Change change = set.take_change(2);
  EXPECT_EQ(change.added, (Texts{"user.#"}));
  EXPECT_EQ(change.removed, (Texts{"user.*.name", "user.1", "user.2"}));
  EXPECT_EQ(set.told(), (Texts{"order.1", "user.#"}));
}

TEST(InterestSet, no_wildcard_stands_for_the_brokers_own_names) {
  InterestSet set;
  set.add("#");
  set.add("$mpreg.trace.1");
  EXPECT_EQ(set.told(), (Texts{"#", "$mpreg.trace.1"}));
}

TEST(InterestSet, beyond_its_limit_it_tells_first_words) {
  InterestSet set;
  for (std::size_t i = 0; i < InterestSet::kPatternsMax; ++i) {
    set.add("user." + std::to_string(i));
  }
  EXPECT_FALSE(set.is_widened());
  EXPECT_EQ(set.told_size(), InterestSet::kPatternsMax);
  (void)set.take_change(1);
  set.add("order.1");
  EXPECT_TRUE(set.is_widened());
  const InterestSet::Change change = set.take_change(2);
  EXPECT_TRUE(change.is_all);
  EXPECT_EQ(change.added, (Texts{"order.#", "user.#"}));
  EXPECT_EQ(set.told_since("user.17"), 2U);
  set.remove("order.1");
  EXPECT_EQ(set.take_change(3).added, (Texts{"user.#"}));
}

TEST(InterestSet, widened_it_tells_everything_for_a_pattern_that_begins_with_a_wildcard) {
  InterestSet set;
  for (std::size_t i = 0; i <= InterestSet::kPatternsMax; ++i) {
    set.add("user." + std::to_string(i));
  }
  set.add("*.created");
  set.add("$mpreg.trace.1");
  EXPECT_EQ(set.told(), (Texts{"#", "$mpreg.#"}));
  EXPECT_EQ(set.told_size(), 1U);
}

TEST(InterestSet, more_first_words_than_it_may_tell_are_everything) {
  InterestSet set;
  for (std::size_t i = 0; i <= InterestSet::kPatternsMax; ++i) set.add("w" + std::to_string(i));
  EXPECT_EQ(set.told(), (Texts{"#"}));
}

TEST(InterestSet, wants_to_be_built_again_when_few_are_left) {
  InterestSet set;
  for (std::size_t i = 0; i <= InterestSet::kPatternsMax; ++i) {
    set.add("user." + std::to_string(i));
  }
  std::size_t left = InterestSet::kPatternsMax + 1;
  while (left >= InterestSet::kNarrowBelow) {
    EXPECT_FALSE(set.wants_rebuild());
    set.remove("user." + std::to_string(--left));
  }
  EXPECT_TRUE(set.wants_rebuild());
  set.clear();
  for (std::size_t i = 0; i < left; ++i) set.add("user." + std::to_string(i));
  EXPECT_FALSE(set.is_widened());
  const InterestSet::Change change = set.take_change(9);
  EXPECT_TRUE(change.is_all);
  EXPECT_EQ(change.added.size(), left);
}

// What the receivers know, against what is held.
class Mirror {
 public:
  void take(InterestSet& set, Generation generation) {
    const InterestSet::Change change = set.take_change(generation);
    if (change.is_all) known_.clear();
    for (const std::string& text : change.removed) EXPECT_EQ(known_.erase(text), 1U) << text;
    for (const std::string& text : change.added) EXPECT_TRUE(known_.insert(text).second) << text;
    history_[generation] = known_;
  }
  [[nodiscard]] bool covers(std::string_view pattern) const { return covers(known_, pattern); }
  [[nodiscard]] bool has_covered_since(std::string_view pattern, Generation generation) const {
    for (auto it = history_.lower_bound(generation); it != history_.end(); ++it) {
      if (!covers(it->second, pattern)) return false;
    }
    return history_.count(generation) > 0;
  }
  [[nodiscard]] Texts known() const { return {known_.begin(), known_.end()}; }

 private:
  [[nodiscard]] static bool covers(const std::set<std::string>& known, std::string_view pattern) {
    for (const std::string& one : known) {
      if (covers_for_clients(one, pattern)) return true;
    }
    return false;
  }
  std::set<std::string> known_;
  std::map<Generation, std::set<std::string>> history_;
};

TEST(InterestSet, always_covers_what_is_held_by_as_few_as_do) {
  std::mt19937 random(4711);
  const char* words[] = {"a", "b", "*", "#", "$x"};
  const auto draw = [&] {
    std::string pattern = words[random() % 5];
    for (std::size_t more = random() % 3; more > 0; --more) {
      pattern += "." + std::string(words[random() % 4]);
    }
    return pattern;
  };
  for (int round = 0; round < 20; ++round) {
    InterestSet set;
    Mirror mirror;
    std::multiset<std::string> held;
    for (Generation generation = 1; generation < 100; ++generation) {
      for (std::size_t changes = random() % 4; changes > 0; --changes) {
        if (held.empty() || random() % 5 < 3) {
          set.add(*held.insert(draw()));
        } else {
          const auto gone = std::next(held.begin(), random() % held.size());
          set.remove(*gone);
          held.erase(gone);
        }
      }
      mirror.take(set, generation);
      ASSERT_EQ(mirror.known(), set.told());
      for (const std::string& pattern : held) {
        ASSERT_TRUE(mirror.covers(pattern)) << pattern;
        ASSERT_TRUE(mirror.has_covered_since(pattern, set.told_since(pattern))) << pattern;
      }
      const Texts told = set.told();
      for (const std::string& one : told) {
        ASSERT_EQ(held.count(one) > 0, true) << one << " is told and not held";
        for (const std::string& other : told) {
          // Two that mean the same cover each other, and one of them is enough.
          ASSERT_FALSE(one != other && covers_for_clients(one, other))
              << one << " covers " << other;
        }
      }
    }
  }
}

}  // namespace
}  // namespace mpreg
