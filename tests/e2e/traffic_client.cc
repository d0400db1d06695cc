#include "traffic_client.h"

#include <charconv>
#include <optional>

#include "wire/cache_codec.h"

namespace mpreg::traffic {
namespace {

constexpr const char* kNamespace = "traffic";
// A test should not wait for a patient client.
constexpr std::chrono::milliseconds kReconnectMax{250};

std::optional<TrafficLedger::Item> item_of(std::string_view text) {
  TrafficLedger::Item item = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), item);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return item;
}

std::optional<TrafficLedger::Item> item_of(const Message& message) {
  if (message.kind == RecordKind::event) return item_of(message.text());
  if (message.kind != RecordKind::invalidation) return std::nullopt;
  const auto fact = decode_invalidation(message.payload);
  if (!fact || fact->address.namespace_name != kNamespace) return std::nullopt;
  return item_of(fact->address.key);
}

}  // namespace

Result<void> TrafficClient::open(const std::vector<std::string>& endpoints) {
  ClientOptions options;
  options.endpoints = endpoints;
  options.name = name_;
  options.reconnect_max = kReconnectMax;
  options.when_full = WhenFull::overloaded;
  auto client = Client::connect(std::move(options));
  if (!client) return tl::unexpected(client.error());
  client_ = std::move(*client);
  number_ = ledger_.add_client(name_, client_->status().cluster);
  return {};
}

Result<void> TrafficClient::subscribe(const std::vector<std::string>& patterns) {
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [this](const Message& message) { on_message(message); };
  callbacks.on_gap = [this](const Gap& gap) { ledger_.received_gap(number_, gap); };
  ledger_.subscribe(number_, patterns);
  const auto subscription = client_->subscribe(patterns, std::move(callbacks));
  if (!subscription) return tl::unexpected(subscription.error());
  subscriptions_.push_back(*subscription);
  return {};
}

Result<void> TrafficClient::barrier(std::chrono::milliseconds timeout) {
  auto done = client_->barrier(timeout);
  if (done && !subscriptions_.empty()) ledger_.expect(number_);
  return done;
}

Result<void> TrafficClient::unsubscribe() {
  ledger_.release(number_);
  for (const SubscriptionId subscription : subscriptions_) {
    if (auto done = client_->unsubscribe(subscription); !done) return done;
  }
  subscriptions_.clear();
  return {};
}

Result<void> TrafficClient::storm(const std::string& prefix, std::size_t count) {
  for (const SubscriptionId subscription : storm_) {
    if (auto done = client_->unsubscribe(subscription); !done) return done;
  }
  storm_.clear();
  SubscribeOptions options;
  options.wait = false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto subscription =
        client_->subscribe({prefix + "." + std::to_string(i) + ".*"}, {}, options);
    if (!subscription) return tl::unexpected(subscription.error());
    storm_.push_back(*subscription);
  }
  return {};
}

Result<void> TrafficClient::send(Sort sort, const std::string& topic) {
  const TrafficLedger::Item item = ledger_.begin(number_, sort, topic);
  const std::string text = std::to_string(item);
  Result<void> sent;
  if (sort == Sort::event) {
    if (const auto done = client_->publish(topic, text); !done) sent = tl::unexpected(done.error());
  } else {
    CacheInvalidation invalidation;
    invalidation.address.namespace_name = kNamespace;
    invalidation.address.key = text;
    if (const auto done = client_->invalidate(invalidation); !done) {
      sent = tl::unexpected(done.error());
    }
  }
  if (!sent) ledger_.refused(item);
  return sent;
}

void TrafficClient::on_message(const Message& message) {
  const auto item = item_of(message);
  if (!item) return ledger_.received_unknown(number_);
  ledger_.received(number_, *item, *message.stream, message.number);
}

}  // namespace mpreg::traffic
