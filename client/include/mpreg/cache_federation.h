#pragma once
// CacheFederationBridge: keeps the caches of one service coherent with those of other clusters. It
// sends invalidations and replications through a Client, follows each until its targets have
// applied it, tells the application what other services changed, and counts all of it.
//
// Thread-safe. Callbacks run on the client's receiving thread, one at a time; they may call the
// bridge, but not wait in it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/cache_key.h"
#include "message/cache_statistics.h"
#include "mpreg/client.h"
#include "mpreg/locality_router.h"

namespace mpreg {

// Who changed something, and when in the order of all writes.
struct CacheSource {
  std::string cluster;
  HybridTime version = 0;
  OperationId publisher;
};

// What other services did. Each may be empty. Of one write on_syncing comes first, then
// on_replication, with the same source; on_replication does not come when anything else was told
// about the key in between, or when the value was lost. So a cache that drops the key in the first
// three and stores the value in on_replication never holds a value after something later was told
// about.
struct CacheFederationCallbacks {
  // Drop what it names: a key, or everything in its scope. Also called for a key that was
  // replicated to other clusters than this one.
  std::function<void(const CacheInvalidation&, const CacheSource&)> on_invalidation;
  // A newer value of the key is on its way here: serve the old one no more.
  std::function<void(const CacheReplication&, const CacheSource&)> on_syncing;
  // And this is it.
  std::function<void(const CacheValue&, const CacheSource&)> on_replication;
  // Changes are lost: drop everything that the gap's scope names.
  std::function<void(const Gap&)> on_gap;
  // Every coherence_check_interval_seconds.
  std::function<void(const HealthReport&)> on_health;
};

// How the values of a namespace are replicated, unless a call says otherwise.
struct NamespaceReplication {
  std::optional<ReplicationStrategy> strategy = {};  // None: default_replication_strategy.
  std::uint32_t quorum = 0;                          // As make_strategy.
  std::optional<WaitLevel> wait = {};
  StrategyFactory custom_strategy = {};               // Of the strategy `custom`.
  std::shared_ptr<const LocalityRouter> router = {};  // Who gets what names no targets.
};

struct CacheFederationConfiguration {
  std::string cluster_id;                      // Required; must be that of the client's broker.
  double invalidation_timeout_seconds = 30.0;  // 0.001 to 86,400, as the next and the last.
  double replication_timeout_seconds = 60.0;
  std::int64_t max_pending_operations = 1000;  // 1 to 10,000.
  bool enable_async_replication = true;
  bool enable_sync_replication = true;  // And all other strategies that wait for targets.
  ReplicationStrategy default_replication_strategy = ReplicationStrategy::async;
  double coherence_check_interval_seconds = 300.0;
  std::string topic_prefix{kDefaultTopicPrefix};  // Must be that of the client.
  std::map<std::string, NamespaceReplication> namespaces = {};
};

// Names the first field that is wrong, its value, and what is allowed.
[[nodiscard]] Result<void> check_configuration(const CacheFederationConfiguration& configuration);

struct InvalidationOptions {
  std::vector<std::string> targets;  // Cluster ids, at most 256; empty: all other clusters.
  InvalidationType type = InvalidationType::single_key;
  std::string reason = "manual_invalidation";  // At most 256 bytes.
  double priority = 2.0;                       // 0 to 10.
  // Above `accepted` the operation is tracked and holds one of max_pending_operations.
  WaitLevel wait = WaitLevel::applied;
  std::chrono::milliseconds timeout{0};  // 0: as configured.
};

struct ReplicationOptions {
  std::optional<ReplicationStrategy> strategy;  // None: as configured.
  std::optional<double> priority;               // None: 0.8 async, 2.0 sync.
  std::chrono::milliseconds ttl{0};             // Of the value; 0: none.
  std::optional<WaitLevel> wait;                // None: accepted for async, applied for the others.
  std::chrono::milliseconds timeout{0};
  std::optional<std::uint32_t> quorum = {};  // None: as configured.
};

class CacheFederationBridge {
 public:
  // Subscribes to what others change. The client outlives the bridge. Errors: `malformed` for a
  // field of the configuration; `refused` when it does not fit the client's broker; those of
  // subscribing.
  [[nodiscard]] static Result<std::unique_ptr<CacheFederationBridge>> create(
      Client& client, CacheFederationConfiguration configuration,
      CacheFederationCallbacks callbacks = {});
  // Unsubscribes. Pending operations go on; their handles stay good.
  ~CacheFederationBridge();
  CacheFederationBridge(const CacheFederationBridge&) = delete;
  CacheFederationBridge& operator=(const CacheFederationBridge&) = delete;

  // Tells other clusters to drop the key, or what `options.type` makes of it: for `pattern` the key
  // field is a pattern over keys. Errors: `malformed` for a field that breaks a rule, `overloaded`
  // when max_pending_operations are pending or the client's window is full: nothing is sent then.
  [[nodiscard]] Result<Operation> send_cache_invalidation(const FederatedCacheKey& key,
                                                          const InvalidationOptions& options = {});

  // Sends the value to the targets (at least one, or a router); other clusters drop the key. The
  // value may have about as many bytes as the broker allows for a payload (1 MiB by default).
  // Errors as above; `refused` for a strategy that is switched off.
  [[nodiscard]] Result<Operation> send_cache_replication(const FederatedCacheKey& key,
                                                         std::string_view value,
                                                         std::vector<std::string> targets,
                                                         const ReplicationOptions& options = {});

  // Ends a pending operation by hand. False: no operation of this number is pending here.
  [[nodiscard]] Result<bool> complete_operation(std::uint64_t operation, bool success);

  // Reading changes nothing.
  [[nodiscard]] BridgeStatistics federation_statistics() const;
  // Error `refused`: nothing was ever sent to or received from such a cluster.
  [[nodiscard]] Result<ClusterStatistics> cluster_statistics(std::string_view cluster) const;
  [[nodiscard]] std::map<std::string, ClusterStatistics> all_cluster_statistics() const;
  [[nodiscard]] HealthReport health() const;
  [[nodiscard]] const CacheFederationConfiguration& configuration() const;

 private:
  class Impl;
  explicit CacheFederationBridge(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace mpreg
