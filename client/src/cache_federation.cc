#include "mpreg/cache_federation.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "bridge_books.h"
#include "callback_guard.h"
#include "client_core.h"
#include "message/target_names.h"
#include "replication_driver.h"
#include "session/replication_order.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

constexpr double kSecondsMin = 0.001;
constexpr double kSecondsMax = 86'400;
constexpr std::int64_t kPendingMax = 10'000;

Result<void> check_seconds(std::string_view field, double value) {
  if (std::isfinite(value) && value >= kSecondsMin && value <= kSecondsMax) return {};
  return fail(ErrorCode::malformed, std::string(field) + " is " + std::to_string(value) +
                                        ", 0.001 to 86400 seconds are allowed");
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

Result<void> check_strategy(const CacheFederationConfiguration& configuration,
                            ReplicationStrategy strategy) {
  const auto switched_off = [&](std::string_view field) {
    return fail(ErrorCode::refused, "strategy " + std::string(name_of(strategy)) +
                                        " is switched off: " + std::string(field) + " is false");
  };
  switch (strategy) {
    case ReplicationStrategy::async:
      if (!configuration.enable_async_replication) return switched_off("enable_async_replication");
      return {};
    case ReplicationStrategy::none:
      return {};
    default:  // All that wait for the targets.
      if (!configuration.enable_sync_replication) return switched_off("enable_sync_replication");
      return {};
  }
}

// Of a namespace that is not named: what is configured for all.
NamespaceReplication defaults_of(const CacheFederationConfiguration& configuration,
                                 const std::string& namespace_name) {
  NamespaceReplication defaults;
  const auto own = configuration.namespaces.find(namespace_name);
  if (own != configuration.namespaces.end()) defaults = own->second;
  if (!defaults.strategy) defaults.strategy = configuration.default_replication_strategy;
  return defaults;
}

// 0 stands for what is configured.
Result<std::uint32_t> timeout_ms(std::chrono::milliseconds asked, double configured_seconds) {
  if (asked == asked.zero()) asked = milliseconds_of(configured_seconds);
  if (asked < asked.zero() || asked > milliseconds_of(kSecondsMax)) {
    return fail(ErrorCode::malformed, "timeout is " + std::to_string(asked.count()) +
                                          " ms, 1 to 86400000 ms are allowed");
  }
  return static_cast<std::uint32_t>(asked.count());
}

}  // namespace

Result<void> check_configuration(const CacheFederationConfiguration& configuration) {
  if (auto checked = check_cluster_id(configuration.cluster_id); !checked) {
    return fail(checked.error().code, "cluster_id: " + checked.error().text);
  }
  for (const auto& [field, value] :
       {std::pair{"invalidation_timeout_seconds", configuration.invalidation_timeout_seconds},
        std::pair{"replication_timeout_seconds", configuration.replication_timeout_seconds},
        std::pair{"coherence_check_interval_seconds",
                  configuration.coherence_check_interval_seconds}}) {
    if (auto checked = check_seconds(field, value); !checked) return checked;
  }
  const std::int64_t pending = configuration.max_pending_operations;
  if (pending < 1 || pending > kPendingMax) {
    return fail(ErrorCode::malformed, "max_pending_operations is " + std::to_string(pending) +
                                          ", 1 to " + std::to_string(kPendingMax) + " are allowed");
  }
  const ReplicationStrategy strategy = configuration.default_replication_strategy;
  if (strategy == ReplicationStrategy::custom) {
    return fail(ErrorCode::malformed,
                "default_replication_strategy is custom: an own strategy is of a namespace, in "
                "namespaces");
  }
  if (auto checked = check_strategy(configuration, strategy); !checked) {
    return fail(checked.error().code, "default_replication_strategy: " + checked.error().text);
  }
  for (const auto& [name, defaults] : configuration.namespaces) {
    Result<void> checked = check_namespace(name);
    if (checked && defaults.strategy) checked = check_strategy(configuration, *defaults.strategy);
    if (checked && defaults.strategy == ReplicationStrategy::custom && !defaults.custom_strategy) {
      checked = fail(ErrorCode::malformed, "custom_strategy is needed for the strategy custom");
    }
    if (!checked) {
      return fail(checked.error().code,
                  "namespaces[" + in_quotes(name) + "]: " + checked.error().text);
    }
  }
  return check_topic_prefix(configuration.topic_prefix);
}

