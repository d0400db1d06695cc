#include "broker/option_table.h"

#include <gtest/gtest.h>

#include <set>

#include "broker/config_file.h"
#include "broker/units.h"

namespace mpreg {
namespace {

std::string error_of(std::string_view name, std::string_view value) {
  const OptionSpec* spec = find_option(name);
  if (spec == nullptr) return "no option " + std::string(name);
  BrokerOptions options;
  const Result<void> set = set_option(*spec, value, options);
  return set ? "accepted" : set.error().text;
}

TEST(OptionTable, refusals_name_the_option_the_value_and_what_is_allowed) {
  const struct {
    const char* name;
    const char* value;
    const char* error;
  } table[] = {
      {"retained-max", "1B", "retained-max is '1B': 1MiB..64GiB is allowed"},
      {"retained-max", "65GiB", "retained-max is '65GiB': 1MiB..64GiB is allowed"},
      {"retained-max", "64", "retained-max is '64': write a whole number and B, KiB, MiB or GiB"},
      {"payload-max", "10 mb",
       "payload-max is '10 mb': write a whole number and B, KiB, MiB or GiB"},
      {"sessions-max", "0", "sessions-max is '0': 1..1000000 is allowed"},
      {"sessions-max", "4294967297", "sessions-max is '4294967297': 1..1000000 is allowed"},
      {"sessions-max", "many", "sessions-max is 'many': write a whole number"},
      {"pending-operations-max", "0", "pending-operations-max is '0': 1..1000000 is allowed"},
      {"invalidation-timeout", "0s", "invalidation-timeout is '0s': 10ms..24h is allowed"},
      {"invalidation-timeout", "nan",
       "invalidation-timeout is 'nan': write a whole number and us, ms, s, min or h"},
      {"invalidation-timeout", "10500us",
       "invalidation-timeout is '10500us': a whole number of milliseconds is allowed"},
      {"session-timeout", "1s", "session-timeout is '1s': 3s..24h is allowed"},
      {"spin-max", "11ms", "spin-max is '11ms': 0s..10ms is allowed"},
      {"log-level", "loud", "log-level is 'loud': debug, info, warning or error is allowed"},
      {"listen", "7100",
       "listen is '7100': endpoint '7100' is neither tcp://HOST:PORT nor ipc://PATH"},
      {"hub", "tcp://*:7101",
       "hub is 'tcp://*:7101': endpoint 'tcp://*:7101' names no host: * is only for binding"},
      {"advertise", "hub:7102",
       "advertise is 'hub:7102': host 'hub:7102' is not valid: a name, an IPv4 address or an IPv6 "
       "address in brackets"},
  };
  for (const auto& row : table) EXPECT_EQ(error_of(row.name, row.value), row.error);
}

TEST(OptionTable, a_cluster_or_region_is_one_clean_word) {
  for (const char* name : {"cluster-id", "region"}) {
    for (const std::string& value : {std::string("east"), std::string("eu-west_1"),
                                     std::string("\xc3\xbc"), std::string(64, 'x')}) {
      EXPECT_EQ(error_of(name, value), "accepted") << value;
    }
    for (const std::string& value :
         {std::string(), std::string("a:b"), std::string("a.b"), std::string("*"), std::string("#"),
          std::string("a*"), std::string("a b"), std::string("a\nb"), std::string("a\x7f"),
          std::string("{a}"), std::string("a\0b", 3), std::string("\xff"), std::string(65, 'x')}) {
      EXPECT_NE(error_of(name, value).find("1..64 bytes"), std::string::npos) << value;
    }
  }
}

TEST(OptionTable, members_are_names_of_clusters_between_commas) {
  EXPECT_EQ(error_of("members", "east"), "accepted");
  EXPECT_EQ(error_of("members", "east,west"), "accepted");
  for (const char* value : {"", "east,", ",east", "east, west", "east,a:b", "east;west.1"}) {
    EXPECT_NE(error_of("members", value).find("1..64 bytes"), std::string::npos) << value;
  }
  BrokerOptions options;
  ASSERT_TRUE(set_option(*find_option("members"), "east,west", options));
  ASSERT_TRUE(set_option(*find_option("members"), "north", options));
  EXPECT_EQ(members_of(options), (std::vector<std::string>{"east", "west", "north"}));
}

TEST(OptionTable, every_range_holds_its_ends_and_its_default_and_no_more) {
  for (const OptionSpec& spec : option_table()) {
    const std::string range = range_of(spec);
    if (range.empty()) continue;
    const std::size_t dots = range.find("..");
    const std::string low = range.substr(0, dots);
    const std::string high = range.substr(dots + 2);
    EXPECT_EQ(error_of(spec.name, low), "accepted") << spec.name;
    EXPECT_EQ(error_of(spec.name, high), "accepted") << spec.name;
    EXPECT_EQ(error_of(spec.name, values_of(spec, BrokerOptions{}).front()), "accepted")
        << spec.name;
    std::string above;
    std::string below;
    if (const auto size = parse_size(high)) {
      above = format_size(*size + 1);
      below = format_size(*parse_size(low) - 1);
    } else if (const auto time = parse_duration(high)) {
      above = format_duration(*time + std::chrono::milliseconds(1));
      below = *parse_duration(low) == std::chrono::microseconds(0)
                  ? "-1s"
                  : format_duration(*parse_duration(low) - std::chrono::milliseconds(1));
    } else {
      above = std::to_string(*parse_count(high) + 1);
      below = low == "0" ? "-1" : std::to_string(*parse_count(low) - 1);
    }
    EXPECT_NE(error_of(spec.name, above).find(std::string(spec.name) + " is '" + above + "': "),
              std::string::npos)
        << spec.name;
    EXPECT_NE(error_of(spec.name, below), "accepted") << spec.name;
  }
}

TEST(OptionTable, names_are_unique_and_groups_stand_together) {
  std::set<std::string_view> names;
  std::set<std::string_view> closed_groups;
  std::string_view group;
  for (const OptionSpec& spec : option_table()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    if (spec.group != group) {
      EXPECT_TRUE(closed_groups.insert(group).second) << spec.group;
      group = spec.group;
    }
    EXPECT_EQ(find_option(spec.name), &spec);
  }
  EXPECT_EQ(find_option("retained"), nullptr);
}

TEST(OptionTable, near_misses_are_suggested) {
  EXPECT_EQ(suggestion_for("retaind-max", "--"), " (did you mean --retained-max?)");
  EXPECT_EQ(suggestion_for("listne", ""), " (did you mean listen?)");
  EXPECT_EQ(suggestion_for("completely-else", "--"), "");
  EXPECT_EQ(suggestion_for(std::string(1'000'000, 'x'), "--"), "");
}

TEST(OptionTable, what_is_printed_as_toml_sets_the_same_options) {
  BrokerOptions options;
  int number = 0;
  for (const OptionSpec& spec : option_table()) {
    std::string value = "word" + std::to_string(++number);
    if (!range_of(spec).empty()) value = range_of(spec).substr(0, range_of(spec).find(".."));
    if (spec.placeholder == "EP") value = "tcp://host" + std::to_string(number) + ":7";
    if (spec.placeholder == "LEVEL") value = "error";
    if (spec.name == "resolver") value = "users=counter";
    if (spec.name == "protocol") value = "users=moesi";
    if (spec.name == "claim-quorum") value = "2";
    if (spec.placeholder == "FORMAT") value = "json";
    if (spec.placeholder == "FILE") value = "a \"quoted\" \\ name";
    ASSERT_TRUE(set_option(spec, value, options).has_value()) << spec.name << " " << value;
    if (spec.is_list()) {
      std::string second = "ipc://second";
      if (spec.name == "resolver") second = "pages=prefer_cluster:east=2";
      if (spec.name == "protocol") second = "pages=eventual";
      if (spec.name == "members") second = "east,west";
      ASSERT_TRUE(set_option(spec, second, options).has_value()) << spec.name;
    }
  }
  const std::string toml = to_toml(options);
  BrokerOptions again;
  EXPECT_EQ(read_config(toml, "file", {}, again), std::vector<std::string>{});
  EXPECT_EQ(to_toml(again), toml);
  for (const OptionSpec& spec : option_table()) {
    EXPECT_EQ(values_of(spec, again), values_of(spec, options)) << spec.name;
    EXPECT_NE(values_of(spec, again), values_of(spec, BrokerOptions{})) << spec.name;
  }
}

TEST(OptionTable, what_does_not_fit_together_is_refused) {
  BrokerOptions options;
  EXPECT_EQ(find_errors(options), std::vector<std::string>{"cluster-id is required"});
  options.node.cluster = "@eu";
  EXPECT_EQ(find_errors(options),
            std::vector<std::string>{
                "cluster-id is '@eu': * and what begins with @ select clusters, and name none"});
  options.node.cluster = "east";
  EXPECT_TRUE(find_errors(options).empty());
  options.node.payload_bytes_max = 5U << 20U;
  EXPECT_EQ(
      find_errors(options),
      std::vector<std::string>{"publish-window is 4MiB: a message may have payload-max, 5MiB, "
                               "and must fit"});
  options.node.payload_bytes_max = 1U << 20U;
  options.node.patterns_max = 10;
  EXPECT_EQ(find_errors(options),
            std::vector<std::string>{"patterns-per-session-max is 200000: all sessions together "
                                     "may have patterns-max, 10"});
  options.node.patterns_max = 2'000'000;
  options.node.sessions_max = 0;
  options.listen = "nowhere";
  EXPECT_EQ(find_errors(options),
            (std::vector<std::string>{
                "listen is 'nowhere': endpoint 'nowhere' is neither tcp://HOST:PORT nor ipc://PATH",
                "sessions-max is '0': 1..1000000 is allowed"}));
}

}  // namespace
}  // namespace mpreg
