#include "federation/member_ledger.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace mpreg {
namespace {

using Standing = MemberLedger::Standing;
using Names = std::vector<std::string>;

constexpr MemberStanding running(std::uint64_t counter) {
  return {{counter, 1}, MemberState::running};
}
constexpr MemberStanding left(std::uint64_t counter) { return {{counter, 1}, MemberState::left}; }
constexpr MemberStanding doubted(std::uint64_t counter) {
  return {{counter, 1}, MemberState::doubted};
}
constexpr MemberStanding forgotten(std::uint64_t counter) {
  return {{counter, 1}, MemberState::forgotten};
}

LedgerStart start_of(std::map<std::string, MemberStanding> members, bool has_left,
                     bool has_targets = true) {
  return {"east", {7, 1}, std::move(members), has_left, has_targets};
}

TEST(MemberLedger, of_one_incarnation_forgotten_beats_doubted_beats_left_beats_running) {
  const std::array ascending{running(1), left(1), doubted(1), forgotten(1),
                             running(2), left(2), doubted(2), forgotten(2)};
  for (const MemberStanding& first : ascending) {
    for (const MemberStanding& second : ascending) {
      MemberLedger ledger(start_of({{"west", first}}, false));
      EXPECT_EQ(ledger.learn("west", second), second > first);
      EXPECT_EQ(ledger.members().at("west"), std::max(first, second));
    }
  }
}

TEST(MemberLedger, who_left_is_not_waited_for) {
  const MemberLedger ledger(
      start_of({{"a", running(1)}, {"b", left(1)}, {"c", forgotten(1)}, {"d", {}}}, false));
  EXPECT_EQ(ledger.awaited(), (Names{"a", "d"}));  // One that was only declared, too.
}

TEST(MemberLedger, a_crash_is_no_promise) {
  const MemberLedger ledger(start_of({{"west", running(3)}}, false));
  EXPECT_EQ(ledger.standing(), Standing::entitled);
  EXPECT_EQ(ledger.own(), running(7));
  EXPECT_FALSE(ledger.has_left());
}

TEST(MemberLedger, the_first_broker_of_a_federation_waits_for_nobody) {
  EXPECT_EQ(MemberLedger(start_of({}, false, false)).standing(), Standing::entitled);
  MemberLedger last(start_of({}, true, false));
  EXPECT_TRUE(last.try_rejoin({}));
}

TEST(MemberLedger, who_has_left_waits_for_everybody_who_runs_as_far_as_is_known) {
  MemberLedger ledger(start_of({{"a", running(1)}, {"b", left(1)}, {"c", running(1)}}, true));
  EXPECT_FALSE(ledger.may_number());
  EXPECT_EQ(ledger.own(), std::nullopt);
  EXPECT_EQ(ledger.waits_for({}), (Names{"a", "c"}));
  EXPECT_FALSE(ledger.try_rejoin({"b"}));
  EXPECT_EQ(ledger.waits_for({"a"}), Names{"c"});
  EXPECT_FALSE(ledger.try_rejoin({"a"}));
  EXPECT_TRUE(ledger.has_left());
  EXPECT_TRUE(ledger.forget("c"));
  EXPECT_EQ(ledger.waits_for({"a"}), Names{"b"});  // Whom c may have let in.
  EXPECT_TRUE(ledger.forget("b"));
  EXPECT_TRUE(ledger.try_rejoin({"a"}));
  EXPECT_EQ(ledger.own(), running(7));
  EXPECT_FALSE(ledger.has_left());
}

// Two that have left would each learn that the other one has, and each would be the last.
TEST(MemberLedger, who_has_left_relies_on_nobody_elses_promise) {
  MemberLedger ledger(start_of({{"a", running(1)}, {"b", left(1)}}, true));
  EXPECT_FALSE(ledger.learn("a", left(1)));
  EXPECT_FALSE(ledger.learn("b", left(2)));
  EXPECT_TRUE(ledger.learn("c", left(1)));  // Known from now on, and waited for.
  EXPECT_EQ(ledger.waits_for({}), (Names{"a", "c"}));
  EXPECT_FALSE(ledger.try_rejoin({"a"}));
  EXPECT_TRUE(ledger.try_rejoin({"a", "c"}));
  EXPECT_TRUE(ledger.learn("a", left(1)));
  ledger.leave();
  EXPECT_FALSE(ledger.learn("c", left(1)));
}

TEST(MemberLedger, one_without_a_memory_makes_those_who_left_doubtful) {
  MemberLedger ledger(start_of({{"a", left(1)}, {"b", running(3)}, {"c", left(2)}}, false));
  EXPECT_TRUE(ledger.learn_start("new", {1, 1}, false));  // It cannot have let in anybody.
  EXPECT_EQ(ledger.awaited(), (Names{"b", "new"}));
  EXPECT_TRUE(ledger.learn_start("b", {4, 1}, true));  // It knows whom it let in.
  EXPECT_EQ(ledger.awaited(), (Names{"b", "new"}));
  EXPECT_FALSE(ledger.learn_start("b", {4, 1}, false));
  EXPECT_TRUE(ledger.learn_start("b", {5, 1}, false));
  EXPECT_EQ(ledger.members().at("a"), doubted(1));
  EXPECT_EQ(ledger.awaited(), (Names{"a", "b", "c", "new"}));
  EXPECT_FALSE(ledger.learn("a", left(1)));    // Others do not know yet.
  EXPECT_TRUE(ledger.learn("a", running(2)));  // It is met.
  EXPECT_TRUE(ledger.learn("a", left(2)));
  EXPECT_TRUE(ledger.has_left("a"));
}

TEST(MemberLedger, forgetting_one_that_was_silent_makes_those_who_left_doubtful) {
  MemberLedger ledger(start_of({{"a", left(1)}, {"b", running(3)}, {"c", left(2)}}, false));
  EXPECT_TRUE(ledger.forget("c"));  // Its goodbye said whom it had let in.
  EXPECT_TRUE(ledger.has_left("a"));
  EXPECT_TRUE(ledger.forget("b"));
  EXPECT_EQ(ledger.members().at("a"), doubted(1));
  EXPECT_TRUE(ledger.was_forgotten("b", {3, 1}));
  EXPECT_FALSE(ledger.was_forgotten("b", {4, 0}));
}

TEST(MemberLedger, who_is_to_expect_members_that_were_declared_is_memoryless_without_targets_too) {
  const MemberLedger ledger(start_of({{"a", {}}}, false, false));
  EXPECT_EQ(ledger.standing(), Standing::memoryless);
  EXPECT_EQ(ledger.waits_for({}), Names{"a"});
}

TEST(MemberLedger, the_last_to_leave_starts_alone_and_those_who_left_together_start_together) {
  MemberLedger last(start_of({{"a", left(1)}, {"b", forgotten(1)}}, true));
  EXPECT_TRUE(last.try_rejoin({}));
}

TEST(MemberLedger, one_that_may_number_and_has_synced_it_lets_another_rejoin) {
  MemberLedger ledger(start_of({{"a", running(1)}, {"c", running(1)}}, true));
  ledger.accept_rejoin();
  EXPECT_EQ(ledger.standing(), Standing::entitled);
}

TEST(MemberLedger, who_remembers_nobody_must_meet_somebody) {
  MemberLedger ledger(start_of({}, false));
  EXPECT_EQ(ledger.standing(), Standing::memoryless);
  EXPECT_TRUE(ledger.has_left());  // Also if it crashes now, with what it will have learned.
  EXPECT_FALSE(ledger.try_rejoin({}));
  EXPECT_TRUE(ledger.learn("a", running(1)));
  EXPECT_TRUE(ledger.learn("b", running(1)));
  EXPECT_FALSE(ledger.try_rejoin({"a"}));
  EXPECT_TRUE(ledger.try_rejoin({"a", "b"}));
  EXPECT_EQ(MemberLedger(start_of({{"a", {}}}, false)).standing(), Standing::memoryless);
}

TEST(MemberLedger, alone_lasts_for_one_incarnation_unless_it_rejoins) {
  MemberLedger ledger(start_of({{"a", running(1)}}, true));
  ledger.stand_alone();
  EXPECT_EQ(ledger.standing(), Standing::alone);
  EXPECT_TRUE(ledger.may_number());
  EXPECT_EQ(ledger.own(), running(7));
  EXPECT_TRUE(ledger.has_left());
  EXPECT_TRUE(ledger.try_rejoin({"a"}));
  EXPECT_FALSE(ledger.has_left());
  // Who is entitled does not become less by the command.
  ledger.stand_alone();
  EXPECT_EQ(ledger.standing(), Standing::entitled);
}

TEST(MemberLedger, who_is_leaving_does_not_come_back) {
  MemberLedger ledger(start_of({{"a", running(1)}}, false));
  ledger.leave();
  EXPECT_EQ(ledger.own(), left(7));
  EXPECT_FALSE(ledger.may_number());
  EXPECT_FALSE(ledger.try_rejoin({"a"}));
  ledger.accept_rejoin();
  ledger.stand_alone();
  EXPECT_FALSE(ledger.may_number());
  EXPECT_TRUE(ledger.has_left());
}

TEST(MemberLedger, forgetting_is_a_state_and_the_forgotten_one_begins_anew) {
  MemberLedger ledger(start_of({{"a", running(3)}}, false));
  EXPECT_FALSE(ledger.forget("nobody"));
  EXPECT_TRUE(ledger.forget("a"));
  EXPECT_EQ(ledger.members().at("a"), forgotten(3));
  EXPECT_FALSE(ledger.learn("a", running(3)));  // From one that was down meanwhile.
  EXPECT_TRUE(ledger.learn("a", running(4)));   // It has begun anew.

  EXPECT_FALSE(ledger.learn("east", forgotten(6)));
  EXPECT_FALSE(ledger.was_forgotten());  // An earlier incarnation was.
  EXPECT_FALSE(ledger.learn("east", forgotten(7)));
  EXPECT_TRUE(ledger.was_forgotten());
  ledger.begin({8, 1});
  EXPECT_FALSE(ledger.was_forgotten());
  EXPECT_EQ(ledger.members().count("east"), 0U);
}

// Random lives of a few brokers: links come and go, brokers leave cleanly, crash, start again and
// lose their directories. What must hold whatever happens: when a broker that may number sees that
// everybody who runs, as far as it knows, is connected to it, then no member that it knows of
// numbers anything out of its reach. That is when it tells its near caches that they are coherent.
class Lives {
 public:
  explicit Lives(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < kBrokers; ++i) start(i);
    for (auto& row : linked_) row.fill(true);
    spread();
  }

