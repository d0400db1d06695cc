#include "node/targets.h"

#include <gtest/gtest.h>

#include "wire/body_codec.h"

namespace mpreg {
namespace {

using Texts = std::vector<std::string>;

constexpr Instant kBegun{std::chrono::hours(1)};

// East, in Europe with north; west is in America.
struct Named {
  NodeOptions own;
  Members members;
  LinkTable links;

  Named() {
    own.cluster = "east";
    own.region = "europe";
    meet("north", "europe");
    meet("west", "america");
  }
  void meet(const std::string& cluster, const std::string& region) {
    Member member;
    member.cluster = cluster;
    member.region = region;
    members.report(member, 0, kBegun);
  }
  // A link by which a cluster takes stream 0.
  Link& taken_by(const std::string& cluster) {
    Link& link = links.accept(static_cast<std::uint32_t>(100 + cluster.size()));
    Serving serving(0, kNumberMax, 1U << 20U);
    serving.filter.add(cluster);
    link.servings.insert_or_assign(0, std::move(serving));
    return link;
  }
  static LogEntry entry_for(Targets targets) {
    LogEntry entry;
    entry.targets = std::make_shared<const Targets>(std::move(targets));
    return entry;
  }
};

TEST(Targets, what_selects_members_stands_beside_them) {
  Named f;
  EXPECT_EQ(named_by({"west"}, f.own, f.members), (Texts{"west"}));
  EXPECT_EQ(named_by({"@europe"}, f.own, f.members), (Texts{"@europe", "east", "north"}));
  EXPECT_EQ(named_by({"*", "west", "west"}, f.own, f.members),
            (Texts{"*", "east", "north", "west"}));
}

TEST(Targets, of_an_entry_each_is_named_once) {
  EXPECT_EQ(all_targets(Named::entry_for({{"b", "c"}, {"a", "b"}})), (Texts{"a", "b", "c"}));
  EXPECT_TRUE(all_targets(LogEntry{}).empty());
}

TEST(Targets, a_value_goes_where_its_target_takes_the_stream) {
  Named f;
  Link& north = f.taken_by("north");
  Link& west = f.taken_by("west");
  const LogEntry entry = Named::entry_for({{"north"}});
  EXPECT_TRUE(is_for(entry, north, f.links, "east"));
  EXPECT_FALSE(is_for(entry, west, f.links, "east"));
  EXPECT_TRUE(is_for(Named::entry_for({{"*", "east"}}), west, f.links, "east"));
  EXPECT_FALSE(is_for(Named::entry_for({{"east"}}), west, f.links, "east")) << "it is here already";
}

TEST(Targets, one_that_nobody_is_known_to_take_it_for_is_sent_to_all) {
  Named f;
  Link& west = f.taken_by("west");
  EXPECT_TRUE(is_for(Named::entry_for({{"south"}}), west, f.links, "east"));
}

TEST(Targets, a_value_that_cannot_be_read_is_for_nobody) {
  Named f;
  BodyBuilder builder(Lane::bulk);
  builder.append(RecordKind::value, 0, 0, "", {}, {});
  const auto body = open_body(builder.finish(), {});
  ASSERT_TRUE(body);
  const auto targets = targets_of(*body, f.own, f.members);
  ASSERT_EQ(targets->size(), 1U);
  EXPECT_TRUE(targets->front().empty());
}

}  // namespace
}  // namespace mpreg
