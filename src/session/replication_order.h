#pragma once
// ReplicationOrder: brings what is told of replications into an order that a cache can follow. The
// fact of a write comes in the cache lane and its value in the bulk lane, so the value may come
// first. Given out is the fact, and then its value, unless something else was told about the key in
// between: then the value is older than that, and is dropped. Without I/O; bounded: what does not
// fit costs its receiver a miss.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "message/cache_messages.h"
#include "message/pubsub_messages.h"

namespace mpreg {

class ReplicationOrder {
 public:
  static constexpr std::size_t kExpectedMax = 100'000;     // Keys.
  static constexpr std::size_t kHeldBytesMax = 8U << 20U;  // Values whose facts have not come.

  // Who wrote, and when in the order of all writes: as of the fact.
  struct Source {
    std::string origin;
    HybridTime version = 0;
    OperationId fact;
  };
  struct Given {
    CacheValue value;
    Source source;
  };

  // A fact whose value is for this cluster; to be given out before the value that is returned,
  // which had come before it.
  [[nodiscard]] std::optional<Given> on_fact(const CacheAddress& address, Source source);
  // A value of this client. Nothing: it waits for its fact, or is older than what was told since.
  [[nodiscard]] std::optional<Given> on_value(CacheValue value, std::uint64_t client);
  // Whatever is on its way to the key is older than something that was told about it.
  void forget(const CacheAddress& address) { expected_.erase(key_of(address)); }
  // The same of a namespace; of all when it is empty.
  void forget_all(const std::string& namespace_name);

  [[nodiscard]] std::size_t expected() const { return expected_.size(); }
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::uint32_t>;
  using FactId = std::pair<std::uint64_t, std::uint64_t>;  // Client and operation.

  [[nodiscard]] static Key key_of(const CacheAddress& address);
  void hold(const FactId& fact, CacheValue value);

  std::map<Key, Source> expected_;  // The last fact of each key whose value has not come.
  std::map<FactId, CacheValue> held_;
  std::deque<FactId> oldest_held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace mpreg
