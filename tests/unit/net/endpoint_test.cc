#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

std::string error_of(const Result<Endpoint>& result) {
  return result ? "accepted " + to_string(*result) : result.error().text;
}

TEST(Endpoint, what_is_written_is_what_is_printed) {
  for (const char* text : {"tcp://127.0.0.1:7100", "tcp://*:7100", "tcp://*:0", "tcp://[::1]:7100",
                           "tcp://[fe80::1%eth0]:65535", "tcp://broker-1.example.org:1",
                           "tcp://localhost:7100", "ipc:///run/mpreg/listen", "ipc://relative"}) {
    const Result<Endpoint> endpoint = parse_bind_endpoint(text);
    ASSERT_TRUE(endpoint.has_value()) << endpoint.error().text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
}

TEST(Endpoint, what_cannot_be_bound_is_refused_and_named) {
  const std::pair<const char*, const char*> table[] = {
      {"", "endpoint '' is neither tcp://HOST:PORT nor ipc://PATH"},
      {"127.0.0.1:7100", "endpoint '127.0.0.1:7100' is neither tcp://HOST:PORT nor ipc://PATH"},
      {"udp://h:1", "endpoint 'udp://h:1' is neither tcp://HOST:PORT nor ipc://PATH"},
      {"inproc://x", "endpoint 'inproc://x' is neither tcp://HOST:PORT nor ipc://PATH"},
      {"tcp://host", "endpoint 'tcp://host' has no port: write tcp://HOST:PORT"},
      {"tcp://[::1]", "endpoint 'tcp://[::1]' has no port: write tcp://HOST:PORT"},
      {"tcp://h:", "endpoint 'tcp://h:' has no valid port: 0..65535 is allowed"},
      {"tcp://h:-1", "endpoint 'tcp://h:-1' has no valid port: 0..65535 is allowed"},
      {"tcp://h:+1", "endpoint 'tcp://h:+1' has no valid port: 0..65535 is allowed"},
      {"tcp://h:0x1b", "endpoint 'tcp://h:0x1b' has no valid port: 0..65535 is allowed"},
      {"tcp://h: 1", "endpoint 'tcp://h: 1' has no valid port: 0..65535 is allowed"},
      {"tcp://h:65536", "endpoint 'tcp://h:65536' has no valid port: 0..65535 is allowed"},
      {"tcp://h:99999999999999999999",
       "endpoint 'tcp://h:99999999999999999999' has no valid port: 0..65535 is allowed"},
      {"ipc://*", "endpoint 'ipc://*' names no socket file"},
      {"ipc://@abstract", "endpoint 'ipc://@abstract' names no socket file"},
      {"ipc://a\nb", "endpoint 'ipc://a\\x0ab' has a control character in its path"},
      {"ipc://", "endpoint 'ipc://' has a path of 0 bytes: 1..107 are allowed"},
  };
  for (const auto& [text, error] : table) {
    EXPECT_EQ(error_of(parse_bind_endpoint(text)), error);
  }
  for (const char* host :
       {"", "a b", "a/b", "::1", "[::1", "[]", "[1]", "a;b", "eth0\n", "h\x80"}) {
    const std::string text = "tcp://" + std::string(host) + ":1";
    EXPECT_NE(error_of(parse_bind_endpoint(text)).find("has no valid host"), std::string::npos)
        << text;
  }
  EXPECT_FALSE(parse_bind_endpoint("ipc:///" + std::string(107, 'x')));
  EXPECT_TRUE(parse_bind_endpoint("ipc:///" + std::string(106, 'x')));
}

TEST(Endpoint, a_wildcard_and_port_0_are_only_for_binding) {
  EXPECT_EQ(error_of(parse_dial_endpoint("tcp://*:7100")),
            "endpoint 'tcp://*:7100' names no host: * is only for binding");
  EXPECT_EQ(error_of(parse_dial_endpoint("tcp://h:0")),
            "endpoint 'tcp://h:0' has no valid port: 1..65535 is allowed");
  EXPECT_TRUE(parse_dial_endpoint("tcp://h:1"));
}

TEST(Endpoint, an_announced_wildcard_stands_for_the_host_that_was_dialled) {
  const Endpoint by_name = *parse_dial_endpoint("tcp://hub.example.org:7101");
  const Endpoint by_address = *parse_dial_endpoint("tcp://[::1]:7101");
  const Endpoint by_file = *parse_dial_endpoint("ipc:///run/hub");
  EXPECT_EQ(to_string(*dial_announced("tcp://*:7102", by_name)), "tcp://hub.example.org:7102");
  EXPECT_EQ(to_string(*dial_announced("tcp://*:7102", by_address)), "tcp://[::1]:7102");
  EXPECT_EQ(to_string(*dial_announced("tcp://*:7102", by_file)), "tcp://127.0.0.1:7102");
  EXPECT_EQ(to_string(*dial_announced("tcp://10.0.0.1:7102", by_name)), "tcp://10.0.0.1:7102");
  EXPECT_EQ(to_string(*dial_announced("ipc:///run/s", by_name)), "ipc:///run/s");
  EXPECT_FALSE(dial_announced("tcp://*:0", by_name));
  EXPECT_FALSE(dial_announced("", by_name));
}

TEST(Endpoint, local_is_what_other_machines_cannot_reach) {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://localhost:1", "tcp://[::1]:1", "ipc://x"}) {
    EXPECT_TRUE(parse_bind_endpoint(text)->is_local()) << text;
  }
  for (const char* text : {"tcp://*:1", "tcp://10.0.0.1:1", "tcp://[::]:1", "tcp://eth0:1"}) {
    EXPECT_FALSE(parse_bind_endpoint(text)->is_local()) << text;
  }
}

TEST(Endpoint, a_host_to_announce_is_a_host_and_nothing_more) {
  EXPECT_EQ(*parse_host("hub.example.org"), "hub.example.org");
  EXPECT_EQ(*parse_host("[::1]"), "[::1]");
  EXPECT_EQ(parse_host("*").error().text,
            "host '*' is not valid: a name, an IPv4 address or an IPv6 address in brackets");
  EXPECT_FALSE(parse_host("hub:7102"));
  EXPECT_FALSE(parse_host("tcp://hub"));
  EXPECT_FALSE(parse_host(""));
}

}  // namespace
}  // namespace mpreg