class CacheFederationBridge::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Client& client, CacheFederationConfiguration given, CacheFederationCallbacks callbacks)
      : configuration(std::move(given)),
        books(static_cast<std::size_t>(configuration.max_pending_operations)),
        client_(client),
        callbacks_(std::move(callbacks)) {}

  Result<void> start();
  void stop();

  Result<Operation> invalidate(const CacheInvalidation& invalidation);
  Result<Operation> replicate(const CacheReplication& replication, std::string_view value,
                              const ReplicationPlan& plan);
  Result<bool> complete(std::uint64_t operation, bool success);

  const CacheFederationConfiguration configuration;
  BridgeBooks books;

 private:
  template <typename Send>
  Result<Operation> send(BridgeBooks::Sort sort, const std::vector<std::string>& targets,
                         const Tracking& tracking, Send&& send_it);
  void on_message(const Message& message);
  void on_invalidation(const CacheInvalidation& invalidation, const CacheSource& source);
  void on_fact(const CacheReplication& fact, const CacheSource& source, bool is_unusable);
  void give(const std::optional<ReplicationOrder::Given>& given);
  template <typename Value, typename Callback>
  void apply(BridgeBooks::Sort sort, const Callback& callback, const Value& value,
             const CacheSource& source);
  template <typename Value>
  [[nodiscard]] bool decoded(const Result<Value>& value, const Message& message);
  void on_gap(const Gap& gap);
  void check_health();

  Client& client_;
  const CacheFederationCallbacks callbacks_;
  ReplicationOrder order_;  // The receiving thread only.
  SubscriptionId subscription_ = 0;
  std::uint64_t timer_ = 0;
};

// ---- Receiving.

Result<void> CacheFederationBridge::Impl::start() {
  const std::string& prefix = configuration.topic_prefix;
  SubscriptionCallbacks subscriber;
  // The subscription ends before the bridge does, so neither callback can outlive it.
  subscriber.on_message = [this](const Message& message) { on_message(message); };
  subscriber.on_gap = [this](const Gap& gap) { on_gap(gap); };
  auto id = client_.subscribe({prefix + ".invalidation.#", prefix + ".replication.#"},
                              std::move(subscriber));
  if (!id) return tl::unexpected(id.error());
  subscription_ = *id;
  timer_ = client_.core().every(milliseconds_of(configuration.coherence_check_interval_seconds),
                                [this] { check_health(); });
  return {};
}

void CacheFederationBridge::Impl::stop() {
  if (subscription_ == 0) return;
  client_.core().cancel(timer_);
  static_cast<void>(client_.unsubscribe(subscription_));
}

template <typename Value>
bool CacheFederationBridge::Impl::decoded(const Result<Value>& value, const Message& message) {
  if (value) return true;
  books.receive_failed();
  client_.core().report_error("a message on " + in_quotes(message.topic) +
                              " was not understood: " + value.error().text);
  return false;
}

template <typename Value, typename Callback>
void CacheFederationBridge::Impl::apply(BridgeBooks::Sort sort, const Callback& callback,
                                        const Value& value, const CacheSource& source) {
  books.received(sort, source.cluster);
  if (callback) {
    if (const auto thrown = call_guarded([&] { callback(value, source); })) {
      books.receive_failed();
      client_.core().report_error("a callback of the bridge threw " + *thrown);
      return;
    }
  }
  books.processed(sort);
}

void CacheFederationBridge::Impl::on_message(const Message& message) {
  if (message.publisher.client == client_.id()) return;  // Our own echo.
  const CacheSource source{message.stream->origin, message.version, message.publisher};
  if (message.kind == RecordKind::invalidation) {
    const auto invalidation = decode_invalidation(message.payload);
    if (decoded(invalidation, message)) on_invalidation(*invalidation, source);
  } else if (message.kind == RecordKind::replication) {
    const auto fact = decode_replication(message.payload);
    if (decoded(fact, message)) on_fact(*fact, source, message.unusable);
  } else if (message.kind == RecordKind::value) {
    auto value = decode_value(message.payload);
    if (decoded(value, message)) give(order_.on_value(std::move(*value), source.publisher.client));
  }
}

