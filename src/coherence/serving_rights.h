#pragma once
// ServingRights: until when what a near cache holds may be served, and as what. The times are those
// of message/leases.h. One thread tells what has happened, in its place among the facts; any thread
// asks, without a lock.
//
// Who reads takes the time first, then the right, then the value: if the right covers the time, the
// value was right at that moment of the read.

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/as_of.h"
#include "base/time.h"
#include "message/leases.h"
#include "message/session_messages.h"

namespace mpreg {

// Of a namespace, at a moment.
enum class CoherenceState : std::uint8_t {
  coherent,   // Every invalidation has come, or would have been missed too recently to matter.
  degraded,   // A cluster that may write has been silent for too long.
  repairing,  // Connected; what was missed has not all come yet.
  suspect,    // The lease is out: nothing is known.
};
[[nodiscard]] std::string_view name_of(CoherenceState state);

class ServingRights {
 public:
  // What is known of one set of writers. Lives as long as the ServingRights.
  class Scope {
   public:
    [[nodiscard]] Instant until() const {
      return Instant(Duration(until_.load(std::memory_order_acquire)));
    }

   private:
    friend class ServingRights;
    std::vector<std::string> writers_;  // Clusters; empty: all members.
    std::atomic<Duration::rep> until_{0};
  };

  // Any thread. The clusters that may write; empty: all.
  [[nodiscard]] const Scope* add_scope(std::vector<std::string> writers);

  // Any thread: facts come completely from here on.
  void subscribed() { is_subscribed_.store(true, std::memory_order_release); }

  // ---- The one thread. A broker has welcomed us. Another life of one, or another one, may not
  // know of every cluster: those that were vouched for stay awaited until it names them. Endpoints
  // do not: it has its own.
  void begin(std::uint64_t instance);
  void end();
  // `as_of`: of the broker's answer, that is from when it was asked.
  void renew(AsOf as_of, bool is_behind, const std::vector<Vouch>& vouches);
  // An operator has forgotten the cluster while nobody was there to tell.
  void forget(const std::string& cluster);

  // ---- Any thread.
  [[nodiscard]] CoherenceState state(Instant now, const Scope& scope) const;
  [[nodiscard]] bool is_connected() const { return is_connected_.load(std::memory_order_acquire); }
  [[nodiscard]] Instant lease_until() const {
    return Instant(Duration(lease_until_.load(std::memory_order_acquire)));
  }

 private:
  void publish();
  [[nodiscard]] Instant until_of(const Scope& scope) const;

  std::atomic<Duration::rep> lease_until_{0};
  std::atomic<bool> is_connected_{false};
  std::atomic<bool> is_subscribed_{false};
  std::uint64_t instance_ = 0;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::string, Lease> origins_;  // What each was vouched for.
  std::set<std::string> named_;           // By this life of this broker, last.
  std::set<std::string> endpoints_;       // Of these: of neighbours that it has never reached.
  std::deque<Scope> scopes_;
};

}  // namespace mpreg
