#pragma once
// NearCache: a cache in the process of a service that is never silently stale. What other services
// change, in any cluster, goes from it within moments; and when it may have missed something, it
// stops serving until it knows better.
//
//   auto cache = mpreg::NearCache::create(*client);
//   mpreg::CacheSpace& users = (*cache)->space("users");
//   auto user = users.get_or_load("7", [&] { return database.read("7"); });
//   users.put("7", changed);        // After the database was written: everybody else drops "7".
//
// A read that is marked coherent gives nothing that was invalidated more than a bounded time ago:
// docs/guarantees.md. Thread-safe; a hit takes no lock that other keys' hits take, and never waits.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mpreg/client.h"
#include "mpreg/consistency_token.h"
#include "mpreg/locality_router.h"

namespace mpreg {

// What a value that was read is worth.
enum class Freshness : std::uint8_t {
  coherent = 0,  // The promise holds.
  degraded = 1,  // A cluster that may write has been silent, or the source was read while it was.
  stale = 2,     // Served although the broker is lost, because the namespace allows it.
};
[[nodiscard]] std::string_view name_of(Freshness freshness);

struct CachedValue {
  std::string value;
  bool exists = true;  // False: known not to exist; the value is empty.
  Freshness freshness = Freshness::coherent;
};

// What a read does while what is held may be stale.
struct StalePolicy {
  enum class Kind : std::uint8_t { miss, block, serve_stale };
  Kind kind = Kind::miss;
  std::chrono::milliseconds max{0};  // How long to wait, or for how long to serve.

