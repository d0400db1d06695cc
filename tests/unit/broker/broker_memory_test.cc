#include "broker/broker_memory.h"

#include <gtest/gtest.h>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

constexpr WallTime kWall{std::chrono::seconds(1'700'000'000)};

BrokerOptions options_of(const std::string& data_dir) {
  BrokerOptions options;
  options.node.cluster = "east";
  options.data_dir = data_dir;
  return options;
}

std::uint64_t counter_of(const Result<BrokerMemory>& memory) {
  return memory ? memory->record.incarnation.incarnation.counter : 0;
}

BrokerRecord on_disk(const TemporaryDirectory& directory) {
  const auto record = decode_broker_record(bytes_of(directory.file("east/incarnation")));
  return record ? *record : BrokerRecord{};
}

TEST(BrokerMemory, each_start_is_a_later_incarnation_and_is_on_the_disk_first) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  for (std::uint64_t start = 1; start <= 3; ++start) {
    const auto memory = begin_incarnation(options, {}, 100 + start, kWall);
    ASSERT_TRUE(memory) << memory.error().text;
    EXPECT_EQ(memory->record.incarnation.incarnation, (Incarnation{start, 100 + start}));
    EXPECT_EQ(on_disk(directory), memory->record);
  }
}

// However far the wall clock has gone back meanwhile.
TEST(BrokerMemory, the_clock_of_each_start_begins_above_all_of_the_one_before) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  HybridTime ceiling = 0;
  {
    const auto first = begin_incarnation(options, {}, 1, kWall);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->clock_floor, 0U);
    ceiling = first->record.clock_ceiling;
    EXPECT_GT(ceiling, hybrid_time_of(kWall));
  }
  const auto second = begin_incarnation(options, {}, 2, kWall - std::chrono::hours(1));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->clock_floor, ceiling);
  EXPECT_GT(second->record.clock_ceiling, ceiling);
}

TEST(BrokerMemory, the_directory_is_found_by_the_environment) {
  const TemporaryDirectory directory;
  EXPECT_EQ(counter_of(begin_incarnation(options_of(""), {directory.path(), "", ""}, 1, kWall)),
            1U);
  EXPECT_EQ(counter_of(begin_incarnation(options_of(directory.file("east")), {}, 2, kWall)), 2U);
}

TEST(BrokerMemory, without_a_directory_every_start_is_the_first) {
  for (int start = 0; start < 2; ++start) {
    const auto memory = begin_incarnation(options_of("none"), {"/nowhere", "", ""}, 7, kWall);
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->directory, nullptr);
    EXPECT_EQ(memory->record.incarnation.incarnation, (Incarnation{1, 7}));
  }
}

TEST(BrokerMemory, declared_members_are_remembered_and_change_nothing_of_those_that_were_met) {
  const TemporaryDirectory directory;
  const MemberStanding met{{4, 5}, MemberState::left};
  {
    const auto opened = DataDirectory::open(directory.file("east"), "east");
    ASSERT_TRUE(opened);
    BrokerRecord record = (*opened)->found();
    record.members["west"] = met;
    ASSERT_TRUE((*opened)->save(record));
  }
  BrokerOptions options = options_of(directory.file("east"));
  options.members = {"west,north", "east"};  // Its own name says nothing.
  const std::map<std::string, MemberStanding> members{{"north", {}}, {"west", met}};
  EXPECT_EQ(begin_incarnation(options, {}, 1, kWall)->record.members, members);
  EXPECT_EQ(on_disk(directory).members, members);
}

TEST(BrokerMemory, a_directory_that_is_in_use_or_cannot_be_written_is_refused) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  const auto first = begin_incarnation(options, {}, 1, kWall);
  ASSERT_TRUE(first);
  const auto second = begin_incarnation(options, {}, 2, kWall);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("is in use by process"), std::string::npos);
  EXPECT_EQ(on_disk(directory), first->record);
  std::filesystem::create_directories(directory.file("full"));
  std::filesystem::create_symlink("/dev/full", directory.file("full/incarnation.new"));
  EXPECT_EQ(begin_incarnation(options_of(directory.file("full")), {}, 1, kWall).error().text,
            directory.file("full") + "/incarnation.new: No space left on device");
}

}  // namespace
}  // namespace mpreg