  void step() {
    const std::size_t i = below(kBrokers);
    const std::size_t j = below(kBrokers);
    switch (below(6)) {
      case 0:
      case 1:
        linked_[i][j] = linked_[j][i] = !linked_[i][j];
        break;
      case 2:
        leave(i);
        break;
      case 3:
        if (below(4) == 0) ledgers_[i].reset();  // A crash.
        break;
      case 4:
        // Its directory is lost. One that is configured to join nobody begins anew then, and
        // cannot know that it had promised anything.
        if (i != 0 && below(4) == 0 && !ledgers_[i]) files_[i] = {};
        break;
      default:
        if (!ledgers_[i]) start(i);
    }
    spread();
  }

  void check() {
    for (std::size_t c = 0; c < kBrokers; ++c) {
      if (!ledgers_[c] || !ledgers_[c]->may_number()) continue;
      const std::set<std::size_t> reached = component_of(c);
      bool all = true;
      for (const std::string& name : ledgers_[c]->awaited()) {
        all = all && reached.count(index_of(name)) > 0;
      }
      if (!all) continue;
      ++coherent_;
      for (const auto& [name, standing] : ledgers_[c]->members()) {
        const std::size_t other = index_of(name);
        if (reached.count(other) > 0 || !ledgers_[other]) continue;
        EXPECT_FALSE(ledgers_[other]->may_number())
            << name_of(c) << " trusts " << name << ", which numbers out of its reach";
      }
    }
  }
  [[nodiscard]] std::size_t coherent() const { return coherent_; }
  [[nodiscard]] std::size_t rejoined() const { return rejoined_; }

