#pragma once
// Claims: who alone may write a key, for a while. Every broker has one, and all of them hear the
// same records (message/claim_messages.h), each stream in its order.
//
// A cluster asks the home of the key. The home claims the key for one that asked at a time. A
// member that hears of a claim waits until what it knows of an earlier one is over, takes no
// other's write of the key any more, and says that it accepts once its near caches hold nothing
// older. The claim holds when more than half of the members have accepted it, and all that have not
// been silent for longer than any lease; and so is each renewal. As each says so in its stream, the
// holder knows by then what was written before. Who has just started, and has not heard of every
// member yet, waits with its word: it may have forgotten an earlier claim.
//
// So two claims cannot hold at once, whoever believes to be the home of the key: some member that
// both need accepts the second when the first is over. The home is where those that ask wait in a
// row. Leases run by the monotonic clock, at the holder from when it asked, elsewhere from when
// they heard of it: it ends first at the holder. What a holder writes has versions below the
// claim's limit, and after a lease that ran out clocks are raised to that: so what it wrote last,
// and nobody has heard of yet, is older than all that its successors write. (Leases: Gray and
// Cheriton, SOSP 1989. Fencing tokens as in Chubby: Burrows, OSDI 2006, section 2.4.)

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "message/claim_messages.h"
#include "message/session_messages.h"
#include "stream/stream_table.h"

