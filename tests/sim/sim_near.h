#pragma once
// SimNear: the near cache of one client of a world. What decides is what ships (NearFeed,
// near_look, NearRead, ClusterHelp and what they stand on); here is what a thread of an application
// does around it: it reads, loads from a source that takes its time, writes what is its own to
// write, and now and then the whole process stands still.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coherence/serving_rights.h"
#include "loading/near_feed.h"
#include "loading/near_look.h"
#include "loading/near_read.h"
#include "near/near_store.h"
#include "near_check.h"
#include "session/client_session.h"
#include "stage.h"

namespace mpreg::sim {

class SimNear {
 public:
  static constexpr std::uint32_t kSubscription = 60;

  // The process around it.
  struct Process {
    std::function<void()> pump;                // What the session has to send leaves.
    std::function<Instant()> awake_at;         // It stands still until then.
    std::function<void(std::uint64_t)> asked;  // A request that is answered some time.
  };
  SimNear(std::uint32_t client, Stage& stage, ClientSession& session, Process process);

  [[nodiscard]] Subscription subscription() const;

  // Nothing is held before the broker has confirmed the subscription.
  [[nodiscard]] bool is_active() const { return is_active_; }

  // ---- What the session tells, in its order.
  void on_state(SessionState state);
  void on_subscribed(const Subscribed& subscribed);
  void on_withdrawn(const WithdrawnWrite& write);
  void on_delivery(const Delivery& delivery);
  void on_gap(const Gap& gap);
  void on_lease(const LeaseRenewal& renewal);
  void on_accepted(std::uint64_t through);
  void on_refused(std::uint64_t operation);
  void on_outcome(const OperationOutcome& outcome);
  void on_got(const CacheGot& got);
  void on_load_granted(const LoadGranted& granted);
  void on_request_failed(std::uint64_t request);
  [[nodiscard]] bool take_observed_due() { return std::exchange(observed_due_, false); }

  // ---- What the application does.
  void read(std::size_t key);
  void read_all();
  // get_or_load. With delays that are drawn, or with these: until the source is read, and from then
  // on until the loader returns.
  void begin_load(std::size_t key);
  void begin_load(std::size_t key, Duration until_read, Duration until_held);
  void load_all();
  struct Write {
    std::size_t key = 0;
    NearCheck::Version version = 0;
    NearStore::Ticket ticket = 0;
    std::string text;
  };
  // The source is written, and the value is held; sent() or failed() follows. Without a text the
  // thing is gone from the source.
  [[nodiscard]] Write begin_write(std::size_t key, std::optional<std::string> text);
  void sent(const Write& write, std::uint64_t operation, MessageIndex fact);
  void failed(const Write& write);
  // What it is about to invalidate is not served here any more.
  void drop(const CacheInvalidation& like);
  // That every entry of the key has.
  [[nodiscard]] static std::string tag_of(std::size_t key) { return "t" + std::to_string(key % 3); }

  // Holds each entry that would be served as coherent now against what is true, if anything has
  // changed since it was.
  void judge();

  // Everything is quiet: what is still wrong.
  [[nodiscard]] std::optional<std::string> find_incoherent();
  // All was loaded in the quiet: what is not served.
  [[nodiscard]] std::optional<std::string> find_needless_miss();

 private:
  // A read that missed, until it has a value.
  struct Reading {
    Reading(ReadParts parts, CacheAddress address, Instant now)
        : read(std::move(parts), std::move(address), now) {}

    NearRead read;
    std::size_t key = 0;
    Instant began{};
    NearCheck::Version source_then = 0;  // What the source held when it was called.
    std::optional<std::pair<Duration, Duration>> delays;
    std::uint64_t step = 0;   // Of those that take time: what comes of an earlier one is ignored.
    bool is_loading = false;  // The loader runs, or the value is its.
  };
  using ReadId = std::uint64_t;
  struct Asked {
    ReadId reading = 0;
    std::uint64_t step = 0;
    SentAt at = SentAt::before_sending({});
  };

  [[nodiscard]] Now now() const;
  [[nodiscard]] Host host() const {
    return static_cast<Host>(stage_.plan.brokers.size() + client_);
  }
  [[nodiscard]] NearStore::SpaceIndex index_of(std::size_t key) { return space_of(key).index; }
  void judge(std::size_t key, bool is_due);
  // A coherent read gives this now.
  void check(std::size_t key, const NearValue& value) const;
  [[nodiscard]] Look look(std::size_t key, NearValue& value);
  [[nodiscard]] Duration draw_delay();
  [[nodiscard]] LeaseRenewal changed(const LeaseRenewal& renewal) const;
  [[nodiscard]] NearFeed::Fact fact_of(const Delivery& delivery) const;
  void keep_without_fact(const Delivery& delivery);

  void start_reading(std::size_t key, std::optional<std::pair<Duration, Duration>> delays);
  // Says whether the step is over.
  using Continue = std::function<bool(Reading&)>;
  // As soon as the process runs after so long, unless something else came of the step.
  void later(Duration delay, ReadId id, std::uint64_t step, Continue what);
  // Carries out steps until one takes time.
  void advance(ReadId id);
  void carry_out(ReadId id, Reading& reading, const NearRead::AwaitLoad& other);
  void carry_out(ReadId id, Reading& reading, const NearRead::AskStore& ask);
  void carry_out(ReadId id, Reading& reading, const NearRead::AskTurn& turn);
  void run_loader(ReadId id, Reading& reading);
  void end_loader(Reading& reading, NearCheck::Version version);
  void finish(Reading& reading);
  Reading* take_asked(std::uint64_t request, Asked& asked);

  const std::uint32_t client_;
  Stage& stage_;
  ClientSession& session_;
  const Process process_;
  const NearPlan& plan_;
  NearStore store_;
  ServingRights rights_;
  const ServingRights::Scope* scope_;
  struct Space {
    Space(NearStore& store, std::string_view name) : index(store.open(name)), desk(store, index) {}

    NearStore::SpaceIndex index;
    LoadDesk desk;
  };
  [[nodiscard]] Space& space_of(std::size_t key) { return key < NearCheck::kKeys ? plain_ : held_; }
  ClusterHelp help_{rights_};
  NearFeed feed_{store_, rights_, help_};
  Space plain_;
  Space held_;  // The keys that are one client's alone.
  Random random_;
  std::map<std::uint64_t, Write> writes_;  // By operation, until it is accepted or refused.
  std::map<ReadId, std::unique_ptr<Reading>> readings_;
  ReadId last_reading_ = 0;
  struct Judged {
    NearValue value;
    std::uint64_t generation = ~std::uint64_t{0};
  };
  std::array<Judged, NearCheck::kAllKeys> judged_;
  NearValue looked_at_;
  std::map<std::uint64_t, Asked> asked_;  // By request.
  std::optional<bool> was_coherent_;      // With lease_by_timer: as of what was told last.
  bool observed_due_ = false;
  bool is_active_ = false;
};

}  // namespace mpreg::sim
