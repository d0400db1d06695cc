// A cache beside the service, kept coherent across clusters: whoever changes a value tells the
// others, and they drop their copy. Needs a broker: mpreg-broker --cluster-id east
//
//   near_cache CLUSTER [ENDPOINT]           holds users:7 until somebody changes it
//   near_cache CLUSTER ENDPOINT change      changes users:7

#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "mpreg/cache_federation.h"

namespace {

// A dictionary that forgets what others have changed.
class NearCache {
 public:
  void put(const std::string& key, std::string value) {
    const std::lock_guard lock(mutex_);
    entries_[key] = std::move(value);
  }
  [[nodiscard]] std::optional<std::string> get(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
  }
  void drop(const std::string& key) {
    const std::lock_guard lock(mutex_);
    entries_.erase(key);
  }
  void drop_all() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
  }

 private:
  mutable std::mutex mutex_;  // Callbacks run on the client's thread.
  std::map<std::string, std::string> entries_;
};

mpreg::CacheFederationCallbacks callbacks_for(NearCache& cache) {
  mpreg::CacheFederationCallbacks callbacks;
  callbacks.on_invalidation = [&cache](const mpreg::CacheInvalidation& invalidation,
                                       const mpreg::CacheSource& source) {
    std::cout << source.cluster << " changed " << invalidation.address.key << std::endl;
    if (invalidation.type == mpreg::InvalidationType::single_key) {
      cache.drop(invalidation.address.key);
    } else {
      cache.drop_all();  // Wider than a key: dropping too much is always safe.
    }
  };
  callbacks.on_replication = [&cache](const mpreg::CacheValue& value, const mpreg::CacheSource&) {
    cache.put(value.address.key, value.value);
  };
  // Changes may be lost: whatever they were, nothing stale is left.
  callbacks.on_gap = [&cache](const mpreg::Gap&) { cache.drop_all(); };
  return callbacks;
}

mpreg::FederatedCacheKey user_key(const std::string& cluster) {
  mpreg::FederatedCacheKey key;
  key.namespace_name = "users";
  key.key = "7";
  key.cluster_id = cluster;
  return key;
}

int change(mpreg::CacheFederationBridge& bridge, const std::string& cluster) {
  // Here the value would be written to the database. Then everybody is told.
  const auto operation = bridge.send_cache_invalidation(user_key(cluster));
  if (!operation) {
    std::cerr << operation.error().text << '\n';
    return 1;
  }
  const auto result = operation->wait(std::chrono::seconds(30));
  std::cout << name_of(result.status) << ", applied by " << result.confirmed.size()
            << " other cluster(s)\n";
  return result.status == mpreg::OperationStatus::done ? 0 : 1;
}

int hold(NearCache& cache) {
  cache.put("7", "as loaded from the database");
  std::cout << "users:7 is cached" << std::endl;
  while (cache.get("7")) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::cout << "users:7 is no longer cached: load it again" << std::endl;
  return 0;
}

int run(const std::string& cluster, const std::string& endpoint, bool is_change) {
  mpreg::ClientOptions options;
  options.endpoints = {endpoint};
  options.name = "near_cache";
  auto client = mpreg::Client::connect(options);
  if (!client) {
    std::cerr << client.error().text << '\n';
    return 1;
  }
  NearCache cache;
  mpreg::CacheFederationConfiguration configuration;
  configuration.cluster_id = cluster;
  auto bridge = mpreg::CacheFederationBridge::create(**client, configuration, callbacks_for(cache));
  if (!bridge) {
    std::cerr << bridge.error().text << '\n';
    return 1;
  }
  if (is_change) return change(**bridge, cluster);
  if (auto ready = (*client)->barrier(); !ready) {
    std::cerr << ready.error().text << '\n';
    return 1;
  }
  return hold(cache);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::cerr << "near_cache CLUSTER [ENDPOINT [change]]\n";
    return 2;
  }
  const std::string endpoint = count > 2 ? arguments[2] : "tcp://127.0.0.1:7100";
  return run(arguments[1], endpoint, count > 3 && std::string(arguments[3]) == "change");
}
