#include <limits>

#include "mpreg/cache_federation.h"
#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

ErrorCode error_of(const ClientOptions& options, std::string_view field) {
  const auto client = Client::connect(options);
  EXPECT_FALSE(client.has_value()) << field;
  if (client) return ErrorCode::internal;
  EXPECT_NE(client.error().text.find(field), std::string::npos) << client.error().text;
  return client.error().code;
}

TEST(ClientOptions, what_is_out_of_range_is_refused_by_name) {
  const auto expect_malformed = [](std::string_view field, auto change) {
    ClientOptions options;
    change(options);
    EXPECT_EQ(error_of(options, field), ErrorCode::malformed) << field;
  };
  expect_malformed("endpoints", [](ClientOptions& o) { o.endpoints.clear(); });
  expect_malformed("tcp://nowhere", [](ClientOptions& o) { o.endpoints = {"tcp://nowhere"}; });
  expect_malformed("name", [](ClientOptions& o) { o.name = std::string(257, 'n'); });
  expect_malformed("name", [](ClientOptions& o) { o.name = "two\nlines"; });
  expect_malformed("prefix", [](ClientOptions& o) { o.topic_prefix = "a..b"; });
  expect_malformed("connect_timeout",
                   [](ClientOptions& o) { o.connect_timeout = milliseconds(-1); });
  expect_malformed("call_timeout", [](ClientOptions& o) { o.call_timeout = milliseconds(0); });
  expect_malformed("reconnect_min", [](ClientOptions& o) { o.reconnect_min = milliseconds(0); });
  expect_malformed("reconnect_max", [](ClientOptions& o) { o.reconnect_max = milliseconds(50); });
  expect_malformed("close_timeout", [](ClientOptions& o) { o.close_timeout = milliseconds(-5); });
  expect_malformed("publish_window_bytes", [](ClientOptions& o) { o.publish_window_bytes = 1; });
  expect_malformed("receive_window_bytes",
                   [](ClientOptions& o) { o.receive_window_bytes = 2ULL << 30U; });
}

TEST(ClientOptions, nobody_there_is_timed_out_with_the_endpoint_named) {
  ClientOptions options;
  // A path, because any port may be somebody's.
  options.endpoints = {"ipc:///nowhere/nobody"};
  options.connect_timeout = milliseconds(50);
  EXPECT_EQ(error_of(options, "ipc:///nowhere/nobody"), ErrorCode::timed_out);
}

TEST(CacheFederationConfiguration, what_is_out_of_range_is_refused_by_name) {
  const auto expect_refused = [](std::string_view field, auto change) {
    CacheFederationConfiguration configuration;
    configuration.cluster_id = "east";
    EXPECT_TRUE(check_configuration(configuration));
    change(configuration);
    const auto checked = check_configuration(configuration);
    ASSERT_FALSE(checked) << field;
    EXPECT_NE(checked.error().text.find(field), std::string::npos) << checked.error().text;
  };
  using Configuration = CacheFederationConfiguration;
  expect_refused("cluster_id", [](Configuration& c) { c.cluster_id.clear(); });
  expect_refused("cluster_id", [](Configuration& c) { c.cluster_id = "a:b"; });
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN(), 86'401.0}) {
    expect_refused("invalidation_timeout_seconds",
                   [&](Configuration& c) { c.invalidation_timeout_seconds = bad; });
    expect_refused("replication_timeout_seconds",
                   [&](Configuration& c) { c.replication_timeout_seconds = bad; });
    expect_refused("coherence_check_interval_seconds",
                   [&](Configuration& c) { c.coherence_check_interval_seconds = bad; });
  }
  expect_refused("max_pending_operations", [](Configuration& c) { c.max_pending_operations = 0; });
  expect_refused("max_pending_operations", [](Configuration& c) { c.max_pending_operations = -3; });
  expect_refused("default_replication_strategy",
                 [](Configuration& c) { c.enable_async_replication = false; });
  expect_refused("default_replication_strategy", [](Configuration& c) {
    c.default_replication_strategy = ReplicationStrategy::custom;
  });
  expect_refused("prefix", [](Configuration& c) { c.topic_prefix = "#"; });
}

}  // namespace
}  // namespace mpreg
