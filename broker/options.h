#pragma once
// BrokerOptions: everything that can be said to a broker process. option_table.h gives each one its
// name, its range and its help; the names are the same as flags and in the configuration file.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "node/node_options.h"
#include "node/outbox.h"

namespace mpreg {

enum class LogFormat : std::uint8_t { text, json };

struct BrokerOptions {
  NodeOptions node;  // Its dials and its stream endpoint are made from what follows.

  std::string listen = "tcp://127.0.0.1:7100";
  std::string link = "tcp://127.0.0.1:7101";
  std::string stream = "tcp://127.0.0.1:7102";
  std::string advertise;          // Empty: the host that a neighbour dialled.
  std::vector<std::string> hubs;  // Link endpoints, as the two below.
  std::vector<std::string> peers;
  std::vector<std::string> gateways;
  std::vector<std::string> resolvers;  // NAMESPACE=RESOLVER; beside what node.resolvers holds.
  std::vector<std::string> protocols;  // NAMESPACE=PROTOCOL; beside what node.protocols holds.

  std::string data_dir;  // Empty: a directory of the cluster's own (disk/data_path.h); or "none".
  std::vector<std::string> members;  // Each one or more cluster ids, separated by commas.

  std::string ports_file;  // Empty: none.
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::chrono::milliseconds drain_timeout{5000};
  // Over so long the sessions of a broker that retires are sent elsewhere.
  std::chrono::milliseconds retire_time{10'000};
  // After work the loop looks for more for this long before it sleeps, while traffic is quick.
  std::chrono::microseconds spin_max{100};
};

// Every neighbour that the broker dials: hubs, then peers, then gateways.
[[nodiscard]] std::vector<DialOptions> dials_of(const BrokerOptions& options);

// node.resolvers, and what `resolvers` names. They were checked.
[[nodiscard]] std::map<std::string, std::shared_ptr<const Resolver>> resolvers_of(
    const BrokerOptions& options);
// "users=counter": its namespace and its resolver.
[[nodiscard]] Result<std::pair<std::string, std::shared_ptr<const Resolver>>> parse_resolver(
    std::string_view text);

// The same of protocols: "users=moesi".
[[nodiscard]] std::map<std::string, std::shared_ptr<const CoherenceProtocol>> protocols_of(
    const BrokerOptions& options);
[[nodiscard]] Result<std::pair<std::string, std::shared_ptr<const CoherenceProtocol>>>
parse_protocol(std::string_view text);

// Every cluster that `members` names.
[[nodiscard]] std::vector<std::string> members_of(const BrokerOptions& options);

// What is wrong with the options as a whole, one sentence each; empty when nothing is. The table
// has looked at each by itself; this looks again, for those who fill the struct in by themselves.
[[nodiscard]] std::vector<std::string> find_errors(const BrokerOptions& options);

}  // namespace mpreg
