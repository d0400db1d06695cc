#include "disk/data_path.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Path = std::optional<std::string>;

Path path_of(const std::string& option, const std::string& cluster,
             const DataEnvironment& environment) {
  const auto path = data_path_of(option, cluster, environment);
  return path ? *path : Path("refused: " + path.error().text);
}

TEST(DataPath, the_option_comes_before_the_environment) {
  const DataEnvironment all{"/data", "/state", "/home/ann"};
  EXPECT_EQ(path_of("/x/y", "east", all), Path("/x/y"));
  EXPECT_EQ(path_of("", "east", all), Path("/data/east"));
  EXPECT_EQ(path_of("", "east", {"", "/state", "/home/ann"}), Path("/state/mpreg/east"));
  EXPECT_EQ(path_of("", "east", {"", "", "/home/ann"}), Path("/home/ann/.local/state/mpreg/east"));
  EXPECT_EQ(path_of("none", "east", all), Path());
}

TEST(DataPath, a_relative_state_home_is_ignored) {
  EXPECT_EQ(path_of("", "east", {"", "state", "/home/ann"}),
            Path("/home/ann/.local/state/mpreg/east"));
}

TEST(DataPath, without_a_place_the_ways_out_are_named) {
  const auto path = data_path_of("", "east", {});
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().code, ErrorCode::refused);
  for (const char* way : {"data-dir", "MPREG_DATA_DIR", "XDG_STATE_HOME", "HOME", "none"}) {
    EXPECT_NE(path.error().text.find(way), std::string::npos) << way;
  }
}

TEST(DataPath, every_cluster_has_a_folder_of_its_own_in_the_place) {
  EXPECT_EQ(path_of("", "a/b", {"/data", "", ""}), Path("/data/a%2Fb"));
  EXPECT_EQ(path_of("", "a%2Fb", {"/data", "", ""}), Path("/data/a%252Fb"));
}

}  // namespace
}  // namespace mpreg
