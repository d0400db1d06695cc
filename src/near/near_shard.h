#pragma once
// NearShard: a part of a NearStore, by keys. Not thread-safe: its store holds the mutex.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "near/last_versions.h"
#include "store/replica_store.h"

namespace mpreg {

// Who says a fact, and where it stands in the order in which the broker applied what it tells: near
// caches do not judge, the broker does.
struct FactSource {
  std::string_view origin;
  HybridTime version = 0;  // apply_order().
  OperationId publisher;
  // False: the broker does not use the value of the write, also where this client has written it.
  bool is_used = true;
};

// How an entry is to be kept.
struct KeepOptions {
  std::chrono::milliseconds ttl{0};          // 0: until it is dropped.
  std::span<const std::uint32_t> tags = {};  // CacheStore::tag_id.
  bool absent = false;                       // There is no such thing: that is what is kept.
  std::uint16_t region = 0;                  // CacheStore::region_id.
};

struct NearValue {
  std::string value;
  bool absent = false;
};

class NearShard {
 public:
  using Ticket = std::uint64_t;  // Never used twice.

  NearShard(std::uint64_t bytes_max, std::uint64_t client,
            std::shared_ptr<DependencyGraph> dependencies);

  mutable std::mutex mutex;

  NamespaceId open(std::string_view namespace_name);
  void set_cluster(std::string cluster, std::string region) {
    replicas_.set_cluster(std::move(cluster), std::move(region));
  }

  [[nodiscard]] bool get(Instant now, const StoreKey& key, NearValue& value);
  [[nodiscard]] EntryState state(Instant now, const StoreKey& key) const;

  // ---- Fills: from the source of the data, while what is told goes on.
  // `seen`: the latest version that was told of anything.
  void begin_fill(const StoreKey& key, Ticket ticket, HybridTime seen);
  // Keeps the value unless something about it was told since; false then. The ticket stays until it
  // is abandoned.
  bool end_fill(Instant now, const StoreKey& key, Ticket ticket, std::string_view value,
                const KeepOptions& options);
  // Whether what was read since the ticket was taken still counts: nothing was told about it since,
  // and nothing was read later.
  [[nodiscard]] bool is_current(Ticket ticket) const;
  void abandon_fill(Ticket ticket) { fills_.erase(ticket); }

  // As end_fill with what the cluster's store had, which has a version. Not if this near cache has
  // had something later of the key: reads of one client never go back.
  bool keep(Instant now, const StoreKey& key, Ticket ticket, const CacheGot& got);

  // ---- Writes of this client: served from now on, whatever is told, until its own fact comes.
  // While those that wait for it hold an eighth of the memory, further ones are not held: they are
  // missing.
  void begin_write(Instant now, const StoreKey& key, Ticket ticket, std::string_view value,
                   const KeepOptions& options);
  // As which operation it went; its fact may have come already.
  void sent(Instant now, const StoreKey& key, Ticket ticket, std::uint64_t operation);
  // It was not sent, or refused: what is held may be older or newer than the truth.
  void failed(Instant now, const StoreKey& key, Ticket ticket);

  // What the invalidation names goes, without having come back from the broker.
  void drop(Instant now, const CacheInvalidation& like);

  // ---- Facts, in the order in which they come.
  void take(Instant now, const CacheInvalidation& fact, const FactSource& source);
  void take(Instant now, const CacheReplication& fact, const FactSource& source);
  void take(Instant now, const CacheValue& value, std::uint64_t client);
  // The write has another verdict elsewhere.
  void withdraw(Instant now, const CacheAddress& address, const FactSource& source);
  // The broker is another one, whose order begins after `floor`: nothing is kept.
  void begin_again(HybridTime floor);
  void lose(const Scope& scope, HybridTime time);

  [[nodiscard]] const CacheStore& store() const { return replicas_.store(); }
  [[nodiscard]] std::size_t fills() const;  // Under way.
  [[nodiscard]] std::size_t writes() const { return writes_.size(); }
  std::uint64_t fills_voided = 0;

 private:
  struct Fill {
    NamespaceId space = 0;
    std::string key;
    bool is_void = false;
    bool is_over = false;
    HybridTime seen = 0;
  };
  struct Write {
    Ticket ticket = 0;
    std::uint64_t operation = 0;  // 0: not known yet.
    std::string value;
    std::chrono::milliseconds ttl{0};
    std::vector<std::uint32_t> tags;
    bool absent = false;
    std::uint16_t region = 0;
    std::string key;  // As given.
    NamespaceId space = 0;
  };
  struct Stamped {
    HybridTime version = 0;
    std::string origin;
    bool is_used = true;
  };
  static constexpr std::size_t kStampedMax = 1024;

  [[nodiscard]] static std::string joined(const StoreKey& key);
  void note_tags(const StoreKey& key, std::span<const std::uint32_t> tags) const;
  void take_unclaimed(Instant now, const StoreKey& key, const FactSource& source);
  void drop_at(Instant now, const StoreKey& key, HybridTime version, std::string_view origin);
  void strike_off(const Write& write) { write_bytes_ -= write.value.size() + write.key.size(); }
  template <typename Condition>
  void erase_writes(Condition condition);
  template <typename Condition>
  void void_fills_if(Condition condition);
  void void_fills(NamespaceId space);
  void void_fills(const StoreKey& key, Ticket but = 0);
  void take_own(Instant now, const StoreKey& key, const FactSource& source);
  void settle(Instant now, const StoreKey& key, const Write& write, const Stamped& fact);
  [[nodiscard]] std::optional<StoreKey> key_of(const CacheAddress& address) const;

  static constexpr std::uint64_t kWriteShare = 8;

  const std::uint64_t client_;
  const std::uint64_t write_bytes_max_;
  const std::shared_ptr<DependencyGraph> dependencies_;
  ReplicaStore replicas_;
  LastVersions had_;  // That were written or read here.
  std::map<Ticket, Fill> fills_;
  std::map<std::string, Write, std::less<>> writes_;  // By joined().
  std::uint64_t write_bytes_ = 0;                     // Of these.
  // Operations of writes that another write of the same key has followed here, until their facts
  // come.
  std::set<std::uint64_t> followed_;
  // Facts of this client that no write has claimed yet, by operation.
  std::map<std::uint64_t, Stamped> stamped_;
};

}  // namespace mpreg