 private:
  static constexpr std::size_t kBrokers = 4;
  struct File {
    std::uint64_t counter = 0;
    std::map<std::string, MemberStanding> members;
    bool has_left = false;
    bool has_memory = false;  // Of the incarnation that runs, or ran last.
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  static std::string name_of(std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }
  static std::size_t index_of(const std::string& name) {
    return static_cast<std::size_t>(name.front() - 'a');
  }

  void start(std::size_t i) {
    files_[i].has_memory = files_[i].counter > 0;
    ++files_[i].counter;
    ledgers_[i].emplace(LedgerStart{name_of(i),
                                    {files_[i].counter, ++instances_},
                                    files_[i].members,
                                    files_[i].has_left,
                                    i != 0});  // All but the first are configured to join it.
    sync(i);
  }
  void sync(std::size_t i) {
    files_[i].members = ledgers_[i]->members();
    files_[i].has_left = ledgers_[i]->has_left();
  }

  // The file first, then the word to those who are linked.
  void leave(std::size_t i) {
    if (!ledgers_[i]) return;
    ledgers_[i]->leave();
    sync(i);
    for (std::size_t other = 0; other < kBrokers; ++other) {
      if (other != i && ledgers_[other] && linked_[i][other]) merge(other, i);
    }
    ledgers_[i].reset();
  }

