#include "federation/federation_books.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using Sort = FederationBooks::Sort;

TEST(FederationBooks, what_goes_to_all_counts_for_each_cluster_known_then) {
  FederationBooks books;
  books.learn("east");
  books.sent_to_all(Sort::invalidation);
  books.learn("west");
  books.sent_to_all(Sort::invalidation);
  books.sent(Sort::invalidation, {"west"});
  books.sent(Sort::replication, {"east", "west"});
  EXPECT_EQ(books.total().invalidations_sent, 3U);
  EXPECT_EQ(books.total().replications_sent, 1U);
  const auto all = books.by_cluster();
  EXPECT_EQ(all.at("east").statistics.invalidations_sent, 2U);
  EXPECT_EQ(all.at("west").statistics.invalidations_sent, 2U);
  EXPECT_EQ(all.at("east").statistics.replications_sent, 1U);
}

TEST(FederationBooks, an_operation_counts_once_and_each_target_for_itself) {
  FederationBooks books;
  books.ended(1, {"east", "west"}, {}, false);
  books.ended(1, {"east"}, {"west", "north"}, true);
  books.ended(1, {}, {"west"}, false);
  EXPECT_EQ(books.total().timeout_operations, 1U);
  EXPECT_EQ(books.total().failed_operations, 1U);
  const auto all = books.by_cluster();
  EXPECT_EQ(all.at("east").confirmed, 2U);
  EXPECT_EQ(all.at("west").timed_out, 1U);
  EXPECT_EQ(all.at("west").failed, 1U);
  EXPECT_EQ(all.at("north").timed_out, 1U);
}

TEST(FederationBooks, what_was_received_and_known_already_is_not_processed) {
  FederationBooks books;
  books.received(Sort::invalidation, "east", 10, 8);
  books.received(Sort::replication, "east", 5, 5);
  EXPECT_EQ(books.total().invalidations_received, 10U);
  EXPECT_DOUBLE_EQ(books.total().processing_efficiency(), 13.0 / 15.0);
  EXPECT_EQ(books.by_cluster().at("east").invalidations_processed, 8U);
}

TEST(FederationBooks, a_cluster_is_behind_for_as_long_as_its_oldest_number_is_out) {
  FederationBooks books;
  const Instant start{};
  EXPECT_EQ(books.behind("east", start), milliseconds(0));
  books.note_lag("east", 5, 5, start);
  EXPECT_EQ(books.behind("east", start + milliseconds(900)), milliseconds(0));
  books.note_lag("east", 5, 8, start);
  books.note_lag("east", 7, 20, start + milliseconds(500));
  EXPECT_EQ(books.behind("east", start + milliseconds(900)), milliseconds(900));
  // It has what was out then; newer numbers are out since now.
  books.note_lag("east", 8, 20, start + milliseconds(1000));
  EXPECT_EQ(books.behind("east", start + milliseconds(1100)), milliseconds(100));
  books.note_lag("east", 20, 20, start + milliseconds(1200));
  EXPECT_EQ(books.behind("east", start + milliseconds(5000)), milliseconds(0));
}

TEST(FederationBooks, a_forgotten_cluster_is_gone) {
  FederationBooks books;
  books.sent(Sort::invalidation, {"east"});
  books.forget("east");
  EXPECT_TRUE(books.by_cluster().empty());
  EXPECT_EQ(books.total().invalidations_sent, 1U);
}

}  // namespace
}  // namespace mpreg
