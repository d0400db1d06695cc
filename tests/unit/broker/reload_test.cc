#include "broker/reload.h"

#include <gtest/gtest.h>

#include "broker/broker_log.h"
#include "broker/option_table.h"

namespace mpreg {
namespace {

using namespace std::chrono_literals;

BrokerOptions running() {
  BrokerOptions options;
  options.node.cluster = "east";
  return options;
}

TEST(Reload, limits_times_and_the_level_of_the_log_change_and_are_named) {
  BrokerOptions wanted = running();
  wanted.node.retained_bytes_max = 128ULL << 20U;
  wanted.drain_timeout = 1s;
  wanted.log_level = LogLevel::debug;
  const auto changes = changes_between(running(), wanted);
  ASSERT_TRUE(changes) << changes.error().text;
  EXPECT_EQ(*changes,
            (std::vector<std::string>{"retained-max 64MiB -> 128MiB", "drain-timeout 5s -> 1s",
                                      "log-level info -> debug"}));
}

TEST(Reload, nothing_changes_when_one_option_cannot_and_all_such_are_named) {
  BrokerOptions wanted = running();
  wanted.node.retained_bytes_max = 128ULL << 20U;
  wanted.node.region = "emea";
  wanted.hubs = {"tcp://10.0.0.1:7101"};
  const auto changes = changes_between(running(), wanted);
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().code, ErrorCode::refused);
  EXPECT_NE(changes.error().text.find("region default -> emea"), std::string::npos);
  EXPECT_NE(changes.error().text.find("hub nothing -> tcp://10.0.0.1:7101"), std::string::npos);
  EXPECT_EQ(changes.error().text.find("retained-max"), std::string::npos);
}

TEST(Reload, options_that_contradict_each_other_are_refused) {
  BrokerOptions wanted = running();
  wanted.node.patterns_max = 10;
  const auto changes = changes_between(running(), wanted);
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().code, ErrorCode::malformed);
  EXPECT_NE(changes.error().text.find("patterns-per-session-max"), std::string::npos);
}

TEST(Reload, nothing_changed_is_no_error) {
  const auto changes = changes_between(running(), running());
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->empty());
}

TEST(BrokerLog, a_line_of_json_is_one_string_whatever_it_holds) {
  EXPECT_EQ(json_text("a \"b\"\nc"), R"("a \"b\"\nc")");
  EXPECT_EQ(json_text("\xff"), "\"\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace mpreg