  bool merge(std::size_t into, std::size_t from) {
    bool is_news = false;
    const auto own = ledgers_[from]->own();
    if (own) is_news = ledgers_[into]->learn(name_of(from), *own);
    for (const auto& [name, standing] : ledgers_[from]->members()) {
      if (index_of(name) == into && standing.incarnation >= incarnation_of(into)) {
        // A lost directory: what others know of this broker is greater.
        files_[into].counter = standing.incarnation.counter + 1;
        ledgers_[into]->begin({files_[into].counter, ++instances_});
      }
      is_news = ledgers_[into]->learn(name, standing) || is_news;
    }
    if (is_news) sync(into);
    return is_news;
  }
  [[nodiscard]] Incarnation incarnation_of(std::size_t i) const {
    return {files_[i].counter, ~std::uint64_t{0}};
  }

  void rejoin(std::size_t i) {
    if (!ledgers_[i]->has_left()) return;
    std::set<std::string> welcomed_by;
    for (std::size_t other = 0; other < kBrokers; ++other) {
      if (other == i || !ledgers_[other] || !linked_[i][other]) continue;
      // It syncs this before it says so, and what it knows comes with the welcome.
      (void)ledgers_[other]->learn_start(name_of(i), {files_[i].counter, instances_},
                                         files_[i].has_memory);
      sync(other);
      (void)merge(i, other);
      welcomed_by.insert(name_of(other));
      if (!ledgers_[other]->has_left()) ledgers_[i]->accept_rejoin();
    }
    (void)ledgers_[i]->try_rejoin(welcomed_by);
    if (ledgers_[i]->has_left()) return;
    ++rejoined_;
    sync(i);
  }

  void spread() {
    for (bool is_news = true; is_news;) {
      is_news = false;
      for (std::size_t i = 0; i < kBrokers; ++i) {
        for (std::size_t j = 0; j < kBrokers; ++j) {
          if (i == j || !linked_[i][j] || !ledgers_[i] || !ledgers_[j]) continue;
          is_news = merge(i, j) || is_news;
        }
      }
      for (std::size_t i = 0; i < kBrokers; ++i) {
        if (!ledgers_[i] || !ledgers_[i]->has_left()) continue;
        rejoin(i);
        is_news = is_news || !ledgers_[i]->has_left();
      }
    }
  }

  [[nodiscard]] std::set<std::size_t> component_of(std::size_t from) const {
    std::set<std::size_t> reached{from};
    for (bool grew = true; grew;) {
      grew = false;
      for (const std::size_t i : std::set<std::size_t>(reached)) {
        for (std::size_t j = 0; j < kBrokers; ++j) {
          if (linked_[i][j] && ledgers_[j] && reached.insert(j).second) grew = true;
        }
      }
    }
    return reached;
  }

  std::mt19937_64 random_;
  std::uint64_t instances_ = 0;
  std::array<File, kBrokers> files_;
  std::array<std::optional<MemberLedger>, kBrokers> ledgers_;
  std::array<std::array<bool, kBrokers>, kBrokers> linked_{};
  std::size_t coherent_ = 0;
  std::size_t rejoined_ = 0;
};

TEST(MemberLedger, nobody_numbers_unheard_whatever_leaves_crashes_and_comes_back) {
  std::size_t coherent = 0;
  std::size_t rejoined = 0;
  for (std::uint64_t seed = 1; seed <= 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Lives lives(seed);
    for (int i = 0; i < 40; ++i) {
      lives.step();
      lives.check();
    }
    coherent += lives.coherent();
    rejoined += lives.rejoined();
  }
  EXPECT_GT(coherent, 10'000U);
  EXPECT_GT(rejoined, 3'000U);
}

}  // namespace
}  // namespace mpreg
