#pragma once
// StoreCheck: what the store of one broker may hold. Nothing that is older than an invalidation or
// a replication of it that this broker has applied, and no value that was not published under its
// key. A fact that two brokers stamped, because its client moved, has two versions: one store may
// have taken the one, another the other, and each may have from the other what goes with that.

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
  StoreCheck(std::string cluster, const Truth& truth, Verdict& verdict)
      : cluster_(std::move(cluster)), truth_(truth), verdict_(verdict) {}

  // The broker has applied this fact of a cluster.
  void on_invalidation(const CacheInvalidation& fact, const std::string& origin, HybridTime version,
                       MessageIndex message);
  void on_replication(const CacheReplication& fact, HybridTime version, MessageIndex message);

  // The store holds this.
  void check(const CacheAddress& address, std::string_view value, HybridTime version,
             const PublishedValues& published) const;

 private:
  using Key = std::pair<std::string, std::string>;  // Namespace and key.
  struct Fact {
    HybridTime version = 0;
    MessageIndex message = kNoMessage;
  };
  struct Cut {
    std::string namespace_name;
    std::string pattern;
    Fact fact;
  };
  [[nodiscard]] bool has_one_version(const Fact& fact) const {
    return truth_.message(fact.message).stampings.size() == 1;
  }
  void fail(const CacheAddress& address, const std::string& what) const;

  std::string cluster_;
  const Truth& truth_;
  Verdict& verdict_;
  std::map<Key, Fact> newest_;
  std::vector<Cut> cuts_;
};

}  // namespace mpreg::sim
