#pragma once
// NearStore: what a near cache holds: values that were loaded, replicated or written here, each as
// long as nothing says otherwise. In shards by key, each under a mutex of its own, so that threads
// rarely meet. Facts come from one thread, in the order in which the session delivers them; fills
// and writes from any.
//
// A fill may race with facts (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013): a ticket
// is taken before the source is read, and anything told about the key meanwhile voids it.
// It stays until it is abandoned: so whoever waited for the fill knows whether it still counts.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "near/near_shard.h"

namespace mpreg {

struct NearStoreOptions {
  std::uint64_t bytes_max = 64ULL << 20U;  // Of keys, values and what each entry costs besides.
  std::uint32_t shards = 16;               // A power of two.
};

struct NearStoreCounters {
  StoreCounters store;
  std::uint64_t fills_voided = 0;
  std::uint64_t entries = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t fills = 0;   // Under way now.
  std::uint64_t writes = 0;  // Not yet seen to be stamped.
};

// A key within an opened namespace. The rules of cache_key.h are kept by the caller.
struct NearKey {
  std::string_view key;
  std::string_view subkey = {};
  std::uint32_t version = 1;
};

class NearStore {
 public:
  using SpaceIndex = std::uint32_t;
  using Ticket = NearShard::Ticket;

  // `client` is the number of the client whose facts are echoes of what is written here.
  NearStore(NearStoreOptions options, std::uint64_t client);

  // Facts about namespaces that were never opened are ignored. At most 65,535.
  SpaceIndex open(std::string_view namespace_name);

  // The tags of what keys with these tags were made from, and so on, as far as it is known here:
  // see DependencyGraph. Thread-safe.
  [[nodiscard]] std::vector<std::uint32_t> ancestors_of(std::string_view namespace_name,
                                                        std::span<const std::uint32_t> tags) const {
    return dependencies_->ancestors_of(namespace_name, tags);
  }

  [[nodiscard]] bool get(Instant now, SpaceIndex space, const NearKey& key, NearValue& value);
  // For people; changes nothing.
  [[nodiscard]] EntryState state(Instant now, SpaceIndex space, const NearKey& key) const;

  // ---- See NearShard.
  Ticket begin_fill(SpaceIndex space, const NearKey& key);
  bool end_fill(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket,
                std::string_view value, const KeepOptions& options);
  [[nodiscard]] bool is_current(SpaceIndex space, const NearKey& key, Ticket ticket) const;
  void abandon_fill(SpaceIndex space, const NearKey& key, Ticket ticket);
  bool keep(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket, const CacheGot& got);
  Ticket begin_write(Instant now, SpaceIndex space, const NearKey& key, std::string_view value,
                     const KeepOptions& options);
  void sent(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket,
            std::uint64_t operation);
  void failed(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket);

  // What this client invalidates is not served here from now on, whatever comes of it.
  void drop(Instant now, const CacheInvalidation& like);

  // ---- The one thread that receives.
  // Who tells us from now on, and whose targets we are. Another life of a broker, or another
  // broker, than before: everything goes. What was told to the targets of the one may not have been
  // told to the other; and between two lives there may have been a third that nobody remembers.
  // `order`: of the last fact that the broker has applied. A value that is no later may have been
  // overwritten by a fact that does not come.
  void set_broker(const std::string& cluster, const std::string& region, std::uint64_t instance,
                  HybridTime order);
  // Facts come from now on, but those of at most this order that were applied before.
  void begin(HybridTime order);
  void take(const Now& now, const CacheInvalidation& fact, const FactSource& source);
  void take(const Now& now, const CacheReplication& fact, const FactSource& source);
  void take(const Now& now, const CacheValue& value, std::uint64_t client);
  // The write has another verdict at another broker: it goes, and what has replaced it stays.
  void withdraw(const Now& now, const CacheAddress& address, const FactSource& source);
  void lose(const Scope& scope);

  [[nodiscard]] NearStoreCounters counters() const;

 private:
  [[nodiscard]] std::size_t shard_of(const NearKey& key) const;
  template <typename Fact>
  void take_of_key(const Now& now, const Fact& fact, const FactSource& source);
  void raise(HybridTime version);

  const std::shared_ptr<DependencyGraph> dependencies_ = std::make_shared<DependencyGraph>();
  const NearStoreOptions options_;
  std::vector<std::unique_ptr<NearShard>> shards_;
  std::atomic<Ticket> last_ticket_{0};
  std::uint64_t instance_ = 0;         // Of the broker; 0: none yet.
  std::atomic<HybridTime> latest_{0};  // That a fact had.

  std::mutex spaces_mutex_;
  std::vector<std::string> spaces_;  // Guarded by spaces_mutex_.
};

}  // namespace mpreg