void CacheFederationBridge::Impl::on_invalidation(const CacheInvalidation& invalidation,
                                                  const CacheSource& source) {
  const bool is_of_any = invalidation.type == InvalidationType::region ||
                         invalidation.type == InvalidationType::cluster_sync;
  if (invalidation.type == InvalidationType::single_key) {
    order_.forget(invalidation.address);
  } else {
    order_.forget_all(is_of_any ? std::string() : invalidation.address.namespace_name);
  }
  apply(BridgeBooks::Sort::invalidation, callbacks_.on_invalidation, invalidation, source);
}

void CacheFederationBridge::Impl::on_gap(const Gap& gap) {
  if (gap.scope.kind == ScopeKind::namespaces) {
    for (const std::string& name : gap.scope.names) order_.forget_all(name);
  } else {
    order_.forget_all({});
  }
  if (callbacks_.on_gap) callbacks_.on_gap(gap);
}

void CacheFederationBridge::Impl::give(const std::optional<ReplicationOrder::Given>& given) {
  if (!given) return;
  const CacheSource source{given->source.origin, given->source.version, given->source.fact};
  apply(BridgeBooks::Sort::replication, callbacks_.on_replication, given->value, source);
}

// Where the value is not sent, or is not to be used, the fact invalidates. Otherwise the value
// counts and not the fact.
void CacheFederationBridge::Impl::on_fact(const CacheReplication& fact, const CacheSource& source,
                                          bool is_unusable) {
  const bool is_for_us =
      selects(fact.targets, configuration.cluster_id, client_.core().place().second);
  if (is_for_us && !is_unusable) {
    if (callbacks_.on_syncing) {
      if (const auto thrown = call_guarded([&] { callbacks_.on_syncing(fact, source); })) {
        client_.core().report_error("on_syncing threw " + *thrown);
      }
    }
    return give(order_.on_fact(fact.address, {source.cluster, source.version, source.publisher}));
  }
  CacheInvalidation invalidation;
  invalidation.address = fact.address;
  invalidation.priority = fact.priority;
  invalidation.reason =
      is_for_us ? "written by way of two brokers" : "replicated to other clusters";
  on_invalidation(invalidation, source);
}

void CacheFederationBridge::Impl::check_health() {
  if (callbacks_.on_health) callbacks_.on_health(books.health());
}

// ---- Sending.

// Books the operation before and after send_it(), and when it ends.
template <typename Send>
Result<Operation> CacheFederationBridge::Impl::send(BridgeBooks::Sort sort,
                                                    const std::vector<std::string>& targets,
                                                    const Tracking& tracking, Send&& send_it) {
  const bool holds_slot = tracking.wait > WaitLevel::accepted;
  if (holds_slot) {
    if (auto slot = books.reserve(); !slot) return tl::unexpected(slot.error());
  }
  Result<Operation> operation = send_it();
  if (!operation) {
    if (holds_slot) books.release();
    return operation;
  }
  books.sent(operation->id(), sort, targets, holds_slot);
  operation->then([self = shared_from_this(), sort, is_broadcast = targets.empty(),
                   id = operation->id()](const OperationResult& result) {
    self->books.ended(id, sort, is_broadcast, result);
  });
  return operation;
}

Result<Operation> CacheFederationBridge::Impl::invalidate(const CacheInvalidation& invalidation) {
  return send(BridgeBooks::Sort::invalidation, invalidation.targets, invalidation.tracking,
              [&] { return client_.invalidate(invalidation); });
}

Result<Operation> CacheFederationBridge::Impl::replicate(const CacheReplication& replication,
                                                         std::string_view value,
                                                         const ReplicationPlan& plan) {
  return send(BridgeBooks::Sort::replication, replication.targets, replication.tracking,
              [&] { return replicate_as(client_.core(), replication, value, plan); });
}

Result<bool> CacheFederationBridge::Impl::complete(std::uint64_t operation, bool success) {
  if (!books.is_pending(operation)) return false;
  return client_.complete_operation(operation, success);
}

// ---- The public face.

