#pragma once
// SimNear: the near cache of one client of a world: the rooms of the real one, and what an
// application does with it: it reads, loads from a source that takes its time, writes what is its
// own to write, and now and then the whole process stands still.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coherence/serving_rights.h"
#include "near/near_store.h"
#include "near_check.h"
#include "session/client_session.h"
#include "stage.h"

namespace mpreg::sim {

class SimNear {
 public:
  static constexpr std::uint32_t kSubscription = 60;

  SimNear(std::uint32_t client, Stage& stage, ClientSession& session);

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
  [[nodiscard]] bool take_observed_due() { return std::exchange(observed_due_, false); }

  // ---- What the application does.
  void read(std::size_t key);
  void read_all();
  // With delays that are drawn, or with these: until the source is read, and from then on.
  void begin_load(std::size_t key);
  void begin_load(std::size_t key, Duration until_read, Duration until_held);
  struct Write {
    std::size_t key = 0;
    NearCheck::Version version = 0;
    NearStore::Ticket ticket = 0;
    std::string text;
  };
  // The source is written, and the value is held; sent() or failed() follows.
  [[nodiscard]] Write begin_write(std::size_t key, std::string text);
  void sent(const Write& write, std::uint64_t operation, MessageIndex fact);
  void failed(const Write& write);
  void drop_all();

  // Everything is quiet: what is still wrong.
  [[nodiscard]] std::optional<std::string> find_incoherent();

 private:
  [[nodiscard]] Now now() const;
  [[nodiscard]] Host host() const {
    return static_cast<Host>(stage_.plan.brokers.size() + client_);
  }
  [[nodiscard]] bool is_coherent();
  [[nodiscard]] Duration draw_delay();
  void end_load(std::size_t key, NearStore::Ticket ticket, NearCheck::Version version);

  const std::uint32_t client_;
  Stage& stage_;
  ClientSession& session_;
  NearStore store_;
  ServingRights rights_;
  const ServingRights::Scope* scope_;
  const NearStore::SpaceIndex space_;
  Random random_;
  std::map<std::uint64_t, Write> writes_;  // By operation, until it is accepted or refused.
  std::optional<bool> was_coherent_;       // With lease_by_timer: as of what was told last.
  std::set<std::pair<std::string, std::uint64_t>> unheard_;
  bool observed_due_ = false;
  bool is_active_ = false;
};

}  // namespace mpreg::sim
