#include "disk/data_directory.h"

#include <gtest/gtest.h>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

TEST(DataDirectory, a_new_one_remembers_nothing) {
  const TemporaryDirectory directory;
  const auto opened = DataDirectory::open(directory.file("a/b"), "east");
  ASSERT_TRUE(opened) << opened.error().text;
  BrokerRecord nothing;
  nothing.cluster = "east";
  EXPECT_EQ((*opened)->found(), nothing);
}

TEST(DataDirectory, what_was_saved_last_is_found_at_the_next_start) {
  const TemporaryDirectory directory;
  {
    const auto opened = DataDirectory::open(directory.path(), "east");
    ASSERT_TRUE(opened);
    ASSERT_TRUE((*opened)->save(next_start((*opened)->found(), 7)));
    ASSERT_TRUE((*opened)->save(full_record()));
  }
  const auto opened = DataDirectory::open(directory.path(), "east");
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->found(), full_record());
}

TEST(DataDirectory, a_second_broker_is_refused) {
  const TemporaryDirectory directory;
  const auto first = DataDirectory::open(directory.path(), "east");
  ASSERT_TRUE(first);
  const auto second = DataDirectory::open(directory.path(), "east");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("is in use by process"), std::string::npos);
}

// The error names the file, what is wrong with it, and what can be done; the file stays as it is.
void expect_refused(const TemporaryDirectory& directory, const std::string& bytes,
                    const std::string& what) {
  put_bytes(directory.file("incarnation"), bytes);
  const auto opened = DataDirectory::open(directory.path(), "east");
  ASSERT_FALSE(opened) << what;
  for (const std::string& part :
       {directory.file("incarnation"), what, std::string("put back a copy"),
        std::string("move the file away"), std::string("--data-dir")}) {
    EXPECT_NE(opened.error().text.find(part), std::string::npos) << opened.error().text;
  }
  EXPECT_EQ(opened.error().code, ErrorCode::refused);
  EXPECT_EQ(bytes_of(directory.file("incarnation")), bytes);
}

TEST(DataDirectory, a_damaged_or_foreign_file_is_refused_with_instructions) {
  const TemporaryDirectory directory;
  const std::string good = encode(full_record());
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_refused(directory, good.substr(0, size), "cut short");
  }
  std::string flipped = good;
  flipped[40] = static_cast<char>(flipped[40] ^ 1);
  expect_refused(directory, flipped, "checksum does not fit");
  expect_refused(directory, "counter=7\n", "was not written by mpreg");
  BrokerRecord other = full_record();
  other.cluster = "west";
  expect_refused(directory, encode(other), "belongs to cluster 'west'");
}

TEST(DataDirectory, an_unusable_place_is_refused) {
  const TemporaryDirectory directory;
  put_bytes(directory.file("file"), "");
  EXPECT_EQ(DataDirectory::open(directory.file("file"), "east").error().text,
            directory.file("file") + ": Not a directory");
}

TEST(DataDirectory, a_full_disk_is_an_error_and_leaves_what_was_there) {
  const TemporaryDirectory directory;
  const auto opened = DataDirectory::open(directory.path(), "east");
  ASSERT_TRUE(opened);
  ASSERT_TRUE((*opened)->save(full_record()));
  std::filesystem::create_symlink("/dev/full", directory.file("incarnation.new"));
  EXPECT_FALSE((*opened)->save(next_start(full_record(), 1)));
  EXPECT_EQ(decode_broker_record(bytes_of(directory.file("incarnation"))), full_record());
}

}  // namespace
}  // namespace mpreg
