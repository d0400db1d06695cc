#include "session/replication_order.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

constexpr std::uint64_t kWriter = 8;

struct Order : testing::Test {
  ReplicationOrder order;
  const CacheAddress key{"users", "7"};

  static ReplicationOrder::Source fact(std::uint64_t operation, HybridTime version = 100) {
    return {"west", version, {kWriter, operation}};
  }
  [[nodiscard]] CacheValue value(std::uint64_t of_fact, std::string text) const {
    CacheValue value;
    value.address = key;
    value.fact_operation = of_fact;
    value.value = std::move(text);
    return value;
  }
  static std::string text(const std::optional<ReplicationOrder::Given>& given) {
    return given ? given->value.value + "@" + std::to_string(given->source.version) : "-";
  }
};

TEST_F(Order, a_value_that_follows_its_fact_is_given_out_at_once) {
  EXPECT_EQ(text(order.on_fact(key, fact(2))), "-");
  EXPECT_EQ(text(order.on_value(value(2, "Ada"), kWriter)), "Ada@100");
  EXPECT_EQ(order.expected(), 0U);
}

TEST_F(Order, a_value_that_comes_first_waits_for_its_fact_and_has_its_version) {
  EXPECT_EQ(text(order.on_value(value(2, "Ada"), kWriter)), "-");
  EXPECT_EQ(order.held(), 1U);
  EXPECT_EQ(text(order.on_fact(key, fact(2, 101))), "Ada@101");
  EXPECT_EQ(order.held(), 0U);
  EXPECT_EQ(order.expected(), 0U);
}

TEST_F(Order, a_value_is_not_given_out_after_a_later_fact) {
  EXPECT_EQ(text(order.on_fact(key, fact(2))), "-");
  EXPECT_EQ(text(order.on_fact(key, fact(4, 200))), "-");
  EXPECT_EQ(text(order.on_value(value(2, "Ada"), kWriter)), "-");
  EXPECT_EQ(order.held(), 0U) << "its fact does not come again";
  EXPECT_EQ(text(order.on_value(value(4, "Bob"), kWriter)), "Bob@200");
}

TEST_F(Order, a_later_fact_of_another_writer_counts_as_well) {
  EXPECT_EQ(text(order.on_fact(key, fact(2))), "-");
  EXPECT_EQ(text(order.on_fact(key, {"north", 200, {9, 1}})), "-");
  EXPECT_EQ(text(order.on_value(value(2, "Ada"), kWriter)), "-");
  EXPECT_EQ(text(order.on_value(value(1, "Bob"), 9)), "Bob@200");
}

TEST_F(Order, a_value_is_not_given_out_after_an_invalidation) {
  EXPECT_EQ(text(order.on_fact(key, fact(2))), "-");
  order.forget(key);
  EXPECT_EQ(text(order.on_value(value(2, "Ada"), kWriter)), "-");
  EXPECT_EQ(text(order.on_fact(key, fact(4))), "-");
  order.forget_all("orders");
  EXPECT_EQ(text(order.on_value(value(4, "Bob"), kWriter)), "Bob@100");
  EXPECT_EQ(text(order.on_fact(key, fact(6))), "-");
  order.forget_all("users");
  EXPECT_EQ(text(order.on_value(value(6, "Cid"), kWriter)), "-");
  EXPECT_EQ(text(order.on_fact(key, fact(8))), "-");
  order.forget_all({});
  EXPECT_EQ(order.expected(), 0U);
}

TEST_F(Order, what_waits_is_bounded) {
  const std::string large(1U << 20U, 'x');
  for (std::uint64_t operation = 1; operation <= 20; ++operation) {
    (void)order.on_value(value(operation, large), kWriter);
  }
  EXPECT_EQ(order.held(), ReplicationOrder::kHeldBytesMax / large.size());
  EXPECT_EQ(text(order.on_fact(key, fact(1))), "-") << "the oldest have gone";
  EXPECT_NE(text(order.on_fact(key, fact(20))), "-");
}

}  // namespace
}  // namespace mpreg