  static StalePolicy miss() { return {}; }
  // Waits until it is coherent again; then as miss.
  static StalePolicy block(std::chrono::milliseconds max) { return {Kind::block, max}; }
  // Serves, marked, for so long; then as miss.
  static StalePolicy serve_stale(std::chrono::milliseconds max) { return {Kind::serve_stale, max}; }
};

// How others learn of a write.
enum class WriteMode : std::uint8_t {
  invalidate = 0,  // They drop their copies.
  replicate = 1,   // The targets receive the value, the others drop theirs.
};

struct CacheSpaceOptions {
  std::chrono::milliseconds ttl{
      0};                   // Of what names none; 0: until it is dropped. At most 365 days.
  double ttl_jitter = 0.1;  // So much of each ttl is cut off at random: 0 to 0.9.
  std::chrono::milliseconds absent_ttl{30'000};  // Of "does not exist"; 0: that is not kept.
  WriteMode writes = WriteMode::invalidate;
  std::vector<std::string> targets{"*"};  // Of replications: clusters, @REGION, or * for all.
  std::shared_ptr<const LocalityRouter> router = {};          // Instead of targets, by key.
  ReplicationStrategy strategy = ReplicationStrategy::async;  // mpreg/replication_strategy.h
  std::uint32_t quorum = 0;
  StrategyFactory custom_strategy = {};       // Of the strategy `custom`.
  WaitLevel wait = WaitLevel::accepted;       // Of put and erase.
  std::chrono::milliseconds wait_timeout{0};  // 0: as the broker is configured.
  bool ask_cluster = false;                   // A miss asks the cluster's store before the loader.
  // One loader runs per key and cluster, under a lease of the broker (load_wait), and what it gives
  // is kept for the others, who wait for it.
  bool load_once_in_cluster = false;
  bool load_once_here = true;  // One loader runs per key; who comes meanwhile waits for it.
  std::chrono::milliseconds load_wait{10'000};  // And gives up after so long.
  StalePolicy when_lost = StalePolicy::miss();  // The own broker does not answer.
  StalePolicy when_degraded = StalePolicy::serve_stale(std::chrono::seconds(30));
  std::vector<std::string> writers = {};  // The clusters that may write it; empty: all.
  std::string region = "default";
};

struct NearCacheOptions {
  std::uint64_t bytes_max = 64ULL << 20U;  // 1 MiB to 256 GiB; keys, values and what they cost.
  std::uint32_t shards = 16;               // 1 to 256; rounded up to a power of two.
  CacheSpaceOptions defaults = {};
  std::map<std::string, CacheSpaceOptions> spaces = {};  // By namespace, instead of the defaults.
};

struct PutOptions {
  std::optional<std::chrono::milliseconds> ttl = {};  // None: as the namespace says.
  std::vector<std::string> tags = {};                 // At most 64; see invalidate_tag.
  // Keys of the namespace that the value was made from; see invalidate_cascade. With tags at
  // most 64.
  std::vector<std::string> depends_on = {};
  std::optional<WaitLevel> wait = {};  // None: as the namespace says.
  FencingToken token = 0;  // Of an ExclusiveKey: refused when it does not hold the key any more.
};

// What a loader gives: the value, or nothing when there is none; tags and ttl if it knows them.
struct Loaded {
  std::optional<std::string> value;
  std::vector<std::string> tags;
  std::optional<std::chrono::milliseconds> ttl;
  std::vector<std::string> depends_on;  // As PutOptions.

  Loaded() = default;
  Loaded(std::string text) : value(std::move(text)) {}    // NOLINT: so lambdas read well.
  Loaded(const char* text) : value(std::string(text)) {}  // NOLINT
  Loaded(std::optional<std::string> text) : value(std::move(text)) {}  // NOLINT
  Loaded(std::nullopt_t /*none*/) {}                                   // NOLINT
};
using Loader = std::function<Result<Loaded>()>;

// Never reset.
struct NearCacheStatistics {
  std::uint64_t hits = 0;  // Marked coherent.
  std::uint64_t hits_degraded = 0;
  std::uint64_t hits_stale = 0;
  std::uint64_t hits_absent = 0;  // Of all hits: "does not exist".
  std::uint64_t misses = 0;
  std::uint64_t misses_suspect = 0;  // Of these: held, perhaps, and not served.
  std::uint64_t cluster_hits = 0;    // Answered by the cluster's store.
  std::uint64_t cluster_misses = 0;
  std::uint64_t loads = 0;
  std::uint64_t loads_failed = 0;
  std::uint64_t loads_shared = 0;  // Reads that waited for the load of another.
  std::uint64_t fills_voided = 0;  // Loaded while the key was invalidated: not kept.
  std::uint64_t writes = 0;
  std::uint64_t writes_failed = 0;
  std::uint64_t invalidations = 0;  // Of others, taken in.
  std::uint64_t replications = 0;
  std::uint64_t gaps = 0;
  std::uint64_t messages_unreadable = 0;  // Each made the cache forget everything.
  std::uint64_t leases = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expired = 0;
  std::uint64_t dropped = 0;
  std::uint64_t entries = 0;  // Now, as the next four.
  std::uint64_t bytes = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t loads_running = 0;
  std::uint64_t writes_pending = 0;

  [[nodiscard]] double hit_rate() const {
    const std::uint64_t found = hits + hits_degraded + hits_stale;
    return found + misses == 0 ? 0.0
                               : static_cast<double>(found) / static_cast<double>(found + misses);
  }
};

class NearCacheImpl;

// One namespace of a NearCache; lives as long as that. Keys: 1 to 65,535 bytes of UTF-8.
class CacheSpace {
 public:
  // Nothing: it is not held, or may not be served now. Waits only with a policy that blocks.
  [[nodiscard]] std::optional<CachedValue> get(std::string_view key);
  // As get, but not before everything that the token covers has come here; error `timed_out` when
  // it has not after `wait`. Not in a callback.
  [[nodiscard]] Result<std::optional<CachedValue>> get(std::string_view key,
                                                       const ConsistencyToken& token,
                                                       std::chrono::milliseconds wait);
  // What is held, or what the cluster's store has if so configured, or what the loader gives, which
  // is kept unless the key was invalidated while it ran (it runs again then, twice at most). The
  // loader reads the source of the data: a replica of it that lags behind makes the cache lag, too.
  // Errors: the loader's; `timed_out` when another's load takes longer than load_wait. Exceptions
  // of the loader are passed on. Not in a callback.
  [[nodiscard]] Result<CachedValue> get_or_load(std::string_view key, const Loader& loader);

  // The source of the data has been written: served here from now on, told to the others as the
  // namespace is configured. The operation ends at the level `wait`. Errors: `malformed`,
  // `overloaded`, `disconnected`: nothing was told then, and nothing of the key is held here.
  Result<Operation> put(std::string_view key, std::string_view value,
                        const PutOptions& options = {});
  // The thing is gone: "does not exist" is served here, the others drop it and keep a tombstone.
  Result<Operation> erase(std::string_view key, const PutOptions& options = {});

  // Something has changed, here or elsewhere: dropped everywhere.
  Result<Operation> invalidate(std::string_view key, std::optional<WaitLevel> wait = {});
  // `pattern` over keys: words separated by dots, `*` one word, `#` any number.
  Result<Operation> invalidate_pattern(std::string_view pattern,
                                       std::optional<WaitLevel> wait = {});
  Result<Operation> invalidate_tag(std::string_view tag, std::optional<WaitLevel> wait = {});
  // The key, what was made from it as writers and loaders have declared, and so on.
  Result<Operation> invalidate_cascade(std::string_view key, std::optional<WaitLevel> wait = {});
  Result<Operation> invalidate_all(std::optional<WaitLevel> wait = {});

  // What is held of the key, for people: shared; pending, while a write of this cache is on its
  // way; syncing, while a newer value is; degraded, when it may be out of date; invalid or missing.
  [[nodiscard]] EntryState state(std::string_view key) const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const CacheSpaceOptions& options() const { return options_; }

  CacheSpace(NearCacheImpl& cache, std::string name, CacheSpaceOptions options);
  ~CacheSpace();
  CacheSpace(const CacheSpace&) = delete;
  CacheSpace& operator=(const CacheSpace&) = delete;

 private:
  friend class NearCacheImpl;
  struct Parts;
  class Reading;
  [[nodiscard]] CacheAddress address_of(std::string_view key) const;
  [[nodiscard]] Tracking tracking(std::optional<WaitLevel> wait) const;
  Result<Operation> write(std::string_view key, const std::string_view* value,
                          const PutOptions& options);
  Result<Operation> send(std::string_view key, const std::string_view* value,
                         std::chrono::milliseconds ttl, const PutOptions& options,
                         std::vector<std::uint32_t> ancestors);
  Result<Operation> invalidate_as(InvalidationType type, std::string_view what,
                                  std::optional<WaitLevel> wait);

  NearCacheImpl& cache_;
  const std::string name_;
  const CacheSpaceOptions options_;
  std::unique_ptr<Parts> parts_;
};

class NearCache {
 public:
  // Subscribes to what is changed anywhere; the client outlives the cache. Errors: `malformed` for
  // an option (named, with its range); those of subscribing.
  [[nodiscard]] static Result<std::unique_ptr<NearCache>> create(Client& client,
                                                                 NearCacheOptions options = {});
  ~NearCache();
  NearCache(const NearCache&) = delete;
  NearCache& operator=(const NearCache&) = delete;

  // The same object for the same name. The name is one for keys (letters, digits, `_`, `-`):
  // another is a programming error, and every call on the space is refused as `malformed`.
  [[nodiscard]] CacheSpace& space(std::string_view namespace_name);

  // Covers every write of this client that was accepted: whoever reads with it, in any cluster,
  // sees them.
  [[nodiscard]] ConsistencyToken token() const;

  // Whether reads of the namespace are marked coherent now, and if not, why.
  [[nodiscard]] std::string_view state(std::string_view namespace_name) const;
  // Waits until they are; false after `timeout`. Not in a callback.
  bool wait_coherent(std::string_view namespace_name, std::chrono::milliseconds timeout) const;
  // The cluster was forgotten (mpreg forget) while this client was connected to nobody that knew.
  void forget(const std::string& cluster);

  [[nodiscard]] NearCacheStatistics statistics() const;

 private:
  explicit NearCache(std::shared_ptr<NearCacheImpl> impl);
  std::shared_ptr<NearCacheImpl> impl_;
};

}  // namespace mpreg
