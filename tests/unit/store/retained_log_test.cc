#include "store/retained_log.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace mpreg {
namespace {

LogEntry entry_of(StreamIndex stream, Number after, Number through, std::size_t bytes = 10) {
  LogEntry entry;
  entry.stream = stream;
  entry.after = after;
  entry.through = through;
  entry.body.frame = Frame::copy_of(as_bytes(std::string(bytes, 'x')));
  return entry;
}

TEST(RetainedLog, positions_ascend_over_all_streams_and_entries_are_found_by_them) {
  RetainedLog log;
  EXPECT_EQ(log.append(entry_of(0, 0, 5)), 0U);
  EXPECT_EQ(log.append(entry_of(3, 10, 11)), 1U);
  EXPECT_EQ(log.append(entry_of(0, 5, 6)), 2U);
  EXPECT_EQ(log.end(), 3U);
  EXPECT_EQ(log.find(1)->stream, 3U);
  EXPECT_EQ(log.find(2)->through, 6U);
  EXPECT_EQ(log.find(3), nullptr);
}

TEST(RetainedLog, seeking_finds_the_first_entry_that_reaches_beyond_a_number) {
  RetainedLog log;
  log.append(entry_of(0, 0, 5));
  log.append(entry_of(1, 0, 9));
  log.append(entry_of(0, 5, 8));
  EXPECT_EQ(log.seek(0, 0), 0U);
  EXPECT_EQ(log.seek(0, 4), 0U);
  EXPECT_EQ(log.seek(0, 5), 2U);
  EXPECT_EQ(log.seek(0, 8), log.end());
  EXPECT_EQ(log.seek(1, 8), 1U);
  EXPECT_EQ(log.seek(7, 0), log.end());
}

TEST(RetainedLog, says_from_which_number_a_stream_is_held_complete) {
  RetainedLog log;
  EXPECT_EQ(log.held_after(0), std::nullopt);
  log.append(entry_of(0, 20, 25));
  log.append(entry_of(0, 25, 30));
  EXPECT_EQ(log.held_after(0), 20U);
  EXPECT_EQ(log.evict().through, 25U);
  EXPECT_EQ(log.held_after(0), 25U);
  log.evict();
  EXPECT_EQ(log.held_after(0), 30U);  // Nothing is held, and nothing is missing after 30.
  log.append(entry_of(0, 30, 31));
  EXPECT_EQ(log.held_after(0), 30U);
  EXPECT_EQ(log.held_after(1), std::nullopt);
}

TEST(RetainedLog, evicted_positions_are_gone_and_never_used_again) {
  RetainedLog log;
  log.append(entry_of(0, 0, 1));
  log.append(entry_of(0, 1, 2));
  log.evict();
  EXPECT_EQ(log.begin(), 1U);
  EXPECT_EQ(log.find(0), nullptr);
  EXPECT_EQ(log.find(1)->after, 1U);
  log.evict();
  EXPECT_EQ(log.begin(), log.end());
  EXPECT_EQ(log.append(entry_of(0, 2, 3)), 2U);
}

TEST(RetainedLog, tells_up_to_which_position_a_stream_has_lost_something) {
  RetainedLog log;
  log.append(entry_of(0, 0, 1));
  log.append(entry_of(1, 0, 1));
  log.append(entry_of(0, 1, 2));
  EXPECT_EQ(log.lost_end(0), 0U);
  log.evict();
  log.evict();
  EXPECT_EQ(log.lost_end(0), 1U);
  EXPECT_EQ(log.lost_end(1), 2U);
  EXPECT_EQ(log.lost_end(9), 0U);
  log.evict();
  EXPECT_EQ(log.lost_end(0), 3U);
}

TEST(RetainedLog, bytes_are_those_of_the_frames_it_holds) {
  RetainedLog log;
  log.append(entry_of(0, 0, 1, 1000));
  log.append(entry_of(1, 0, 1, 500));
  EXPECT_EQ(log.bytes(), 2 * sizeof(LogEntry) + 1500);
  log.evict();
  EXPECT_EQ(log.bytes(), sizeof(LogEntry) + 500);
  log.evict();
  EXPECT_EQ(log.bytes(), 0U);
}

TEST(RetainedLog, agrees_with_a_plain_list_while_entries_come_and_go) {
  std::mt19937_64 random(4);
  RetainedLog log;
  std::map<LogPosition, LogEntry> truth;
  Number heads[3] = {0, 0, 0};
  for (int i = 0; i < 3000; ++i) {
    if (!truth.empty() && random() % 5 < 2) {
      ASSERT_EQ(log.evict().through, truth.begin()->second.through);
      truth.erase(truth.begin());
    } else {
      const auto stream = static_cast<StreamIndex>(random() % 3);
      const LogEntry entry = entry_of(stream, heads[stream], heads[stream] + 1 + random() % 4, 1);
      heads[stream] = entry.through;
      truth.emplace(log.append(entry), entry);
    }
    const auto stream = static_cast<StreamIndex>(random() % 3);
    const Number number = random() % (heads[stream] + 1);
    LogPosition expected = log.end();
    for (const auto& [position, entry] : truth) {
      if (entry.stream != stream || entry.through <= number) continue;
      expected = position;
      break;
    }
    ASSERT_EQ(log.seek(stream, number), expected) << i;
  }
}

TEST(RetainedLog, tells_how_far_a_stream_had_come_at_a_position) {
  RetainedLog log;
  log.append(entry_of(0, 0, 5));
  log.append(entry_of(1, 7, 9));
  log.append(entry_of(0, 5, 8));
  EXPECT_EQ(log.come_to(0, 0), 0U);
  EXPECT_EQ(log.come_to(0, 1), 5U);
  EXPECT_EQ(log.come_to(0, 2), 5U);
  EXPECT_EQ(log.come_to(0, 3), std::nullopt);
  EXPECT_EQ(log.come_to(1, 0), 7U);
  EXPECT_EQ(log.come_to(2, 0), std::nullopt);
  log.evict();
  EXPECT_EQ(log.come_to(0, 0), 5U);
}

TEST(RetainedLogDeathTest, an_entry_that_leaves_a_hole_in_its_stream_stops_the_process) {
  RetainedLog log;
  log.append(entry_of(0, 0, 5));
  EXPECT_DEATH(log.append(entry_of(0, 6, 7)), "broken invariant");
  log.evict();
  EXPECT_DEATH(log.append(entry_of(0, 6, 7)), "broken invariant");
  log.append(entry_of(0, 5, 7));
  EXPECT_EQ(log.held_after(0), 5U);
}

}  // namespace
}  // namespace mpreg
