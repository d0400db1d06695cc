#pragma once
// SimClient: one client of a world: a ClientSession, and what the loop around it does, under
// virtual time. Everything that the session tells is held against what is true.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operation_check.h"
#include "session/client_session.h"
#include "session/held_key.h"
#include "sim_broker.h"
#include "sim_near.h"
#include "stage.h"
#include "subscriber_check.h"

namespace mpreg::sim {

class SimClient {
 public:
  SimClient(std::uint32_t index, Stage& stage, std::vector<std::unique_ptr<SimBroker>>& brokers);

  static constexpr std::string_view kMerged = "merged";  // Whose conflicts a resolver decides.
  static constexpr std::size_t kMergedKeys = 3;

  void start();
  void act(const Action& action);
  // As a script has it; what it sends leaves with pump().
  void perform(const Step& step);
  void pump();
  // Everything is well again: nothing is held back any more.
  void calm();
  void begin_last_round();
  [[nodiscard]] const ClientPlan& plan() const { return plan_; }
  [[nodiscard]] SimNear* near() { return near_.get(); }

  // What its broker shows of each key, as soon as it has answered.
  void ask_all_merged();
  [[nodiscard]] const auto& merged_shown() const { return merged_shown_; }
  [[nodiscard]] const std::string& cluster() const { return cluster_; }

  // What the network tells.
  void on_dialled(ConnectionId id);
  void on_down(ConnectionId id);
  void on_parcel(ConnectionId id, Parcel parcel);

  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool is_well() const;
  [[nodiscard]] ConnectionId connection() const { return connection_; }
  [[nodiscard]] std::optional<std::string> find_unfinished();
  [[nodiscard]] const SubscriberCheck& subscriber() const { return subscriber_; }
  [[nodiscard]] const ClientSession& session() const { return session_; }

 private:
  [[nodiscard]] Now now() const;
  // In the recording, when there is one: this client does it now.
  void record(Step step);
  void take_events(bool welcomed);
  void on_notice(const Notice& notice);
  void on_delivery(const Delivery& delivery);
  void settle_request(std::uint64_t request);
  void check_bounds();
  void thaw();
  void dial_in(Duration delay);
  [[nodiscard]] Duration draw_redial();
  void drop_connection();
  void set_tick();

  // ---- sim_workload.cc: what the application does. The details are drawn from the action's seed.
  void publish(Random& random, std::uint64_t burst);
  void invalidate(Random& random);
  void replicate(Random& random);
  [[nodiscard]] static std::uint32_t filling_of(const std::string& content);
  [[nodiscard]] std::string filled(std::uint32_t bytes);
  // ---- sim_near_workload.cc
  void near_turn();
  void freeze(Duration span);
  void draw_near_write(std::size_t key);
  void near_write(std::size_t key, const Step& step, const std::string& text);
  void near_write_all(std::size_t key, InvalidationType type, const std::string& text);
  // ---- sim_claim_workload.cc
  void claim_turn();
  void perform_claim(std::size_t key, const Step& step);
  [[nodiscard]] bool holds(std::size_t key) const;
  void ask_claim(std::size_t key, const std::shared_ptr<HeldKey>& held, ClaimAsk ask,
                 std::chrono::milliseconds lease);
  void acquire(std::size_t key, std::chrono::milliseconds lease, std::chrono::milliseconds wait);
  [[nodiscard]] SentAt lease_from(SentAt asked) const;
  void on_claim_granted(const ClaimGranted& granted);
  void on_claim_refused(std::uint64_t request);
  void write_held(std::size_t key, FencingToken token);

  // ---- sim_merge_workload.cc
  void merge_turn();
  void ask_merged(std::size_t key);
  void draw_merged_write(std::size_t key);
  void write_merged(std::size_t key, std::uint64_t serial, const std::string& text);
  void on_got(const CacheGot& got);

  // ---- sim_scripted.cc
  void perform_plain(const Step& step);
  void perform_near(const Step& step);
  void perform_merged(const Step& step);

  void publish_event(std::string_view topic, const std::string& payload);
  void invalidate(const Step& step);
  void replicate(const Step& step, std::uint64_t serial, const std::string& value);
  void subscribe(const Step& step);
  void join_group(std::uint32_t group);
  void unsubscribe(std::uint32_t id);
  void hold_credit(bool is_on);
  void say_goodbye();
  void crash();
  void move(Duration delay);
  void ask(const Step& step);

  void subscribe(Random& random);
  void unsubscribe(Random& random);
  void ask(Random& random);
  [[nodiscard]] std::string content(Random& random);
  [[nodiscard]] std::vector<std::string> some_clusters(Random& random, bool may_be_none);
  // Into the books.
  [[nodiscard]] MessageIndex enter(RecordKind kind, std::uint64_t operation, std::string_view topic,
                                   Bytes payload, const CacheAddress* address,
                                   std::vector<std::string> targets);
  [[nodiscard]] Tracking draw_tracking(Random& random) const;
  struct Sent {
    std::uint64_t operation = 0;
    MessageIndex message = kNoMessage;
  };
  std::optional<Sent> send(const CacheInvalidation& fact, bool may_be_fenced = false);
  std::optional<Sent> send(CacheReplication fact, const std::string& value);
  void begin_operation(std::uint64_t operation, MessageIndex message, MessageIndex value,
                       const Tracking& tracking, bool may_be_fenced = false);

  std::uint32_t index_;
  Host host_;
  const ClientPlan& plan_;
  Stage& stage_;
  std::vector<std::unique_ptr<SimBroker>>& brokers_;
  Random random_;
  ClientSession session_;
  SubscriberCheck subscriber_;
  OperationCheck operations_;
  std::unique_ptr<SimNear> near_;  // May be null.
  Random near_random_;
  Random claim_random_;
  std::array<std::shared_ptr<HeldKey>, ExclusiveCheck::kKeys> held_{};
  struct Claim {
    std::size_t key = 0;
    std::shared_ptr<HeldKey> held;  // That the answer is for.
    std::chrono::milliseconds lease{};
    SentAt asked;
  };
  std::map<std::uint64_t, Claim> claims_;  // By request.
  Random merge_random_;
  std::map<std::uint64_t, std::size_t> merged_requests_;  // Keys, by request.
  std::array<VectorClock, kMergedKeys> merged_seen_{};
  std::array<std::optional<std::string>, kMergedKeys> merged_shown_{};
  Instant frozen_until_{};  // The whole process stands still.
  std::vector<std::pair<ConnectionId, Parcel>> unread_;
  std::set<std::uint64_t> requests_;  // Not answered yet.
  std::vector<Outgoing> outgoing_;
  SessionEvents events_;

  std::size_t next_broker_ = 0;
  ConnectionId connection_ = kNoConnection;
  std::uint64_t broker_life_ = 0;
  const Witness* broker_ = nullptr;
  std::string cluster_;
  Instant answered_at_{};  // By the broker, a probe.
  Instant steady_since_{};
  Instant connected_at_{};
  bool dialling_ = false;
  bool welcomed_once_ = false;
  bool last_round_ = false;
  bool leaving_ = false;
  bool has_crashed_ = false;
  bool is_calm_ = false;
  Instant tick_at_ = Instant::max();
};

}  // namespace mpreg::sim
