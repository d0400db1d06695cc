#include "broker/config_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace mpreg {
namespace {

using Errors = std::vector<std::string>;

Errors errors_of(std::string_view text) {
  BrokerOptions options;
  return read_config(text, "b.toml", {}, options);
}

TEST(ConfigFile, every_kind_of_value_is_read) {
  BrokerOptions options;
  const Errors errors = read_config(
      "# a comment\r\ncluster-id = \"east\"\r\nretained-max = '128MiB'\nsessions-max = 20\n"
      "patterns-max = '300000'\ninvalidation-timeout = '5s'\nlog-level = 'debug'\n"
      "hub = ['tcp://a:1', 'ipc:///run/hub']\n",
      "b.toml", {}, options);
  EXPECT_EQ(errors, Errors{});
  EXPECT_EQ(options.node.cluster, "east");
  EXPECT_EQ(options.node.retained_bytes_max, 128U << 20U);
  EXPECT_EQ(options.node.sessions_max, 20U);
  EXPECT_EQ(options.node.patterns_max, 300'000U);
  EXPECT_EQ(options.node.invalidation_timeout, std::chrono::seconds(5));
  EXPECT_EQ(options.log_level, LogLevel::debug);
  EXPECT_EQ(options.hubs, (std::vector<std::string>{"tcp://a:1", "ipc:///run/hub"}));
}

TEST(ConfigFile, what_is_wrong_is_named_with_its_line) {
  EXPECT_EQ(errors_of("region = 'x'\nretaind-max = '1MiB'\n"),
            Errors{"b.toml:2: unknown key 'retaind-max' (did you mean retained-max?)"});
  EXPECT_EQ(errors_of("[node]\nregion = 'x'\n"), Errors{"b.toml:1: unknown key 'node'"});
  EXPECT_EQ(errors_of("\n\nretained-max = 64\n"),
            Errors{"b.toml:3: retained-max must be a string"});
  EXPECT_EQ(errors_of("sessions-max = 1.5"),
            Errors{"b.toml:1: sessions-max must be a whole number"});
  EXPECT_EQ(errors_of("sessions-max = -1"),
            Errors{"b.toml:1: sessions-max is '-1': write a whole number"});
  EXPECT_EQ(errors_of("sessions-max = nan"),
            Errors{"b.toml:1: sessions-max must be a whole number"});
  EXPECT_EQ(errors_of("session-timeout = '1s'"),
            Errors{"b.toml:1: session-timeout is '1s': 3s..24h is allowed"});
  EXPECT_EQ(errors_of("hub = 'tcp://a:1'"), Errors{"b.toml:1: hub must be an array of strings"});
  EXPECT_EQ(errors_of("hub = ['tcp://a:1', 7]"), Errors{"b.toml:1: hub must be a string"});
  EXPECT_EQ(errors_of("cluster-id = true"), Errors{"b.toml:1: cluster-id must be a string"});
  EXPECT_EQ(
      errors_of("listen = ''"),
      Errors{"b.toml:1: listen is '': endpoint '' is neither tcp://HOST:PORT nor ipc://PATH"});
}

TEST(ConfigFile, errors_come_in_the_order_of_the_lines) {
  EXPECT_EQ(errors_of("zeta = 1\nalpha = 2\nregion = 3\n"),
            (Errors{"b.toml:1: unknown key 'zeta'", "b.toml:2: unknown key 'alpha'",
                    "b.toml:3: region must be a string"}));
}

TEST(ConfigFile, what_is_no_toml_is_refused_with_its_line) {
  for (const char* text : {"region = 'x'\nregion = 'y'\n", "ok = 1\n= 2\n", "a = 'x'\nb = \"open",
                           "a = 1\nb = 99999999999999999999\n", "a = 1\n\x01\n"}) {
    const Errors errors = errors_of(text);
    ASSERT_EQ(errors.size(), 1U) << text;
    EXPECT_EQ(errors.front().substr(0, 9), "b.toml:2:") << errors.front();
  }
}

TEST(ConfigFile, what_a_flag_overrides_is_checked_and_not_taken) {
  BrokerOptions options;
  EXPECT_EQ(read_config("region = 'file'\nhub = ['tcp://a:1']", "f", {"region", "hub"}, options),
            Errors{});
  EXPECT_EQ(options.node.region, "default");
  EXPECT_TRUE(options.hubs.empty());
  EXPECT_EQ(read_config("region = 'a b'", "f", {"region"}, options).size(), 1U);
}

TEST(ConfigFile, what_is_no_readable_file_is_named_and_never_waited_for) {
  const std::string folder = ::testing::TempDir();
  const std::string fifo = folder + "mpreg-config-fifo";
  const std::string large = folder + "mpreg-config-large";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::ofstream(large) << std::string((1U << 20U) + 1, '#');
  BrokerOptions options;
  EXPECT_EQ(read_config_file("/nonexistent/x", {}, options),
            Errors{"config '/nonexistent/x': there is no such file"});
  EXPECT_EQ(read_config_file("/", {}, options), Errors{"config '/': is not a file"});
  EXPECT_EQ(read_config_file(fifo, {}, options), Errors{"config '" + fifo + "': is not a file"});
  EXPECT_EQ(read_config_file(large, {}, options),
            Errors{"config '" + large + "': has more than 1MiB"});
  std::remove(fifo.c_str());
  std::remove(large.c_str());
}

}  // namespace
}  // namespace mpreg
