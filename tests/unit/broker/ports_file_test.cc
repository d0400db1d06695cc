#include "broker/ports_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mpreg {
namespace {

TEST(PortsFile, says_where_programs_of_this_machine_can_dial) {
  const BoundEndpoints bound{*parse_bind_endpoint("tcp://127.0.0.1:1"),
                             *parse_bind_endpoint("tcp://*:2"),
                             *parse_bind_endpoint("ipc:///run/\"x\"")};
  EXPECT_EQ(ports_json("east", bound),
            "{\"cluster_id\":\"east\",\"listen\":\"tcp://127.0.0.1:1\","
            "\"link\":\"tcp://127.0.0.1:2\",\"stream\":\"ipc:///run/\\\"x\\\"\"}\n");
}

TEST(PortsFile, replaces_the_old_one_and_leaves_nothing_beside_it) {
  const std::string folder = ::testing::TempDir() + "mpreg-ports-test";
  std::filesystem::create_directory(folder);
  const std::string path = folder + "/ports.json";
  std::ofstream(path) << "an old and much longer text";
  ASSERT_TRUE(write_ports_file(path, "new\n").has_value());
  std::ifstream file(path);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(content, "new\n");
  const auto entries = std::distance(std::filesystem::directory_iterator(folder),
                                     std::filesystem::directory_iterator());
  EXPECT_EQ(entries, 1);
  ASSERT_TRUE(remove_ports_file(path).has_value());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(remove_ports_file(path).has_value());
  std::filesystem::remove_all(folder);
}

TEST(PortsFile, what_cannot_be_written_is_named) {
  EXPECT_EQ(write_ports_file("/nonexistent/ports.json", "x").error(),
            (Error{ErrorCode::refused,
                   "--ports-file /nonexistent/ports.json: No such file or directory"}));
  // A folder in the way: the text beside it is removed again.
  const std::string folder = ::testing::TempDir() + "mpreg-ports-in-the-way";
  std::filesystem::create_directories(folder + "/inside");
  EXPECT_FALSE(write_ports_file(folder, "x"));
  EXPECT_FALSE(remove_ports_file(folder));
  EXPECT_FALSE(std::filesystem::exists(folder + ".new." + std::to_string(getpid())));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mpreg
