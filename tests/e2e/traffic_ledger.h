#pragma once
// TrafficLedger: what the clients of a test have published, and what came of it at each of them. It
// knows what must arrive because it is told of each sending and of each subscription that is
// complete, not because a broker says so. Thread-safe.

#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mpreg/message.h"

namespace mpreg::traffic {

enum class Sort : std::uint8_t { event, invalidation };

class TrafficLedger {
 public:
  using Client = std::size_t;  // In the order in which they were added.
  using Item = std::uint64_t;

  Client add_client(std::string name, std::string cluster);

  // The client subscribes; from the call of expect() on, what matches must arrive.
  void subscribe(Client client, const std::vector<std::string>& patterns);
  void expect(Client client);
  // What was sent before must arrive; what is sent from now on may.
  void release(Client client);

  // Before it is sent. A sending that was refused is as if it had not been.
  Item begin(Client from, Sort sort, const std::string& topic);
  void refused(Item item);

  void received(Client client, Item item, const StreamId& stream, Number number);
  void received_unknown(Client client);
  void received_gap(Client client, const Gap& gap);

  // Totals, and an object per client: `received`, `missing` (expected and not there), `uncovered`
  // (of those: no gap notice says so), `duplicates`, `disordered`, `unexpected`, `gaps`.
  [[nodiscard]] nlohmann::json report() const;

 private:
  static constexpr Item kNever = std::numeric_limits<Item>::max();

  struct Sent {
    Client from = 0;
    Sort sort = Sort::event;
    std::string topic;
    bool is_refused = false;
    std::optional<StreamId> stream;  // As whoever got it says.
    Number number = 0;
    std::vector<std::uint8_t> arrivals;  // By client; stops at 255.
  };
  struct Subscriber {
    std::string name;
    std::string cluster;
    std::vector<std::string> patterns;
    Item expected_from = kNever;
    Item expected_until = kNever;
    std::map<StreamId, Number> last;
    std::uint64_t received = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t disordered = 0;
    std::uint64_t unexpected = 0;
    std::vector<Gap> gaps;
  };

  [[nodiscard]] static bool wants(const Subscriber& subscriber, const Sent& sent);
  [[nodiscard]] bool is_covered(const Subscriber& subscriber, const Sent& sent) const;
  [[nodiscard]] nlohmann::json report_on(Client client) const;

  mutable std::mutex mutex_;
  std::vector<Sent> items_;
  std::vector<Subscriber> clients_;
};

}  // namespace mpreg::traffic
