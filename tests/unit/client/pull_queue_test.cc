#include "pull_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace mpreg {
namespace {

using std::chrono::seconds;

MessageQueue::Item item_of(std::string_view text) {
  Message message;
  message.payload = as_bytes(text);
  return message;
}

TEST(PullQueue, gives_what_was_pushed_in_order_and_then_the_end) {
  PullQueue queue(1 << 20, [] {});
  queue.push(item_of("a"));
  queue.push(Gap{});
  queue.close();
  queue.push(item_of("after the end"));
  EXPECT_EQ(std::get<Message>(*queue.pop(seconds(0))).text(), "a");
  EXPECT_TRUE(std::holds_alternative<Gap>(*queue.pop(seconds(0))));
  EXPECT_EQ(queue.pop(seconds(0)).error().code, ErrorCode::disconnected);
}

TEST(PullQueue, is_full_until_half_of_it_is_pulled_and_says_so_once) {
  int has_room = 0;
  PullQueue queue(4 * sizeof(MessageQueue::Item), [&] { ++has_room; });
  for (int i = 0; i < 3; ++i) queue.push(item_of(""));
  EXPECT_FALSE(queue.full());
  queue.push(item_of(""));
  EXPECT_TRUE(queue.full());
  static_cast<void>(queue.pop(seconds(0)));
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(has_room, 0);
  static_cast<void>(queue.pop(seconds(0)));
  EXPECT_FALSE(queue.full());
  static_cast<void>(queue.pop(seconds(0)));
  EXPECT_EQ(has_room, 1);
}

TEST(PullQueue, closing_wakes_who_waits) {
  PullQueue queue(1 << 20, [] {});
  std::thread closer([&] { queue.close(); });
  EXPECT_EQ(queue.pop(seconds(20)).error().code, ErrorCode::disconnected);
  closer.join();
}

}  // namespace
}  // namespace mpreg
