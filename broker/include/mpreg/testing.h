#pragma once
// mpreg::testing: brokers inside a test of an application that uses mpreg: real ones, on free ports
// of this machine, without a process. Link mpreg::testing beside mpreg::mpreg.
//
//   auto broker = mpreg::testing::EmbeddedBroker::start().value();
//   mpreg::ClientOptions options;
//   options.endpoints = {broker->endpoint()};
//   auto client = mpreg::Client::connect(options).value();

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/coherence_protocol.h"
#include "message/resolver.h"

namespace mpreg::testing {

struct EmbeddedBrokerOptions {
  std::string cluster_id = "test";
  std::string region = "default";
  // The link_endpoint() of other brokers.
  std::vector<std::string> hubs;
  std::vector<std::string> peers;
  std::vector<std::string> gateways;
  // Any other option of mpreg-broker, as in its configuration file: `payload-max = "4KiB"`.
  std::string config;
  // By namespace, beside those that the configuration names: coherence/resolvers.h.
  std::map<std::string, std::shared_ptr<const Resolver>> resolvers = {};
  // The same: coherence/protocols.h.
  std::map<std::string, std::shared_ptr<const CoherenceProtocol>> protocols = {};
};

// Threads: the broker has its own; one thread at a time may call stop(), any thread the rest.
class EmbeddedBroker {
 public:
  // Returns when clients can connect; it does not wait for other brokers. Errors: `malformed` for
  // an option, named; whatever the system refuses.
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedBroker>> start(
      EmbeddedBrokerOptions options = {});
  // Stops without a goodbye, as a crash would, unless stop() was called.
  ~EmbeddedBroker();
  EmbeddedBroker(const EmbeddedBroker&) = delete;
  EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

  [[nodiscard]] const std::string& endpoint() const;       // Of clients.
  [[nodiscard]] const std::string& link_endpoint() const;  // Of other brokers.

  // Says goodbye and hands over what it still has, at most for the drain-timeout. True: everybody
  // has got everything.
  bool stop();

  // The counter or gauge of this name now, over all its labels; 0 when there is none.
  [[nodiscard]] std::int64_t metric(std::string_view name) const;

 private:
  class Impl;
  explicit EmbeddedBroker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mpreg::testing
