#pragma once
// Service: what an application in one cluster does: it hears what others change, and tells them
// what it has changed. The ledger is told of both.

#include <memory>
#include <string>
#include <vector>

#include "mpreg/client.h"
#include "tools/demo/ledger.h"

namespace mpreg::demo {

class Service {
 public:
  // The ledger outlives it.
  Service(Ledger& ledger, std::vector<std::string> clusters, std::size_t cluster);

  // Connects and subscribes to every invalidation and replication.
  [[nodiscard]] Result<void> start(const std::string& endpoint);

  // Sends one, tracked until every target has applied it. Does not wait.
  [[nodiscard]] Result<void> send(Sort sort);

  // Its subscription is complete at every member.
  [[nodiscard]] Result<void> barrier(std::chrono::milliseconds patience) {
    return client_->barrier(patience);
  }
  [[nodiscard]] bool connected() const {
    return client_->status().state == ConnectionState::connected;
  }
  void close() { client_.reset(); }

 private:
  void on_message(const Message& message);

  Ledger& ledger_;
  const std::size_t cluster_;
  const std::vector<std::string> others_;
  std::unique_ptr<Client> client_;
};

}  // namespace mpreg::demo