namespace mpreg {

// The home of a key among clusters, by rendezvous hashing (Thaler and Ravishankar, 1998): it moves
// only when its home goes, or a better one comes. Empty when there are none.
[[nodiscard]] std::string_view home_of(const CacheAddress& address,
                                       const std::vector<std::string>& clusters);

class Claims {
 public:
  static constexpr std::size_t kClaimsMax = 100'000;  // Of each kind that is kept.
  static constexpr std::chrono::milliseconds kLeaseMin{100};
  static constexpr std::chrono::milliseconds kLeaseLimit{600'000};  // Whoever grants it.
  static constexpr std::chrono::milliseconds kWaitMax{60'000};
  static constexpr std::chrono::milliseconds kAskAgain{2'000};
  static constexpr std::chrono::milliseconds kAnswerGrace{5'000};  // Beyond what the home may wait.

  // `lease_max`: the same at all brokers. `instance`: a number that no other life of a broker has.
  Claims(std::string cluster, std::chrono::milliseconds lease_max, std::uint64_t instance);

  // What is to be done, in this order; the records and claims are stamped and come back by take().
  struct Work {
    HybridTime clock_floor = 0;             // To which the clock is raised first.
    std::vector<CacheInvalidation> claims;  // Without their limits; so are renewals.
    std::vector<ClaimRecord> records;
    std::vector<std::pair<std::uint64_t, ClaimGranted>> granted;  // By client.
    std::vector<std::pair<std::uint64_t, Answer>> refused;

    [[nodiscard]] bool empty() const {
      return clock_floor == 0 && claims.empty() && records.empty() && granted.empty() &&
             refused.empty();
    }
  };

  // A session asks; the address is checked.
  void ask(Instant now, const ClaimAsk& ask, std::uint64_t client, std::string_view home);

  // What has been applied: a claim, at its place; what was said about one, by a cluster.
  void take(Instant now, const CacheInvalidation& fact, ClaimId claim, StreamIndex stream,
            Number number);
  void take(Instant now, const ClaimRecord& record, const std::string& origin);

  // This broker stops. What was granted stays so until its lease ends: who holds it may believe so.
  void give_up();
  // The own stream has begun another incarnation, and nobody heard the one before.
  void renumbered(Instant now);

  // Time has passed, or what is asked here may have changed: how far near caches have observed a
  // stream, and whose word is needed.
  using Observed = std::function<Number(StreamIndex)>;
  struct Electorate {
    std::vector<std::string> needed;  // Who has not been silent for too long.
    std::size_t majority = 1;         // Of all members.
    std::string not_yet = {};         // Why nothing can be granted now, or empty.
    bool may_have_forgotten = false;  // What an earlier life of this broker had accepted.
  };
  [[nodiscard]] Work settle(Instant now, const Observed& observed, const Electorate& electorate);
  // Whether settle has something to do before time passes.
  [[nodiscard]] bool is_due() const { return has_changed_ || !due_.empty(); }
  [[nodiscard]] bool empty() const {
    return held_.empty() && due_.empty() && acquisitions_.empty() && queues_.empty();
  }

  // May a write of one key be stamped, with this token (0: none) and a version of about `next`?
  [[nodiscard]] Result<void> check_write(Instant now, const CacheAddress& address,
                                         FencingToken fence, HybridTime next) const;

  struct View {
    ClaimId claim;
    std::string holder;
    std::chrono::milliseconds left{};
    bool is_ours = false;  // Granted to this cluster, and not only claimed.
  };
  [[nodiscard]] std::optional<View> view(Instant now, const CacheAddress& address) const;
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::uint32_t>;
  struct Held {
    ClaimId claim;
    std::string holder;
    std::uint64_t client = 0;
    HybridTime limit = 0;
    Instant until{};
  };
  struct Due {  // A claim that we have not accepted yet.
    CacheAddress address;
    Held claim;
    std::chrono::milliseconds lease{};
    StreamIndex stream = 0;
    Number number = 0;
    bool is_installed = false;
    std::uint64_t round = 0;  // Of a renewal, its number.
    Instant not_before{};  // A near cache may not have heard before that we have missed something.
    Instant until{};
  };
  struct Round {  // A renewal, until all have accepted it.
    std::uint64_t number = 0;
    Instant asked{};
    std::chrono::milliseconds lease{};
    HybridTime limit = 0;  // 0: the home has not answered.
    std::set<std::string> accepted = {};
    // Who wants to hear of it; client 0: nobody.
    std::uint64_t client = 0;
    std::uint64_t request = 0;
  };
  struct Acquisition {  // Of a client of this cluster.
    CacheAddress address;
    std::string home;
    std::uint64_t request = 0;
    Instant begun{};
    Instant asked{};  // The home, first and last.
    Instant asked_again{};
    std::chrono::milliseconds lease{};
    std::chrono::milliseconds wait{};
    bool is_said = false;  // To the home.
    ClaimId claim = {};    // Token 0: nothing came yet.
    HybridTime limit = 0;
    // Who has accepted what about this key; it may come before the claim.
    std::map<ClaimId, std::set<std::string>> accepted = {};
    std::vector<Round> rounds = {};  // Ascending by number.
    bool is_granted = false;
    FencingToken token = 0;       // As the client was told: a later claim for it may have followed.
    Instant until{};              // Of the lease, which runs from when it was asked for.
    std::uint64_t first_ask = 0;  // How often the home was asked, it was with numbers from this
    std::uint64_t ask = 0;        // to this.

    [[nodiscard]] Instant answer_by() const { return begun + wait + kAnswerGrace; }
    [[nodiscard]] bool has_asked(std::uint64_t number) const {
      return is_said && number >= first_ask && number <= ask;
    }
    [[nodiscard]] bool is_held(FencingToken by, Instant now) const {
      return is_granted && token == by && now < until;
    }
    void begin_again() {
      claim = {};
      accepted.clear();
      rounds.clear();
      is_said = false;
    }
  };
  using AcquisitionKey = std::pair<Key, std::uint64_t>;  // And the client.
  struct Asked {
    ClaimRecord record;
    Instant until{};
  };

  [[nodiscard]] static Key key_of(const CacheAddress& address);
  [[nodiscard]] const Held* held(Instant now, const Key& key) const;
  [[nodiscard]] bool is_due(const Key& key) const;
  void renew_or_release(Instant now, const ClaimAsk& ask, std::uint64_t client,
                        std::string_view home);
  void ask_home(Instant now, std::uint64_t client, Acquisition& own, const Electorate& electorate);
  Round& begin_round(Instant now, Acquisition& own, std::uint64_t client, std::string_view home,
                     std::chrono::milliseconds lease);
  void take_ask(Instant now, const ClaimRecord& record);
  void take_renewal(Instant now, const ClaimRecord& record);
  void accept_again(Instant now, const ClaimRecord& renewal, const Held& claim, bool is_missed);
  void take_refusal(const ClaimRecord& record);
  void yield(const Key& key, const ClaimId& other, const ClaimGrant& grant);
  void end(const CacheAddress& address, const ClaimId& claim);
  void refuse(const ClaimRecord& asked, std::string reason);
  void say(ClaimRecord record);
  void say_over(const CacheAddress& address, const ClaimId& claim, std::uint64_t client = 0,
                std::uint64_t ask = 0);
  void say_accepted(const CacheAddress& address, const ClaimId& claim, std::uint64_t round);
  void answer(std::uint64_t client, std::uint64_t request, ErrorCode code, std::string text);
  void grant(Instant now, std::uint64_t client, std::uint64_t request, const Acquisition& own);
  void expect_expiry(Instant until) { next_expiry_ = std::min(next_expiry_, until); }
  void expire(Instant now);
  void settle_due(Instant now, const Observed& observed, const Electorate& electorate);
  void settle_acquisitions(Instant now, const Electorate& electorate);
  void settle_rounds(Instant now, Acquisition& own, const Electorate& electorate);
  void settle_grant(Instant now, std::uint64_t client, Acquisition& own,
                    const Electorate& electorate);
  [[nodiscard]] static std::string what_is_missing(const std::set<std::string>& accepted,
                                                   const Electorate& electorate);
  [[nodiscard]] static std::string why_not(const Acquisition& own, const Electorate& electorate);
  void settle_queues(Instant now);

  std::string cluster_;
  const std::chrono::milliseconds lease_max_;
  bool has_changed_ = false;
  std::uint64_t asks_;  // The last number of what was said here.
  Work work_;
  std::map<Key, Held> held_;
  Instant next_expiry_ = Instant::max();  // No lease that is known runs out before.
  std::vector<Due> due_;
  std::map<AcquisitionKey, Acquisition> acquisitions_;
  std::map<Key, std::deque<Asked>> queues_;  // Of keys whose home we are.
  std::size_t queued_ = 0;
};

}  // namespace mpreg
