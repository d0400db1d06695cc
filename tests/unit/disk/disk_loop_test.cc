#include "disk/disk_loop.h"

#include <gtest/gtest.h>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

using namespace std::chrono_literals;

// Waits until the loop's progress is as wanted; wake() is what tells.
class Watch {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    changed_.notify_all();
  }
  template <typename Condition>
  [[nodiscard]] bool wait_until(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, condition);
  }
  [[nodiscard]] int wakes() {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int wakes_ = 0;
};

class DiskLoopTest : public testing::Test {
 protected:
  std::unique_ptr<DiskLoop> start(std::chrono::milliseconds retry_after) {
    auto opened = DataDirectory::open(directory_.path(), "east");
    if (!opened) return nullptr;
    return std::make_unique<DiskLoop>(
        std::move(*opened), [this] { watch_.wake(); }, retry_after);
  }
  BrokerRecord numbered(std::uint64_t counter) {
    BrokerRecord record = full_record();
    record.incarnation.incarnation.counter = counter;
    return record;
  }
  std::uint64_t counter_on_disk() {
    const auto record = decode_broker_record(bytes_of(directory_.file("incarnation")));
    return record ? record->incarnation.incarnation.counter : 0;
  }

  TemporaryDirectory directory_;
  Watch watch_;
};

TEST_F(DiskLoopTest, says_when_a_record_is_on_the_disk) {
  const auto loop = start(1s);
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->progress().synced, 0U);
  const DiskTicket ticket = loop->save(numbered(1));
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().synced >= ticket; }));
  EXPECT_EQ(counter_on_disk(), 1U);
  EXPECT_EQ(loop->progress().error, std::nullopt);
}

TEST_F(DiskLoopTest, the_newest_record_stands_for_those_before_it) {
  const auto loop = start(1s);
  ASSERT_NE(loop, nullptr);
  DiskTicket last = 0;
  for (std::uint64_t i = 1; i <= 200; ++i) last = loop->save(numbered(i));
  EXPECT_EQ(last, 200U);
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().synced == last; }));
  EXPECT_EQ(counter_on_disk(), 200U);
  EXPECT_LE(watch_.wakes(), 200);
}

TEST_F(DiskLoopTest, what_was_handed_over_is_written_before_it_ends) {
  auto loop = start(1s);
  ASSERT_NE(loop, nullptr);
  loop->save(numbered(5));
  loop.reset();
  EXPECT_EQ(counter_on_disk(), 5U);
}

TEST_F(DiskLoopTest, a_refused_record_is_reported_and_tried_again) {
  const auto loop = start(1ms);
  ASSERT_NE(loop, nullptr);
  // A directory stands where the file beside is to be written.
  std::filesystem::create_directory(directory_.file("incarnation.new"));
  const DiskTicket ticket = loop->save(numbered(3));
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().error.has_value(); }));
  EXPECT_EQ(loop->progress().error->text, directory_.file("incarnation.new") + ": Is a directory");
  EXPECT_EQ(loop->progress().synced, 0U);
  std::filesystem::remove(directory_.file("incarnation.new"));
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().synced == ticket; }));
  EXPECT_EQ(loop->progress().error, std::nullopt);
  EXPECT_EQ(counter_on_disk(), 3U);
}

TEST_F(DiskLoopTest, a_newer_record_does_not_wait_for_the_next_attempt) {
  const auto loop = start(1h);
  ASSERT_NE(loop, nullptr);
  std::filesystem::create_directory(directory_.file("incarnation.new"));
  loop->save(numbered(3));
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().error.has_value(); }));
  std::filesystem::remove(directory_.file("incarnation.new"));
  const DiskTicket ticket = loop->save(numbered(4));
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().synced == ticket; }));
  EXPECT_EQ(counter_on_disk(), 4U);
}

TEST_F(DiskLoopTest, a_disk_that_refuses_does_not_keep_it_from_ending) {
  auto loop = start(1h);
  ASSERT_NE(loop, nullptr);
  std::filesystem::create_directory(directory_.file("incarnation.new"));
  loop->save(numbered(3));
  ASSERT_TRUE(watch_.wait_until([&] { return loop->progress().error.has_value(); }));
  loop.reset();
  EXPECT_EQ(watch_.wakes(), 2);  // Once, and once more at the end.
}

}  // namespace
}  // namespace mpreg
