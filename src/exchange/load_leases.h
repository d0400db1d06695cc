#pragma once
// LoadLeases: who in the cluster may load a key from the source of the data: one client at a time,
// until it says that it is done or its lease runs out. So a key that many services miss at once is
// loaded once; and what was loaded may be kept for the others if nothing about it was told
// meanwhile
// ("leases" of Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013).

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/time.h"
#include "message/cache_messages.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

class LoadLeases {
 public:
  static constexpr std::size_t kLeasesMax = 100'000;
  static constexpr std::chrono::milliseconds kLeaseMax{60'000};

  // One client may load a key anew while its earlier load, which something has voided, goes on: so
  // a lease belongs to the request that was granted.
  struct Grant {
    std::uint64_t client = 0;
    std::uint64_t request = 0;

    friend bool operator==(const Grant&, const Grant&) = default;
  };

  // Zero: it may. Otherwise what is left of another client's lease. When there are too many leases
  // everybody may: a load too many is no harm. `seen`: the latest version that was applied here.
  [[nodiscard]] Duration ask(Instant now, const CacheAddress& address, const Grant& grant,
                             std::chrono::milliseconds lease, HybridTime seen) {
    const Lease wanted{grant, now + std::min(lease, kLeaseMax), seen, false};
    const Key key = key_of(address);
    const auto known = leases_.find(key);
    if (known != leases_.end()) {
      const Lease& held = known->second;
      if (held.grant.client != grant.client && held.until > now) return held.until - now;
      known->second = wanted;
      return {};
    }
    if (leases_.size() >= kLeasesMax) {
      std::erase_if(leases_, [now](const auto& one) { return one.second.until <= now; });
    }
    if (leases_.size() < kLeasesMax) leases_.emplace(key, wanted);
    return {};
  }
  // The load has ended. Nothing: what it gave may be older than what has been told since, or the
  // lease has run out or is another load's; otherwise what had been applied when it began.
  [[nodiscard]] std::optional<HybridTime> done(Instant now, const CacheAddress& address,
                                               const Grant& grant) {
    const auto known = leases_.find(key_of(address));
    if (known == leases_.end() || known->second.grant != grant) return std::nullopt;
    const Lease held = known->second;
    leases_.erase(known);
    if (held.is_void || now >= held.until) return std::nullopt;
    return held.seen;
  }

  // Something was told about a key, a namespace, or anything.
  void note(const CacheAddress& address) {
    const auto known = leases_.find(key_of(address));
    if (known != leases_.end()) known->second.is_void = true;
  }
  void note_space(std::string_view namespace_name) {
    for (auto& [key, lease] : leases_) {
      if (namespace_name.empty() || std::get<0>(key) == namespace_name) lease.is_void = true;
    }
  }
  [[nodiscard]] std::size_t size() const { return leases_.size(); }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::uint32_t>;
  struct Lease {
    Grant grant;
    Instant until{};
    HybridTime seen = 0;
    bool is_void = false;
  };
  static Key key_of(const CacheAddress& address) {
    return {address.namespace_name, address.key, address.subkey, address.version};
  }
  std::map<Key, Lease> leases_;
};

}  // namespace mpreg
