#include "node/link_table.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

void join(Link& link, const std::string& cluster) {
  link.peer.cluster = cluster;
  link.phase = Link::Phase::joined;
  link.was_joined = true;
}

TEST(LinkTable, a_link_is_found_by_its_connection_whoever_dialled) {
  LinkTable links;
  Link& out = links.dial(LinkRole::hub, "tcp://hub:1");
  Link& in = links.accept(77);
  EXPECT_EQ(links.of({Door::link_out, 0}), &out);
  EXPECT_EQ(links.of({Door::stream_in, 0}), &out) << "its live streams come by the same link";
  EXPECT_EQ(links.of({Door::link_in, 77}), &in);
  EXPECT_EQ(links.of({Door::link_in, 0}), nullptr);
  EXPECT_TRUE(links.is_dialled_by_any());
  links.drop(in);
  EXPECT_EQ(links.of({Door::link_in, 77}), nullptr);
  EXPECT_FALSE(links.is_dialled_by_any());
}

TEST(LinkTable, a_broker_has_joined_when_all_that_it_dials_have_and_one_is_there) {
  LinkTable links;
  EXPECT_TRUE(links.is_joined()) << "one that dials nobody";
  Link& one = links.dial(LinkRole::hub, "tcp://one:1");
  Link& two = links.dial(LinkRole::hub, "tcp://two:1");
  EXPECT_FALSE(links.is_joined());
  join(one, "one");
  EXPECT_FALSE(links.is_joined());
  join(two, "two");
  EXPECT_TRUE(links.is_joined());
  EXPECT_EQ(links.joined_links(), 2U);
  two.phase = Link::Phase::down;
  EXPECT_TRUE(links.is_joined());
  one.phase = Link::Phase::down;
  EXPECT_FALSE(links.is_joined());
}

TEST(LinkTable, of_two_links_to_one_broker_the_greater_id_s_is_used) {
  LinkTable links;
  Link& ours = links.dial(LinkRole::peer, "tcp://west:1");
  Link& theirs = links.accept(5);
  join(ours, "west");
  join(theirs, "west");
  EXPECT_TRUE(links.is_standby(ours, "east"));
  EXPECT_FALSE(links.is_standby(theirs, "east"));
  theirs.is_late = true;
  EXPECT_FALSE(links.is_standby(ours, "east"));
  EXPECT_TRUE(links.is_standby(theirs, "east"));
}

TEST(LinkTable, of_two_dials_to_one_broker_the_first_is_used) {
  LinkTable links;
  Link& first = links.dial(LinkRole::peer, "tcp://west:1");
  Link& second = links.dial(LinkRole::peer, "tcp://west:2");
  join(first, "west");
  join(second, "west");
  EXPECT_FALSE(links.is_standby(first, "east"));
  EXPECT_TRUE(links.is_standby(second, "east"));
}

}  // namespace
}  // namespace mpreg