CacheFederationBridge::CacheFederationBridge(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
CacheFederationBridge::~CacheFederationBridge() { impl_->stop(); }

Result<std::unique_ptr<CacheFederationBridge>> CacheFederationBridge::create(
    Client& client, CacheFederationConfiguration configuration,
    CacheFederationCallbacks callbacks) {
  if (auto checked = check_configuration(configuration); !checked) {
    return tl::unexpected(checked.error());
  }
  const std::string& prefix = client.core().options().topic_prefix;
  if (configuration.topic_prefix != prefix) {
    return fail(ErrorCode::refused, "topic_prefix is " + in_quotes(configuration.topic_prefix) +
                                        ", that of the client is " + in_quotes(prefix));
  }
  const std::string cluster = client.core().place().first;
  if (!cluster.empty() && cluster != configuration.cluster_id) {
    return fail(ErrorCode::refused, "cluster_id is " + in_quotes(configuration.cluster_id) +
                                        ", the client's broker is of " + in_quotes(cluster));
  }
  auto impl = std::make_shared<Impl>(client, std::move(configuration), std::move(callbacks));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<CacheFederationBridge>(new CacheFederationBridge(std::move(impl)));
}

Result<Operation> CacheFederationBridge::send_cache_invalidation(
    const FederatedCacheKey& key, const InvalidationOptions& options) {
  if (auto checked = check_cluster_id(key.cluster_id); !checked) {
    return tl::unexpected(checked.error());
  }
  const auto timeout =
      timeout_ms(options.timeout, impl_->configuration.invalidation_timeout_seconds);
  if (!timeout) return tl::unexpected(timeout.error());
  CacheInvalidation invalidation;
  invalidation.address = key.address();
  invalidation.type = options.type;
  invalidation.targets = options.targets;
  invalidation.priority = options.priority;
  invalidation.reason = options.reason;
  invalidation.tracking = {options.wait, *timeout};
  return impl_->invalidate(invalidation);
}

Result<Operation> CacheFederationBridge::send_cache_replication(const FederatedCacheKey& key,
                                                                std::string_view value,
                                                                std::vector<std::string> targets,
                                                                const ReplicationOptions& options) {
  if (auto checked = check_cache_key(key); !checked) return tl::unexpected(checked.error());
  const CacheFederationConfiguration& configuration = impl_->configuration;
  const NamespaceReplication defaults = defaults_of(configuration, key.namespace_name);
  if (targets.empty() && defaults.router) {
    targets = defaults.router->targets(key.namespace_name, key.key);
  }
  if (targets.empty()) return fail(ErrorCode::malformed, "targets is empty, name at least one");
  const ReplicationStrategy strategy = options.strategy.value_or(*defaults.strategy);
  if (auto checked = check_strategy(configuration, strategy); !checked) {
    return tl::unexpected(checked.error());
  }
  const auto timeout = timeout_ms(options.timeout, configuration.replication_timeout_seconds);
  if (!timeout) return tl::unexpected(timeout.error());
  if (options.ttl < options.ttl.zero()) {
    return fail(ErrorCode::malformed,
                "ttl is " + std::to_string(options.ttl.count()) + " ms, at least 0 is allowed");
  }
  const bool is_sync = strategy > ReplicationStrategy::async;
  CacheReplication replication;
  replication.address = key.address();
  replication.strategy = strategy;
  replication.targets = std::move(targets);
  replication.priority = options.priority.value_or(is_sync ? 2.0 : 0.8);
  replication.ttl_ms = static_cast<std::uint64_t>(options.ttl.count());
  const WaitLevel usual = is_sync ? WaitLevel::applied : WaitLevel::accepted;
  replication.tracking = {options.wait.value_or(defaults.wait.value_or(usual)), *timeout};
  if (is_sync) replication.tracking.wait = std::max(replication.tracking.wait, WaitLevel::applied);
  const ReplicationPlan plan{strategy, options.quorum.value_or(defaults.quorum),
                             defaults.custom_strategy};
  return impl_->replicate(replication, value, plan);
}

Result<bool> CacheFederationBridge::complete_operation(std::uint64_t operation, bool success) {
  return impl_->complete(operation, success);
}
BridgeStatistics CacheFederationBridge::federation_statistics() const {
  return impl_->books.statistics();
}
Result<ClusterStatistics> CacheFederationBridge::cluster_statistics(
    std::string_view cluster) const {
  return impl_->books.of_cluster(cluster);
}
std::map<std::string, ClusterStatistics> CacheFederationBridge::all_cluster_statistics() const {
  return impl_->books.of_all_clusters();
}
HealthReport CacheFederationBridge::health() const { return impl_->books.health(); }
const CacheFederationConfiguration& CacheFederationBridge::configuration() const {
  return impl_->configuration;
}

}  // namespace mpreg
