#pragma once
// TrafficClient: one client of a federation, whose sendings and arrivals the ledger is told of.

#include <memory>
#include <string>
#include <vector>

#include "mpreg/client.h"
#include "traffic_ledger.h"

namespace mpreg::traffic {

class TrafficClient {
 public:
  // The ledger outlives it.
  TrafficClient(TrafficLedger& ledger, std::string name)
      : ledger_(ledger), name_(std::move(name)) {}

  [[nodiscard]] Result<void> open(const std::vector<std::string>& endpoints);
  // Counted by the ledger; what was published after the next barrier must arrive.
  [[nodiscard]] Result<void> subscribe(const std::vector<std::string>& patterns);
  [[nodiscard]] Result<void> barrier(std::chrono::milliseconds timeout);
  // Ends all that subscribe() began.
  [[nodiscard]] Result<void> unsubscribe();

  // So many subscriptions of one pattern each, of which nothing is expected; replaces those before.
  [[nodiscard]] Result<void> storm(const std::string& prefix, std::size_t count);

  // Does not wait for an answer. Errors: `overloaded`; nothing was sent.
  [[nodiscard]] Result<void> send(Sort sort, const std::string& topic);

  [[nodiscard]] Client& client() { return *client_; }

 private:
  void on_message(const Message& message);

  TrafficLedger& ledger_;
  const std::string name_;
  TrafficLedger::Client number_ = 0;
  std::vector<SubscriptionId> subscriptions_;
  std::vector<SubscriptionId> storm_;
  std::unique_ptr<Client> client_;  // Its callbacks use the rest.
};

}  // namespace mpreg::traffic
