#include "mpreg/client.h"

#include <random>

#include "base/text.h"
#include "client_core.h"
#include "message/cache_key.h"
#include "replication_driver.h"
#include "request_desk.h"
#include "wire/cache_codec.h"
#include "wire/packet_limits.h"

namespace mpreg {
namespace {

constexpr std::size_t kEndpointsMax = 64;
constexpr std::uint64_t kPublishWindowBytesMin = 64ULL << 10U;
// Four batches: credit is given back by the quarter, and no batch may have to wait for more.
constexpr std::uint64_t kReceiveWindowBytesMin = 256ULL << 10U;
constexpr std::uint64_t kWindowBytesMax = 1ULL << 30U;
constexpr std::chrono::milliseconds kTimeoutMax = std::chrono::hours(24);

Result<void> check_bytes(std::string_view field, std::uint64_t value, std::uint64_t least) {
  if (value >= least && value <= kWindowBytesMax) return {};
  return fail(ErrorCode::malformed, std::string(field) + " is " + std::to_string(value) + ", " +
                                        std::to_string(least) + " to " +
                                        std::to_string(kWindowBytesMax) + " bytes are allowed");
}

Result<void> check_time(std::string_view field, std::chrono::milliseconds value,
                        std::chrono::milliseconds least) {
  if (value >= least && value <= kTimeoutMax) return {};
  return fail(ErrorCode::malformed, std::string(field) + " is " + std::to_string(value.count()) +
                                        " ms, " + std::to_string(least.count()) + " to " +
                                        std::to_string(kTimeoutMax.count()) + " ms are allowed");
}

Result<void> check_texts(const ClientOptions& options) {
  if (options.name.size() > kClientNameBytesMax || find_invalid_utf8(options.name) ||
      find_control_character(options.name)) {
    return fail(ErrorCode::malformed, "name is " + in_quotes(options.name) + ", at most " +
                                          std::to_string(kClientNameBytesMax) +
                                          " bytes of UTF-8 without control characters are allowed");
  }
  return check_topic_prefix(options.topic_prefix);
}

Result<void> check(const ClientOptions& options) {
  constexpr std::chrono::milliseconds kNone{0};
  constexpr std::chrono::milliseconds kOne{1};
  for (auto checked :
       {check_texts(options), check_time("connect_timeout", options.connect_timeout, kNone),
        check_time("call_timeout", options.call_timeout, kOne),
        check_time("reconnect_min", options.reconnect_min, kOne),
        check_time("reconnect_max", options.reconnect_max, options.reconnect_min),
        check_time("close_timeout", options.close_timeout, kOne),
        check_bytes("publish_window_bytes", options.publish_window_bytes, kPublishWindowBytesMin),
        check_bytes("receive_window_bytes", options.receive_window_bytes,
                    kReceiveWindowBytesMin)}) {
    if (!checked) return checked;
  }
  return {};
}

Result<std::vector<Endpoint>> parse(const std::vector<std::string>& texts) {
  if (texts.empty() || texts.size() > kEndpointsMax) {
    return fail(ErrorCode::malformed, "endpoints has " + std::to_string(texts.size()) +
                                          " entries, 1 to " + std::to_string(kEndpointsMax) +
                                          " are allowed");
  }
  std::vector<Endpoint> endpoints;
  for (const std::string& text : texts) {
    auto endpoint = parse_dial_endpoint(text);
    if (!endpoint) return tl::unexpected(endpoint.error());
    endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

// Random, and never 0, which is nobody.
std::uint64_t random_id() {
  std::random_device device;
  std::uint64_t id = 0;
  while (id == 0) id = (static_cast<std::uint64_t>(device()) << 32U) | device();
  return id;
}

class SubscribedQueue final : public MessageQueue {
 public:
  SubscribedQueue(std::weak_ptr<ClientCore> core, std::shared_ptr<PullQueue> queue,
                  SubscriptionId id)
      : core_(std::move(core)), queue_(std::move(queue)), id_(id) {}
  ~SubscribedQueue() override {
    if (const auto core = core_.lock()) static_cast<void>(core->unsubscribe(id_));
  }
  SubscribedQueue(const SubscribedQueue&) = delete;
  SubscribedQueue& operator=(const SubscribedQueue&) = delete;

  Result<Item> pop(std::chrono::milliseconds timeout) override { return queue_->pop(timeout); }
  std::size_t size() const override { return queue_->size(); }
  SubscriptionId id() const override { return id_; }

 private:
  const std::weak_ptr<ClientCore> core_;
  const std::shared_ptr<PullQueue> queue_;
  const SubscriptionId id_;
};

}  // namespace

std::string_view name_of(ConnectionState state) {
  switch (state) {
    case ConnectionState::connecting:
      return "connecting";
    case ConnectionState::connected:
      return "connected";
    case ConnectionState::refused:
      return "refused";
    case ConnectionState::closed:
      return "closed";
  }
  return "unknown";
}

Result<Headers> headers_of(const Message& message) {
  if (message.encoded_headers.empty()) return Headers{};
  return decode_headers(message.encoded_headers);
}

Client::Client(std::shared_ptr<ClientCore> core)
    : core_(std::move(core)), requests_(std::make_unique<RequestDesk>(*core_)) {}
Client::~Client() { close(); }

Result<std::unique_ptr<Client>> Client::connect(ClientOptions options) {
  if (auto checked = check(options); !checked) return tl::unexpected(checked.error());
  auto endpoints = parse(options.endpoints);
  if (!endpoints) return tl::unexpected(endpoints.error());
  auto core = std::make_shared<ClientCore>(std::move(options), std::move(*endpoints), random_id());
  if (auto started = core->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Client>(new Client(std::move(core)));
}

Result<std::uint64_t> Client::publish(std::string_view topic, Bytes payload,
                                      const PublishOptions& options) {
  return core_->publish(topic, payload, options);
}
Result<Operation> Client::invalidate(const CacheInvalidation& invalidation) {
  return core_->invalidate(invalidation);
}
Result<Operation> Client::replicate(const CacheReplication& replication, std::string_view value) {
  return core_->replicate(replication, value);
}
Result<Operation> Client::replicate(const CacheReplication& replication, std::string_view value,
                                    std::unique_ptr<Strategy> strategy) {
  if (!strategy) return fail(ErrorCode::malformed, "the strategy is null");
  return ReplicationDriver::start(*core_, replication, value, std::move(strategy));
}
Result<bool> Client::complete_operation(std::uint64_t operation, bool success) {
  return core_->complete_operation(operation, success);
}
Result<void> Client::flush(std::chrono::milliseconds timeout) {
  return core_->flush(timeout, false);
}
Result<void> Client::drain(std::chrono::milliseconds timeout) {
  return core_->flush(timeout, true);
}
Result<SubscriptionId> Client::subscribe(std::vector<std::string> patterns,
                                         SubscriptionCallbacks callbacks,
                                         const SubscribeOptions& options) {
  return core_->subscribe(std::move(patterns), std::move(callbacks), nullptr, options);
}
Result<std::unique_ptr<MessageQueue>> Client::subscribe_queue(std::vector<std::string> patterns,
                                                              const SubscribeOptions& options,
                                                              std::uint64_t queue_bytes) {
  const std::weak_ptr<ClientCore> weak = core_;
  auto queue = std::make_shared<PullQueue>(queue_bytes, [weak] {
    if (const auto core = weak.lock()) core->wake();
  });
  auto id = core_->subscribe(std::move(patterns), {}, queue, options);
  if (!id) return tl::unexpected(id.error());
  return std::unique_ptr<MessageQueue>(
      std::make_unique<SubscribedQueue>(core_, std::move(queue), *id));
}
Result<void> Client::unsubscribe(SubscriptionId subscription) {
  return core_->unsubscribe(subscription);
}
Result<void> Client::barrier(std::chrono::milliseconds timeout) { return core_->barrier(timeout); }
Result<Message> Client::request(std::string_view topic, std::string_view payload,
                                const RequestOptions& options) {
  return requests_->request(topic, as_bytes(payload), options);
}
Result<std::uint64_t> Client::reply(const Message& request, std::string_view payload) {
  const auto asked = headers_of(request);
  if (!asked) return tl::unexpected(asked.error());
  if (asked->reply_to.empty()) {
    return fail(ErrorCode::refused, "the message on " + std::string(request.topic) +
                                        " asks for no reply: it has no reply_to");
  }
  Headers headers;
  headers.correlation_id = asked->correlation_id;
  PublishOptions options;
  options.headers = &headers;
  options.one_off_topic = true;
  return core_->publish(asked->reply_to, as_bytes(payload), options);
}
Result<CacheGot> Client::get(const CacheAddress& address) { return core_->get(address); }
Result<CacheGot> Client::get(const CacheAddress& address, const GetOptions& options) {
  return core_->get(address, options);
}
Result<ExclusiveKey> Client::acquire(const CacheAddress& address, const AcquireOptions& options) {
  return ExclusiveKey::acquire(core_, address, options);
}
Result<void> Client::release(const CacheAddress& address, FencingToken token) {
  ClaimAsk over;
  over.address = address;
  over.token = token;
  const auto released = core_->ask_claim(std::move(over));
  return released ? Result<void>() : tl::unexpected(released.error());
}
Result<std::string> Client::query(std::string_view question) { return core_->query(question); }
ConnectionStatus Client::status() const { return core_->status(); }
ClientStatistics Client::statistics() const { return core_->statistics(); }
std::uint64_t Client::id() const { return core_->id(); }
void Client::close() { core_->close(); }

}  // namespace mpreg
