#include "node/vouch.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

constexpr Now kNow{Instant{std::chrono::hours(1)}, WallTime{std::chrono::hours(500'000)}};
constexpr Incarnation kWest{3, 7};

NodeOptions options_of(std::map<std::string, MemberStanding> members) {
  NodeOptions options;
  options.cluster = "east";
  options.memory.members = std::move(members);
  options.has_memory = options.is_memory_kept = true;
  return options;
}

// What a broker knows, without a broker.
struct VouchTest : testing::Test {
  void know(std::map<std::string, MemberStanding> members, std::vector<DialOptions> dials = {}) {
    NodeOptions options = options_of(std::move(members));
    options.dials = std::move(dials);
    node = std::make_unique<NodeState>(std::move(options), kNow, 1, nullptr, registry);
    for (const auto& [cluster, standing] : node->membership_.ledger().members()) {
      if (standing.state != MemberState::forgotten) node->members_.remember(cluster, standing);
    }
  }
  // West's cache stream has come up to there.
  StreamState& stream(Number frontier) {
    const StreamIndex index = node->stream_ids_.intern({"west", kWest, Lane::cache});
    node->streams_.resize(index + 1);
    StreamState& state = node->streams_[index];
    state.started = true;
    state.frontier = frontier;
    return state;
  }
  // Of east itself, and then of whom it speaks.
  std::map<std::string, std::uint32_t> vouches() {
    std::map<std::string, std::uint32_t> ages;
    for (const Vouch& vouch : vouches_of(*node, kNow.instant)) ages[vouch.origin] = vouch.age_ms;
    return ages;
  }
  using Ages = std::map<std::string, std::uint32_t>;

  MetricsRegistry registry;
  std::unique_ptr<NodeState> node;
};

TEST_F(VouchTest, a_member_that_is_remembered_and_was_not_met_is_not_vouched_for) {
  know({{"west", {kWest, MemberState::running}}});
  EXPECT_EQ(vouches(), (Ages{{"east", 0}, {"west", kAgeUnknown}}));
}

TEST_F(VouchTest, one_that_has_left_numbers_nothing) {
  know({{"west", {kWest, MemberState::left}}});
  EXPECT_EQ(vouches(), (Ages{{"east", 0}, {"west", 0}}));
}

// Somebody else may have let it rejoin since that one was heard from.
TEST_F(VouchTest, one_that_has_left_is_known_as_well_as_those_who_may_let_it_rejoin) {
  know({{"north", {{5, 5}, MemberState::running}}, {"west", {kWest, MemberState::left}}});
  EXPECT_EQ(vouches(), (Ages{{"east", 0}, {"north", kAgeUnknown}, {"west", kAgeUnknown}}));
}

TEST_F(VouchTest, of_one_that_has_left_everything_has_to_be_here) {
  know({{"west", {kWest, MemberState::left}}});
  StreamState& state = stream(5);
  state.final = true;
  state.final_number = 6;
  EXPECT_EQ(vouches()["west"], kAgeUnknown);
  state.frontier = 6;
  EXPECT_EQ(vouches()["west"], 0U);
}

TEST_F(VouchTest, a_forgotten_cluster_counts_until_its_streams_have_ended_here) {
  know({{"west", {kWest, MemberState::forgotten}}});
  EXPECT_EQ(vouches(), (Ages{{"east", 0}}));
  StreamState& state = stream(5);
  EXPECT_EQ(vouches(), (Ages{{"east", 0}, {"west", kAgeUnknown}}));
  state.frontier = kNumberMax;
  EXPECT_EQ(vouches(), (Ages{{"east", 0}}));
}

TEST_F(VouchTest, who_waits_to_rejoin_vouches_for_nobody) {
  know({}, {{LinkRole::hub, "tcp://10.0.0.1:7101"}});
  EXPECT_EQ(vouches(), (Ages{{"east", kAgeUnknown}, {"tcp://10.0.0.1:7101", kAgeUnknown}}));
}

}  // namespace
}  // namespace mpreg
