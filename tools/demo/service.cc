#include "tools/demo/service.h"

#include <charconv>
#include <optional>

#include "wire/cache_codec.h"

namespace mpreg::demo {
namespace {

constexpr std::string_view kNamespace = "catalog";
constexpr std::string_view kKeyPrefix = "item-";
constexpr std::size_t kValueBytes = 256;
constexpr std::uint32_t kTimeoutMs = 30'000;
// A demonstration should not wait for a patient client.
constexpr std::chrono::milliseconds kReconnectMax{250};

std::vector<std::string> without(std::vector<std::string> names, std::size_t index) {
  names.erase(names.begin() + static_cast<std::ptrdiff_t>(index));
  return names;
}

CacheAddress address_of(std::uint64_t item) {
  CacheAddress address;
  address.namespace_name = kNamespace;
  address.key = std::string(kKeyPrefix) + std::to_string(item);
  return address;
}

std::optional<std::uint64_t> item_of(const CacheAddress& address) {
  std::string_view text = address.key;
  if (address.namespace_name != kNamespace || !text.starts_with(kKeyPrefix)) return std::nullopt;
  text.remove_prefix(kKeyPrefix.size());
  std::uint64_t item = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), item);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return item;
}

}  // namespace

Service::Service(Ledger& ledger, std::vector<std::string> clusters, std::size_t cluster)
    : ledger_(ledger), cluster_(cluster), others_(without(std::move(clusters), cluster)) {}

Result<void> Service::start(const std::string& endpoint) {
  ClientOptions options;
  options.endpoints = {endpoint};
  options.name = "mpreg demo";
  options.reconnect_max = kReconnectMax;
  options.on_connection = [this](const ConnectionStatus& status) {
    if (status.state == ConnectionState::connected) ledger_.connected(cluster_);
  };
  const std::string prefix = options.topic_prefix;
  auto client = Client::connect(std::move(options));
  if (!client) return tl::unexpected(client.error());
  client_ = std::move(*client);
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [this](const Message& message) { on_message(message); };
  callbacks.on_gap = [this](const Gap& gap) { ledger_.received_gap(cluster_, gap); };
  const auto subscribed = client_->subscribe(
      {prefix + ".invalidation.#", prefix + ".replication.#"}, std::move(callbacks));
  if (!subscribed) return tl::unexpected(subscribed.error());
  return {};
}

Result<void> Service::send(Sort sort) {
  const Tracking tracking{WaitLevel::applied, kTimeoutMs};
  const std::uint64_t item = ledger_.begin(sort, cluster_);
  Result<Operation> operation;
  if (sort == Sort::invalidation) {
    CacheInvalidation invalidation;
    invalidation.address = address_of(item);
    invalidation.reason = "demonstration";
    invalidation.tracking = tracking;
    operation = client_->invalidate(invalidation);
  } else {
    CacheReplication replication;
    replication.address = address_of(item);
    replication.strategy = ReplicationStrategy::sync;
    replication.targets = others_;
    replication.tracking = tracking;
    operation = client_->replicate(replication, std::string(kValueBytes, 'v'));
  }
  if (!operation) return tl::unexpected(operation.error());
  operation->then(
      [&ledger = ledger_, item](const OperationResult& result) { ledger.ended(item, result); });
  return {};
}

void Service::on_message(const Message& message) {
  std::optional<std::uint64_t> item;
  auto sort = Sort::invalidation;
  if (message.kind == RecordKind::replication) return;  // Its value is what counts here.
  if (message.kind == RecordKind::invalidation) {
    if (const auto fact = decode_invalidation(message.payload)) item = item_of(fact->address);
  } else if (message.kind == RecordKind::value) {
    sort = Sort::replication;
    if (const auto value = decode_value(message.payload)) item = item_of(value->address);
  }
  if (!item) {
    ledger_.received_unknown(cluster_);
    return;
  }
  ledger_.received(cluster_, sort, *item, *message.stream, message.number);
}

}  // namespace mpreg::demo
