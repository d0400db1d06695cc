#pragma once
// LoadDesk: one load runs per key of a namespace; whoever comes meanwhile may have its result. Any
// thread. It does not wait: see Load::when_over.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/as_of.h"
#include "base/error.h"
#include "near/near_store.h"

namespace mpreg {

// A load, from its beginning until nobody is interested in it any more. So long it holds the ticket
// of its last attempt, so that whoever joined it can tell whether its value still counts.
class Load {
 public:
  struct Outcome {
    Result<NearValue> value;
    AsOf as_of = {};               // When what gave the value began.
    NearStore::Ticket ticket = 0;  // Taken then.
  };

  Load(NearStore& store, NearStore::SpaceIndex space, std::string key)
      : store_(store), space_(space), key_(std::move(key)) {}
  ~Load() { release(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // ---- Of whoever loads.
  // A ticket for another attempt, and as of when it counts.
  void begin_attempt(Instant now);
  [[nodiscard]] NearStore::Ticket ticket() const { return ticket_; }
  void end(Result<NearValue> value);

  // ---- Of whoever joined.
  // Null until it is over.
  [[nodiscard]] const Outcome* outcome() const;
  // Calls `call` once, when it is over: at once if it is; else on the thread that ends it.
  void when_over(std::function<void()> call);

 private:
  void release();

  NearStore& store_;
  const NearStore::SpaceIndex space_;
  const std::string key_;
  NearStore::Ticket ticket_ = 0;  // Of whoever loads, as the next.
  AsOf as_of_;

  mutable std::mutex mutex_;
  // Guarded by mutex_; the outcome never changes once it is there.
  std::optional<Outcome> outcome_;
  std::vector<std::function<void()>> calls_;
};

class LoadDesk {
 public:
  LoadDesk(NearStore& store, NearStore::SpaceIndex space) : store_(store), space_(space) {}

  struct Place {
    std::shared_ptr<Load> load;
    bool is_ours = false;  // The caller loads, and calls leave().
  };
  [[nodiscard]] Place join(std::string_view key);
  // A load that nobody joins.
  [[nodiscard]] std::shared_ptr<Load> alone(std::string_view key) const;
  // It has ended, or will never.
  void leave(std::string_view key, const std::shared_ptr<Load>& load);

 private:
  NearStore& store_;
  const NearStore::SpaceIndex space_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Load>> loads_;  // Guarded by mutex_.
};

}  // namespace mpreg
