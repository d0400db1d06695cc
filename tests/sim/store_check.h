#pragma once
// StoreCheck: what the store of one broker may hold. Nothing that is older than an invalidation or
// a replication of it that this broker has applied, and no value that was not published under its
// key.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "message/cache_messages.h"
#include "stream/hybrid_clock.h"
#include "truth.h"

namespace mpreg::sim {

// The values that were published, each unlike any other, with their keys.
using PublishedValues = std::map<std::string, CacheAddress, std::less<>>;

class StoreCheck {
 public:
  StoreCheck(std::string cluster, Verdict& verdict)
      : cluster_(std::move(cluster)), verdict_(verdict) {}

  // The broker has applied this fact of a cluster.
  void on_invalidation(const CacheInvalidation& fact, const std::string& origin,
                       HybridTime version);
  void on_replication(const CacheReplication& fact, HybridTime version);

  // The store holds this.
  void check(const CacheAddress& address, std::string_view value, HybridTime version,
             const PublishedValues& published) const;

 private:
  using Key = std::pair<std::string, std::string>;  // Namespace and key.
  struct Cut {
    std::string namespace_name;
    std::string pattern;
    HybridTime version = 0;
  };
  void fail(const CacheAddress& address, const std::string& what) const;

  std::string cluster_;
  Verdict& verdict_;
  std::map<Key, HybridTime> newest_;
  std::vector<Cut> cuts_;
};

}  // namespace mpreg::sim
