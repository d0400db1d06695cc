// The ledger of a demonstration: it says clean only when everything is, and each thing that can be
// wrong makes it say so.

#include "tools/demo/ledger.h"

#include <gtest/gtest.h>

namespace mpreg::demo {
namespace {

constexpr std::size_t kEast = 0;
constexpr std::size_t kWest = 1;

// Two clusters, one invalidation from each.
class DemoLedger : public testing::Test {
 protected:
  void send_both() {
    for (const std::size_t from : {kEast, kWest}) items_.push_back(ledger_.begin(kSort, from));
  }
  void deliver(std::size_t to, std::size_t item) {
    ledger_.received(to, kSort, items_[item], stream_of(item), 1);
  }
  void deliver_everything() {
    for (const std::size_t to : {kEast, kWest}) {
      for (const std::size_t item : {kEast, kWest}) deliver(to, item);
    }
  }
  void confirm(std::size_t item, OperationStatus status = OperationStatus::done) {
    OperationResult result;
    result.status = status;
    ledger_.ended(items_[item], result);
  }
  void confirm_both() {
    confirm(kEast);
    confirm(kWest);
  }
  static StreamId stream_of(std::size_t item) {
    return {item == kEast ? "east" : "west", {1}, Lane::cache};
  }

  static constexpr Sort kSort = Sort::invalidation;
  Ledger ledger_{{"east", "west"}};
  std::vector<std::uint64_t> items_;
};

TEST_F(DemoLedger, is_clean_when_everything_arrived_once_and_is_confirmed) {
  send_both();
  deliver_everything();
  confirm_both();
  EXPECT_TRUE(ledger_.settled());
  EXPECT_TRUE(ledger_.clean());
  for (const ClusterReport& report : ledger_.clusters()) {
    EXPECT_EQ(report.sent, 1U);
    EXPECT_EQ(report.confirmed, 1U);
    EXPECT_EQ(report.received, 2U);
    EXPECT_EQ(report.repaired, 0U);
  }
}

TEST_F(DemoLedger, what_did_not_arrive_in_the_senders_own_cluster_is_missing_too) {
  send_both();
  deliver(kEast, kWest);
  deliver(kWest, kEast);
  deliver(kWest, kWest);
  confirm_both();
  EXPECT_FALSE(ledger_.settled());
  EXPECT_FALSE(ledger_.clean());
  EXPECT_EQ(ledger_.clusters()[kEast].missing, 1U);
  EXPECT_EQ(ledger_.clusters()[kWest].missing, 0U);
}

TEST_F(DemoLedger, what_came_twice_is_counted_once_as_received_and_once_as_duplicate) {
  send_both();
  deliver_everything();
  deliver(kWest, kEast);
  confirm_both();
  EXPECT_TRUE(ledger_.settled());
  EXPECT_FALSE(ledger_.clean());
  EXPECT_EQ(ledger_.clusters()[kWest].duplicates, 1U);
  EXPECT_EQ(ledger_.clusters()[kWest].received, 2U);
}

TEST_F(DemoLedger, an_operation_without_an_end_is_not_settled) {
  send_both();
  deliver_everything();
  confirm(kEast);
  EXPECT_EQ(ledger_.pending(), 1U);
  EXPECT_EQ(ledger_.pending(kWest), 1U);
  EXPECT_FALSE(ledger_.settled());
  EXPECT_FALSE(ledger_.clean());
}

TEST_F(DemoLedger, an_operation_that_ended_otherwise_is_named_and_not_clean) {
  send_both();
  deliver_everything();
  confirm(kEast);
  confirm(kWest, OperationStatus::timed_out);
  EXPECT_TRUE(ledger_.settled());
  EXPECT_FALSE(ledger_.clean());
  EXPECT_EQ(ledger_.confirmed(), 1U);
  EXPECT_EQ(ledger_.failures().size(), 1U);
}

TEST_F(DemoLedger, an_earlier_number_after_a_later_one_of_its_stream_is_disorder) {
  const std::uint64_t first = ledger_.begin(kSort, kEast);
  const std::uint64_t second = ledger_.begin(kSort, kEast);
  ledger_.received(kWest, kSort, second, stream_of(kEast), 2);
  ledger_.received(kWest, kSort, first, stream_of(kEast), 1);
  EXPECT_EQ(ledger_.clusters()[kWest].disordered, 1U);
}

TEST_F(DemoLedger, what_nobody_sent_is_unexpected) {
  send_both();
  deliver_everything();
  confirm_both();
  ledger_.received(kWest, Sort::replication, items_[0], stream_of(kEast), 2);
  ledger_.received(kWest, kSort, 99, stream_of(kEast), 3);
  ledger_.received_unknown(kWest);
  EXPECT_EQ(ledger_.clusters()[kWest].unexpected, 3U);
  EXPECT_FALSE(ledger_.clean());
}

TEST_F(DemoLedger, what_was_sent_before_the_cluster_was_connected_again_is_repaired) {
  ledger_.connected(kWest);
  send_both();
  deliver(kWest, kEast);
  ledger_.connected(kWest);
  deliver(kWest, kWest);
  EXPECT_EQ(ledger_.clusters()[kWest].repaired, 1U);
  EXPECT_EQ(ledger_.clusters()[kEast].repaired, 0U);
}

}  // namespace
}  // namespace mpreg::demo
