#pragma once
// NearCacheImpl: what the spaces of a near cache share: the store, the right to serve, and the feed
// of facts by which both are kept.

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "client_core.h"
#include "coherence/serving_rights.h"
#include "loading/near_feed.h"
#include "loading/near_look.h"
#include "loading/near_read.h"
#include "mpreg/near_cache.h"
#include "near/near_store.h"
#include "net/clock.h"

namespace mpreg {

struct CacheSpace::Parts {
  Result<void> checked;  // Of its name and options.
  NearStore::SpaceIndex index = 0;
  const ServingRights::Scope* scope = nullptr;
  StaleLimits limits;
  std::optional<LoadDesk> loads;  // Of a name and options that are right.
};

class NearCacheImpl : public SessionListener, public std::enable_shared_from_this<NearCacheImpl> {
 public:
  NearCacheImpl(Client& client, NearCacheOptions options);

  Result<void> start();
  void stop();

  CacheSpace& space(std::string_view name);
  [[nodiscard]] static const ServingRights::Scope& scope_of(const CacheSpace& space) {
    return *space.parts_->scope;
  }
  [[nodiscard]] NearCacheStatistics statistics() const;
  [[nodiscard]] ConsistencyToken token() const;

  // False: not everything that it covers has come by then.
  bool wait_applied(const Frontier& frontier, std::chrono::milliseconds timeout);
  bool wait_coherent(const ServingRights::Scope& scope, std::chrono::milliseconds timeout) const;

  // ---- near_listener.cc: on the receiving thread.
  void on_welcome(const Welcome& welcome) override;
  void on_lost() override;
  void on_lease(const LeaseRenewal& renewal) override;
  void on_withdrawn(const WithdrawnWrite& write) override;

  // On a calling thread: until something has been told, or so long.
  void pause(std::chrono::milliseconds time) const {
    std::unique_lock lock(moved_mutex_);
    moved_.wait_for(lock, time);
  }

  // A counter that each thread raises in a place of its own, mostly.
  enum class Count : std::uint8_t {
    hit,
    hit_degraded,
    hit_stale,
    hit_absent,
    miss,
    miss_suspect,
    cluster_hit,
    cluster_miss,
    load,
    load_failed,
    load_shared,
    write,
    write_failed,
    invalidation,
    replication,
    gap,
    unreadable,
    lease,
    last
  };
  void count(Count what) {
    stripes_[stripe()][static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed);
  }

  Client& client;
  ClientCore& core;
  const NearCacheOptions options;
  const Clock clock{};
  ServingRights rights;
  ClusterHelp help{rights};
  NearStore store;

 private:
  static constexpr std::size_t kStripes = 16;
  struct alignas(64) Stripe
      : std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Count::last)> {};

  [[nodiscard]] static std::size_t stripe();
  [[nodiscard]] std::uint64_t sum(Count what) const;
  void begin(const Welcome& welcome);
  void on_message(const Message& message);
  void on_gap(const Gap& gap);
  void wake_waiting();

  std::array<Stripe, kStripes> stripes_{};
  SubscriptionId subscription_ = 0;
  NearFeed feed_{store, rights, help};
  mutable std::shared_mutex spaces_mutex_;
  std::map<std::string, std::unique_ptr<CacheSpace>, std::less<>> spaces_;

  std::mutex welcome_mutex_;  // Held while a session begins.
  mutable std::mutex moved_mutex_;
  mutable std::condition_variable moved_;  // Something has come.
};

}  // namespace mpreg
