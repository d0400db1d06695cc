#pragma once
// StoreCheck: what the store of one broker may hold. Messages are known in the order in which they
// were published, which is the order of the source of the data: a store holds no value of a key of
// which this broker has applied something that was published later, whatever clocks, brokers and
// numbers say; and no value that was not published under its key. Writes that two brokers numbered,
// or one of them refused, are no exceptions.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "message/cache_messages.h"
#include "truth.h"

namespace mpreg::sim {

// The values that stores may have, each unlike any other, with their keys and facts.
struct PublishedValue {
  CacheAddress address;
  MessageIndex fact = kNoMessage;
  bool is_loaded = false;  // Somebody read it from the source: reads of near caches judge it.
};
using PublishedValues = std::map<std::string, PublishedValue, std::less<>>;

class StoreCheck {
 public:
  StoreCheck(std::string cluster, const Truth& truth, Verdict& verdict)
      : cluster_(std::move(cluster)), truth_(truth), verdict_(verdict) {}

  // The broker has applied this fact of a cluster.
  void on_invalidation(const CacheInvalidation& fact, const std::string& origin,
                       MessageIndex message);
  void on_replication(const CacheReplication& fact, MessageIndex message);

  // The store holds this.
  void check(const CacheAddress& address, std::string_view value,
             const PublishedValues& published) const;

 private:
  using Key = std::pair<std::string, std::string>;  // Namespace and key.
  struct Cut {
    std::string namespace_name;
    std::string pattern;
    MessageIndex message = kNoMessage;
  };
  void fail(const CacheAddress& address, const std::string& what) const;

  std::string cluster_;
  const Truth& truth_;
  Verdict& verdict_;
  std::map<Key, MessageIndex> newest_;
  std::vector<Cut> cuts_;
};

}  // namespace mpreg::sim
