#pragma once
// What tests of Claims stand on: several clusters that hear of each other's records, each stream in
// its order.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coherence/claims.h"
#include "message/leases.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

inline constexpr milliseconds kLeaseMax{4000};

// What nodes do for their claims: they stamp, apply and hear; here under the hand of a test.
class Federation {
 public:
  struct Record {
    std::variant<CacheInvalidation, ClaimRecord> content;
    HybridTime version = 0;
  };
  struct Cluster {
    std::string name;
    std::unique_ptr<Claims> claims;
    std::vector<Record> stream;
    std::map<std::string, std::size_t> applied;  // By origin: so many records.
    std::map<std::string, Instant> heard;
    HybridClock clock;
    milliseconds skew{0};
    Instant started{};
    Number observed = kNumberMax;
    std::vector<std::pair<std::uint64_t, ClaimGranted>> granted;
    std::vector<std::pair<std::uint64_t, Answer>> refused;
  };

  explicit Federation(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      Cluster& one = clusters.emplace_back();
      one.name = std::string(1, static_cast<char>('a' + i));
      one.claims = std::make_unique<Claims>(one.name, kLeaseMax, ++lives_ << 32U);
      one.started = now_ - 1h;
    }
    for (Cluster& one : clusters) {
      for (const Cluster& other : clusters) one.heard[other.name] = now_;
    }
  }

  Instant now() const { return now_; }
  void pass(milliseconds time) { now_ += time; }
  void hear(Cluster& at, const Cluster& of) { at.heard[of.name] = now_; }

  Claims::Electorate electorate(const Cluster& at) const {
    Claims::Electorate all;
    for (const auto& [name, heard] : at.heard) {
      if (name == at.name || now_ - heard <= kLeaseMax + kLeaseMargin) all.needed.push_back(name);
    }
    all.majority = clusters.size() / 2 + 1;
    if (now_ - at.started > kLeaseMax + kLeaseMargin) return all;
    all.not_yet = "it has just started";
    for (const auto& [name, heard] : at.heard) {
      if (name != at.name && heard < at.started) all.may_have_forgotten = true;
    }
    return all;
  }

  void ask(Cluster& at, std::uint64_t client, const ClaimAsk& ask, std::string home = {}) {
    if (home.empty()) home = home_of(ask.address, electorate(at).needed);
    at.claims->ask(now_, ask, client, home);
  }

  void settle(Cluster& at) {
    for (;;) {
      Claims::Work work = at.claims->settle(
          now_, [&](StreamIndex /*stream*/) { return at.observed; }, electorate(at));
      at.clock.raise(work.clock_floor);
      for (auto& one : work.granted) at.granted.push_back(std::move(one));
      for (auto& one : work.refused) at.refused.push_back(std::move(one));
      if (work.claims.empty() && work.records.empty()) return;
      for (CacheInvalidation& claim : work.claims) {
        claim.claim->limit = limit(at, claim.claim->lease_ms);
        stamp(at, std::move(claim));
      }
      for (ClaimRecord& record : work.records) {
        if (record.step == ClaimStep::renew) record.limit = limit(at, record.lease_ms);
        stamp(at, std::move(record));
      }
    }
  }

  // The next record of a stream.
  bool deliver(Cluster& from, Cluster& to) {
    std::size_t& applied = to.applied[from.name];
    if (applied == from.stream.size()) return false;
    const Record& record = from.stream[applied++];
    (void)to.clock.observe(record.version, wall(to), 1h);
    const auto stream = static_cast<StreamIndex>(from.name[0] - 'a');
    if (const auto* claim = std::get_if<CacheInvalidation>(&record.content)) {
      to.claims->take(now_, *claim, {record.version, from.name}, stream, applied);
    } else {
      to.claims->take(now_, std::get<ClaimRecord>(record.content), from.name);
    }
    return true;
  }

  // What a gap does: it never comes.
  static void lose(const Cluster& from, Cluster& to) { to.applied[from.name] = from.stream.size(); }

  // Until nothing is under way between those that are named, or all.
  void run(const std::set<std::string>& among = {}) {
    const auto is_in = [&](const Cluster& one) {
      return among.empty() || among.count(one.name) > 0;
    };
    for (bool is_busy = true; is_busy;) {
      is_busy = false;
      for (Cluster& from : clusters) {
        for (Cluster& to : clusters) {
          if (!is_in(from) || !is_in(to)) continue;
          hear(to, from);
          is_busy = (from.name != to.name && deliver(from, to)) || is_busy;
        }
      }
      for (Cluster& one : clusters) {
        const std::size_t before = one.stream.size();
        if (is_in(one)) settle(one);
        is_busy = is_busy || one.stream.size() != before;
      }
    }
  }

  void restart(Cluster& one) {
    one.claims = std::make_unique<Claims>(one.name, kLeaseMax, ++lives_ << 32U);
    one.started = now_;
  }

  Result<void> write(Cluster& at, const CacheAddress& address, FencingToken token,
                     HybridTime* version = nullptr) {
    auto may = at.claims->check_write(now_, address, token, at.clock.next(wall(at)));
    if (may && version != nullptr) *version = at.clock.issue(wall(at));
    return may;
  }

  std::deque<Cluster> clusters;
  milliseconds slack{200};  // Beyond the lease, in the limit.

 private:
  WallTime wall(const Cluster& at) const {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()) +
                    at.skew);
  }
  HybridTime limit(const Cluster& at, std::uint32_t lease_ms) const {
    return at.clock.next(wall(at)) +
           (static_cast<HybridTime>((milliseconds(lease_ms) + slack).count())
            << kHybridCounterBits);
  }
  template <typename Content>
  void stamp(Cluster& at, Content content) {
    at.stream.push_back({std::move(content), at.clock.issue(wall(at))});
    (void)deliver(at, at);
  }

  Instant now_{24h};
  std::uint64_t lives_ = 0;
};

inline const CacheAddress kKey{"stock", "4711", "", 1, "default"};

inline ClaimAsk asking(std::uint64_t request, milliseconds lease = 1000ms,
                       milliseconds wait = 0ms) {
  ClaimAsk ask;
  ask.request = request;
  ask.address = kKey;
  ask.lease_ms = static_cast<std::uint32_t>(lease.count());
  ask.wait_ms = static_cast<std::uint32_t>(wait.count());
  return ask;
}

inline ClaimAsk again(std::uint64_t request, FencingToken token, milliseconds lease) {
  ClaimAsk ask = asking(request, lease);
  ask.token = token;
  return ask;
}

}  // namespace mpreg
