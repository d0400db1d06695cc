#pragma once
// Client: one service's connection to the broker of its cluster. Thread-safe: any thread may call
// anything, also in a callback (where nothing waits). A publish leaves on the caller's thread; one
// thread of the client receives, runs the callbacks and keeps the connection.
//
// A lost connection is made again, to the next endpoint, and resumed: what was published and not
// accepted is sent again and applied once; what was missed is delivered, or a Gap says what is
// lost.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/cache_messages.h"
#include "mpreg/client_options.h"
#include "mpreg/exclusive_key.h"
#include "mpreg/operation.h"
#include "mpreg/replication_strategy.h"
#include "mpreg/subscription.h"

namespace mpreg {

struct PublishOptions {
  // Return when the broker has accepted it (or the call's timeout has passed).
  bool wait_accepted = false;
  std::chrono::milliseconds timeout{0};  // 0: ClientOptions::call_timeout.
  const Headers* headers = nullptr;      // Borrowed for the call.
  // The topic is not used again, such as that of a reply: no broker keeps a place for it.
  bool one_off_topic = false;
};

struct RequestOptions {
  std::chrono::milliseconds timeout{0};  // Until the reply; 0: ClientOptions::call_timeout.
  const Headers* headers = nullptr;      // Borrowed for the call; reply_to is filled in.
};

// Never reset.
struct ClientStatistics {
  std::uint64_t published = 0;  // Operations numbered.
  std::uint64_t accepted = 0;   // Of them, up to which number the broker has answered for all.
  std::uint64_t refused = 0;
  std::uint64_t batches_sent = 0;
  std::uint64_t batches_repeated = 0;
  std::uint64_t would_block = 0;
  std::uint64_t delivered = 0;  // Once per subscription.
  std::uint64_t duplicates = 0;
  std::uint64_t gaps = 0;
  std::uint64_t batches_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t connections = 0;  // Those a broker welcomed; one that is stopping does not.
  std::uint64_t packets_refused = 0;
  std::uint64_t callback_exceptions = 0;
  std::uint64_t tracked_operations = 0;  // Now.
};

class ClientCore;
class RequestDesk;

struct GetOptions {
  std::string cluster;     // Whose store; empty: the own one.
  bool with_value = true;  // Otherwise the state and the version alone.
};

class Client {
 public:
  // Starts the receiving thread and waits for the welcome as the options say. Errors: `malformed`
  // for an option (named, with its range), `timed_out` when no broker answered, `refused` and
  // others as the broker said.
  [[nodiscard]] static Result<std::unique_ptr<Client>> connect(ClientOptions options);

  // As close().
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // ---- Publishing. The payload is copied; at most what the broker allows (1 MiB by default).
  // Topics: 1 to 255 bytes, words separated by dots, no wildcards. Each returns the operation's
  // number. Errors: `malformed`, `overloaded` (nothing was published), `disconnected` when the
  // client is closed or refused. With wait_accepted also `refused`, and `timed_out`: it may still
  // happen.

  Result<std::uint64_t> publish(std::string_view topic, Bytes payload,
                                const PublishOptions& options = {});
  Result<std::uint64_t> publish(std::string_view topic, std::string_view payload,
                                const PublishOptions& options = {}) {
    return publish(topic, as_bytes(payload), options);
  }

  // The handle ends when the level `tracking.wait` is reached. Rules of the values: `malformed`.
  [[nodiscard]] Result<Operation> invalidate(const CacheInvalidation& invalidation);
  [[nodiscard]] Result<Operation> replicate(const CacheReplication& replication,
                                            std::string_view value);
  // As the strategy says: mpreg/replication_strategy.h. Its exceptions are not passed on.
  [[nodiscard]] Result<Operation> replicate(const CacheReplication& replication,
                                            std::string_view value,
                                            std::unique_ptr<Strategy> strategy);
  // Ends a tracked operation by hand. False: there is no such operation.
  [[nodiscard]] Result<bool> complete_operation(std::uint64_t operation, bool success);

  // Returns when everything published before is accepted or refused. timeout 0: call_timeout.
  Result<void> flush(std::chrono::milliseconds timeout = {});
  // As flush, and until every tracked operation has ended.
  Result<void> drain(std::chrono::milliseconds timeout = {});

  // ---- Subscribing. 1 to 65,536 patterns, 131,072 and 7 MiB over all of
  // them (the broker may allow less): `*` is one word, `#` any
  // number. A message comes once however many of the patterns match.

  [[nodiscard]] Result<SubscriptionId> subscribe(std::vector<std::string> patterns,
                                                 SubscriptionCallbacks callbacks,
                                                 const SubscribeOptions& options = {});
  [[nodiscard]] Result<std::unique_ptr<MessageQueue>> subscribe_queue(
      std::vector<std::string> patterns, const SubscribeOptions& options = {},
      std::uint64_t queue_bytes = kQueueBytesDefault);
  // After it returns no callback of the subscription runs or starts (but the one it is called in).
  Result<void> unsubscribe(SubscriptionId subscription);

  // Returns when every member of the federation knows this client's subscriptions: what anybody
  // publishes from now on is delivered. Errors: `timed_out` names the members that are missing.
  Result<void> barrier(std::chrono::milliseconds timeout = {});

  // ---- Request and reply. A request is a message with a `reply_to` of its own; a service that is
  // subscribed to its topic, in any cluster, replies to it.

  // The first reply. Errors: as publish, and `timed_out` when none came; the request may have been
  // served all the same. Not in a callback.
  [[nodiscard]] Result<Message> request(std::string_view topic, std::string_view payload,
                                        const RequestOptions& options = {});
  // Publishes the reply, with the request's correlation_id. Errors: `refused` when the message asks
  // for no reply; as publish.
  Result<std::uint64_t> reply(const Message& request, std::string_view payload);

  // What the cluster's own store holds of an entry: the values that were replicated to this
  // cluster, as far as they still count. Errors: `malformed`, `timed_out`, `disconnected`.
  [[nodiscard]] Result<CacheGot> get(const CacheAddress& address);
  // What another cluster's store holds, by way of the brokers. Errors besides: `refused` for one
  // that is no member, `disconnected` too when it cannot be reached.
  [[nodiscard]] Result<CacheGot> get(const CacheAddress& address, const GetOptions& options);

  // This key for this client alone, in all clusters: mpreg/exclusive_key.h. Not in a callback.
  [[nodiscard]] Result<ExclusiveKey> acquire(const CacheAddress& address,
                                             const AcquireOptions& options = {});

  // Of a key that was given away.
  Result<void> release(const CacheAddress& address, FencingToken token);

  // An operator's question to the broker ("stats", "members", "links", "sessions", "streams"):
  // JSON.
  [[nodiscard]] Result<std::string> query(std::string_view question);

  // ---- About the client.

  [[nodiscard]] ConnectionStatus status() const;
  [[nodiscard]] ClientStatistics statistics() const;
  [[nodiscard]] std::uint64_t id() const;  // Random; part of the identity of its operations.

  // Lingers as the options say so that what was published is accepted, says goodbye, ends what is
  // pending as failed, and stops the thread. Must not be called in a callback.
  void close();

  // For the parts of this library that stand on a client.
  [[nodiscard]] ClientCore& core() { return *core_; }

 private:
  explicit Client(std::shared_ptr<ClientCore> core);
  std::shared_ptr<ClientCore> core_;
  std::unique_ptr<RequestDesk> requests_;
};

}  // namespace mpreg
