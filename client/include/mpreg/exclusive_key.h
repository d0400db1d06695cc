#pragma once
// ExclusiveKey: a key that one client in the federation may write, for as long as its lease runs.
//
//   auto key = client->acquire({"stock", "4711"}, {.lease = 10s, .wait = 5s});
//   if (!key) return key.error();          // Held by another, or a cluster has not answered.
//   auto left = database.read("4711");
//   stock.put("4711", left - 1, {.token = key->token()});
//
// No two hold a key at once, in any cluster (docs/guarantees.md); no cluster has a copy that is
// older than the acquisition. Who has lost it, perhaps without knowing, has its writes refused: by
// its broker, which knows the token; by a database too, if it keeps the greatest token that it has
// seen and refuses smaller ones. Writes by others are refused while it is held. Invalidations are
// not.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "message/cache_messages.h"

namespace mpreg {

class ClientCore;

struct AcquireOptions {
  std::chrono::milliseconds lease{10'000};  // 100 ms to --claim-lease-max of the brokers (30 s).
  std::chrono::milliseconds wait{0};        // So long while another holds it; at most 60 s.
};

// Movable; the destructor releases what is held. Not thread-safe. Errors: `refused` when another
// holds the key, or it is not held any more; `timed_out` names the clusters that have not accepted.
class ExclusiveKey {
 public:
  ExclusiveKey(ExclusiveKey&&) noexcept;
  ExclusiveKey& operator=(ExclusiveKey&&) noexcept;
  ~ExclusiveKey();

  // Greater than that of everybody who has held the key before.
  [[nodiscard]] FencingToken token() const;
  // Of the lease, which runs from the moment at which this client asked for it: so it ends here
  // before it ends anywhere else.
  [[nodiscard]] std::chrono::milliseconds left() const;
  [[nodiscard]] bool holds() const { return left().count() > 0; }
  // The cluster that granted it.
  [[nodiscard]] const std::string& home() const;

  // For so long from now on. Not in a callback.
  Result<void> renew(std::chrono::milliseconds lease);
  Result<void> release();
  // Nobody releases it but the end of the lease, and whoever has the token: Client::release.
  void give_away();

 private:
  friend class Client;
  struct Held;
  explicit ExclusiveKey(std::unique_ptr<Held> held);
  [[nodiscard]] static Result<ExclusiveKey> acquire(std::shared_ptr<ClientCore> core,
                                                    const CacheAddress& address,
                                                    const AcquireOptions& options);
  std::unique_ptr<Held> held_;
};

}  // namespace mpreg
