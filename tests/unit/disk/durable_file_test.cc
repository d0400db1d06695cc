#include "disk/durable_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

namespace fs = std::filesystem;

TEST(DurableFile, is_replaced_as_a_whole) {
  const TemporaryDirectory directory;
  EXPECT_EQ(*read_whole_file(directory.file("a"), 100), std::nullopt);
  ASSERT_TRUE(replace_file(directory.path(), "a", "a longer text"));
  ASSERT_TRUE(replace_file(directory.path(), "a", "short"));
  EXPECT_EQ(*read_whole_file(directory.file("a"), 100), "short");
  EXPECT_FALSE(fs::exists(directory.file("a.new")));
}

TEST(DurableFile, what_a_crash_left_beside_it_is_overwritten) {
  const TemporaryDirectory directory;
  put_bytes(directory.file("a"), "old");
  put_bytes(directory.file("a.new"), "half of something that is longer");
  EXPECT_EQ(*read_whole_file(directory.file("a"), 100), "old");
  ASSERT_TRUE(replace_file(directory.path(), "a", "new"));
  EXPECT_EQ(bytes_of(directory.file("a")), "new");
}

TEST(DurableFile, a_full_disk_leaves_the_old_one) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(replace_file(directory.path(), "a", "old"));
  // /dev/full answers every write as a full disk does.
  fs::create_symlink("/dev/full", directory.file("a.new"));
  const auto replaced = replace_file(directory.path(), "a", "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().text, directory.file("a.new") + ": No space left on device");
  EXPECT_EQ(bytes_of(directory.file("a")), "old");
  EXPECT_FALSE(fs::is_symlink(directory.file("a.new")));
}

TEST(DurableFile, errors_name_the_path) {
  const TemporaryDirectory directory;
  put_bytes(directory.file("file"), "");
  EXPECT_EQ(make_directories(directory.file("file")).error().text,
            directory.file("file") + ": Not a directory");
  EXPECT_FALSE(make_directories(directory.file("file/below")));
  EXPECT_FALSE(replace_file(directory.file("missing"), "a", "x"));
  put_bytes(directory.file("large"), std::string(101, 'x'));
  EXPECT_EQ(read_whole_file(directory.file("large"), 100).error().text,
            directory.file("large") + ": File too large");
}

TEST(DurableFile, directories_are_made_for_this_user_only) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(make_directories(directory.file("a/b/c")));
  ASSERT_TRUE(make_directories(directory.file("a/b/c")));
  EXPECT_EQ(fs::status(directory.file("a/b")).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(directory.file("a/b/c")).permissions(), fs::perms::owner_all);
}

TEST(DurableFile, a_directory_that_may_not_be_written_is_refused) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(make_directories(directory.file("a")).error().text,
            directory.file("a") + ": Permission denied");
  EXPECT_EQ(replace_file(directory.path(), "a", "x").error().text,
            directory.file("a.new") + ": Permission denied");
  fs::permissions(directory.path(), fs::perms::owner_all);
}

}  // namespace
}  // namespace mpreg
