#pragma once
// Node::Impl: what one broker does with what it is told. One class, because every packet may touch
// sessions, streams and links, in one file per question: see CMakeLists.txt.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/node_state.h"

namespace mpreg {

class Node::Impl : private NodeState {
 public:
  Impl(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
       MetricsRegistry& metrics);

  // ---- node.cc
  void on_packet(const Now& now, Address from, Frame header, Frame body, Outbox& outbox);
  void on_peer_gone(const Now& now, Address peer, Outbox& outbox);
  void end_turn(const Now& now, Outbox& outbox);
  void tick(const Now& now, Outbox& outbox);
  [[nodiscard]] Instant next_tick() const;
  void leave(const Now& now, Outbox& outbox);
  [[nodiscard]] bool drained() const;
  void log(Outbox& outbox, LogLevel level, std::string text) const;
  static void send(Outbox& outbox, Address to, const Packet& packet, Frame body = {});

  // ---- retire.cc
  void retire(const Now& now, std::chrono::milliseconds time, Outbox& outbox);
  [[nodiscard]] bool retired(const Now& now) const;
  void send_away(const Now& now, Outbox& outbox);
  void take_on(const NodeOptions& options);

  // ---- on_link.cc
  void on_link_up(const Now& now, LinkId id, Outbox& outbox);
  void on_link_down(const Now& now, LinkId id, Outbox& outbox);

  // ---- node_report.cc
  [[nodiscard]] std::string report(const Now& now, std::string_view question) const;
  [[nodiscard]] nlohmann::ordered_json report_stats(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_members(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_links(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_sessions(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_streams() const;

  // ---- report_topics.cc
  void on_query(const Now& now, const Session& session, const Query& query, Outbox& outbox);
  [[nodiscard]] nlohmann::ordered_json report_federation() const;
  [[nodiscard]] nlohmann::ordered_json report_health(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_subscriptions() const;
  [[nodiscard]] nlohmann::ordered_json report_explain(const Now& now, std::string_view entry) const;
  void put_sharers(nlohmann::ordered_json& into, const CacheAddress& address,
                   HybridTime version) const;
  [[nodiscard]] nlohmann::ordered_json report_who(std::string_view topic) const;
  void note_lags(const Now& now);

  [[nodiscard]] ReplicaStore& cache() { return cache_; }
  [[nodiscard]] const NodeOptions& options() const { return options_; }
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  [[nodiscard]] bool joined() const;

 private:
  static constexpr std::size_t kValuesWaitingMax = 10'000;
  static constexpr std::size_t kWaitingGetsMax = 10'000;
  static constexpr Number kNoValue = 0;
  static constexpr std::size_t kNoticedOperationsMax = 16'384;

  // ---- on_session.cc
  void on_session_packet(const Now& now, std::uint32_t peer, Packet& packet, std::size_t bytes,
                         Frame& body, Outbox& outbox);
  void on_hello(const Now& now, std::uint32_t peer, const Hello& hello, Outbox& outbox);
  [[nodiscard]] Result<void> check_hello(const Hello& hello) const;
  Session& open_session(const Now& now, std::uint32_t peer, const Hello& hello);
  void place_session(Session& session, const Hello& hello);
  void on_probe(Session& session, const Now& now, const Probe& probe, Outbox& outbox);
  void refuse_session(std::uint32_t peer, Error error, std::uint32_t retry_after_ms,
                      Outbox& outbox);
  void end_session(Session& session);
  [[nodiscard]] Session* session_of(std::uint32_t peer);
  [[nodiscard]] Session* session_of_client(std::uint64_t client);
  // Not at all when it is not connected.
  void send_to_client(std::uint64_t client, const Packet& packet, Outbox& outbox);
  void tick_sessions(const Now& now, Outbox& outbox);

  // ---- on_publish.cc
  void on_client_batch(const Now& now, Session& session, const BatchHeader& header,
                       std::size_t header_bytes, Frame body, Outbox& outbox);
  [[nodiscard]] Result<void> declare_aliases(Session& session, const BatchHeader& header);
  [[nodiscard]] Result<void> check_segments(const Session& session, const Body& body) const;
  bool void_duplicates(StampableBody& parts);
  void resolve_topics(Session& session, StampableBody& parts, const Body& body, Outbox& outbox);
  void check_facts(const Now& now, Session& session, StampableBody& parts, const Body& body,
                   Outbox& outbox);
  [[nodiscard]] Result<void> check_fact(const Now& now, const Body& body, const Record& record,
                                        std::uint32_t index);
  void begin_batch();
  void declare_own(Lane lane, TopicIndex topic);
  void stamp_own(const Now& now, BodyBuilder& builder, const std::set<TopicIndex>& topics,
                 Outbox& outbox);
  void stamp_and_apply(const Now& now, StampableBody& parts, Body body, Outbox& outbox);
  [[nodiscard]] Result<TopicIndex> admit_topic(std::string_view topic, Lane lane);
  void refuse_operation(Session& session, std::uint64_t operation, Error error, Outbox& outbox);
  [[nodiscard]] bool is_cache_topic(std::string_view topic) const;

  // ---- on_pubsub.cc
  void on_subscribe(const Now& now, Session& session, const Subscribe& request, Outbox& outbox);
  void on_unsubscribe(const Now& now, Session& session, const Unsubscribe& request, Outbox& outbox);
  void on_barrier(const Now& now, Session& session, const Barrier& request, Outbox& outbox);
  void settle_requests(const Now& now, Outbox& outbox);
  bool settle_subscribes(const Now& now, Session& session, bool at_once, Outbox& outbox);
  bool settle_barriers(const Now& now, Session& session, Outbox& outbox);
  [[nodiscard]] std::string what_is_missing(Generation generation) const;
  void begin_subscription(const Now& now, Session& session, const Subscribe& request,
                          Outbox& outbox);
  [[nodiscard]] Result<void> check_subscription(const Subscription& subscription) const;
  void add_subscription(Session& session, const Subscription& subscription);
  void remove_subscription(Session& session, std::uint32_t id, bool is_replaced = false);
  void mark_acceptance(Session& session);
  void mark_late_acceptance(const Now& now, Session& session);
  void mark_late_acceptances();
  Accepted take_acceptance(Session& session);
  void send_acceptances(Outbox& outbox);
  [[nodiscard]] Number served_to(const Session& session, StreamIndex stream) const;
  [[nodiscard]] std::vector<StreamPosition> positions_of(const Session& session) const;

  // ---- on_cache.cc
  [[nodiscard]] Result<void> check_targets(std::vector<std::string>& targets) const;
  [[nodiscard]] std::vector<std::string> named_by(std::vector<std::string> targets) const;
  [[nodiscard]] Result<void> check_resolved(const std::string& namespace_name,
                                            bool is_resolved) const;
  void void_fact_of(const Body& body, const Record& record, std::uint64_t client);
  void await_fact(const OperationId& fact, Number value);
  void track(const Now& now, const Body& body);
  void on_complete(const Now& now, Session& session, const CompleteOperation& request,
                   Outbox& outbox);
  [[nodiscard]] PendingOperations::SharedProgress awaited_by(Tracked& tracked, bool is_lost);
  void tell_outcomes(const Now& now, Outbox& outbox);
  void tell_outcome(const Now& now, std::span<const PendingOperations::Ended> alike,
                    Outbox& outbox);
  void remember_notice(Instant now, std::uint64_t client, std::size_t operations, Packet packet);
  void forget_notice();
  void repeat_notices(const Session& session, Outbox& outbox) const;

  // ---- on_claim.cc
  [[nodiscard]] Claims::Electorate electorate(const Now& now) const;
  void on_claim_ask(const Now& now, const Session& session, const ClaimAsk& ask, Outbox& outbox);
  [[nodiscard]] Result<void> check_write(const Now& now, const CacheAddress& address,
                                         FencingToken fence, std::uint32_t index,
                                         CacheOperation write);
  [[nodiscard]] bool is_long_over(const Now& now, HybridTime version, std::uint32_t lease_ms) const;
  std::string take_claim(const Now& now, const std::string& origin, HybridTime version,
                         Bytes payload);
  void settle_claims(const Now& now, Outbox& outbox);
  void stamp_claims(const Now& now, Claims::Work& work, Outbox& outbox);

  // ---- vouch.cc, observe.cc, ask_store.cc
  [[nodiscard]] bool is_behind(const Session& session) const;
  void await_observers(const Now& now, StreamIndex stream, Number first, Number last);
  [[nodiscard]] Number observed_of(StreamIndex stream) const;
  void on_observed(const Now& now, Session& session, const Observed& observed);
  void settle_observed(const Now& now);
  void report_own_observed(const Now& now);
  [[nodiscard]] bool has_reached(const std::vector<StreamPosition>& positions) const;
  void on_cache_get(const Now& now, const Session& session, const CacheGet& request,
                    Outbox& outbox);
  bool settle_gets(const Now& now, Outbox& outbox);
  [[nodiscard]] CacheGot got_here(const Now& now, const CacheGet& request);
  [[nodiscard]] std::optional<std::uint32_t> peer_of(const ObserveDesk::WaitingGet& waiting) const;
  void void_loads(const CacheAddress& address, bool is_one_key);
  void on_load_ask(const Now& now, const Session& session, const LoadAsk& ask, Outbox& outbox);

  // ---- elsewhere.cc
  template <typename AnyPacket>
  bool pass_towards(const std::string& cluster, AnyPacket& packet, Outbox& outbox);
  void ask_elsewhere(const Now& now, const Session& session, const CacheGet& request,
                     Outbox& outbox);
  void on_link_get(const Now& now, CacheGet& request, Outbox& outbox);
  void on_link_got(CacheGot& got, Outbox& outbox);
  void settle_elsewhere(const Now& now, Outbox& outbox);

  // ---- compare.cc
  void on_store_ask(const Now& now, const Link& link, const StoreAsk& ask, Outbox& outbox);
  void on_store_tell(const Now& now, const Link& link, const StoreTell& tell, Outbox& outbox);
  [[nodiscard]] std::vector<StreamPosition> cache_positions() const;
  [[nodiscard]] bool may_tell_of_store() const;
  void begin_comparison(const Now& now, const Link& link, Outbox& outbox);
  void ask_next(const Now& now, Outbox& outbox);
  void ask_store(const Now& now, StoreLevel level, std::uint32_t index, Outbox& outbox);
  void send_store_ask(const Now& now, Outbox& outbox);
  bool take_entries(const Now& now, const StoreTell& tell);
  void end_comparison(const Now& now, std::string result, bool is_whole, Outbox& outbox);
  void inherit(const std::vector<StreamPosition>& told);
  void tick_comparison(const Now& now, Outbox& outbox);
  void note_passed(const Now& now);
  [[nodiscard]] std::string sample_store(const Now& now, std::string_view wanted);
  [[nodiscard]] nlohmann::ordered_json report_repair(const Now& now) const;

  // ---- apply.cc
  void apply(const Now& now, StreamIndex stream, Arrival arrival, Outbox& outbox);
  using SharedNames = std::shared_ptr<const std::vector<std::string>>;
  [[nodiscard]] SharedNames shared_names(std::vector<std::string> names);
  void apply_facts(const Now& now, bool is_trusted, LogEntry& entry);
  template <typename Fact>
  void apply_decoded(const Now& now, const Record& record, const Result<Fact>& decoded,
                     FactsApplied& facts);
  template <typename Fact>
  void apply_fact(const Now& now, const Record& record, const Fact& fact, FactsApplied& facts);
  template <typename Fact>
  void take_fact(const Now& now, const Record& record, const Fact& fact, const FactsApplied& facts);
  void cache_values(const Now& now, const Body& body);
  void note_values(StreamIndex stream, const Body& body,
                   const std::vector<std::vector<std::string>>& targets);
  void remember_operations(const Body& body);
  void publish(StreamIndex stream, const LogEntry& entry, const std::vector<Declaration>& declared,
               Outbox& outbox);
  [[nodiscard]] std::uint64_t event_report_bytes() const;
  void enforce_retention();

  // ---- deliver.cc
  void deliver(StreamIndex stream, const LogEntry& entry, LogPosition position, Outbox& outbox);
  void deliver_gap(const LogEntry& entry, Outbox& outbox);
  void deliver_group(const Selection::Group& group, StreamIndex stream, const LogEntry& entry,
                     LogPosition position, Outbox& outbox);
  [[nodiscard]] Frame part_of(const Body& body, const std::vector<std::uint16_t>& records);
  void send_batch(Session& session, StreamIndex stream, const LogEntry& entry, const Frame& body,
                  const std::vector<std::uint16_t>* records, Outbox& outbox);
  [[nodiscard]] const IdList* sessions_wanting(StreamIndex stream, const LogEntry& entry,
                                               std::size_t record);
  [[nodiscard]] TopicIndex topic_of(StreamIndex stream, const Body& body, const Record& record);
  void send_gap(Session& session, const Gap& gap, StreamIndex stream, Outbox& outbox);
  [[nodiscard]] Number told(const Session& session, StreamIndex stream) const;

  // ---- replay.cc
  void mark_serving(Session& session);
  void serve_sessions(Outbox& outbox);
  bool serve_lane(Session& session, Lane lane, std::uint64_t& budget, Outbox& outbox);
  void tell_lost(Session& session, Lane lane, LogPosition from, Outbox& outbox);
  void tell_not_held(Session& session, Outbox& outbox);
  [[nodiscard]] Scope lost_scope(const Session& session, Lane lane, LogPosition from) const;
  void send_selected(Session& session, const LogEntry& entry, Outbox& outbox);
  bool select_wanted(const Session& session, const LogEntry& entry);
  bool serve_entry(Session& session, const LogEntry& entry, std::uint64_t& budget, Outbox& outbox);
  void send_backlog(const Now& now, Session& session, const Subscription& subscription,
                    Outbox& outbox);
  void send_backlog_part(Session& session, std::uint32_t subscription, const LogEntry& entry,
                         const std::vector<std::uint16_t>& records, Outbox& outbox);
  void settle_resumed(const Now& now, Session& session, Outbox& outbox);

  // ---- groups.cc
  [[nodiscard]] Result<void> check_group_subscription(const Subscription& subscription) const;
  void join_group(const Session& session, const Subscription& subscription);
  void expect_group(const std::string& name);
  void leave_group(Session& session, std::uint32_t subscription, bool is_replaced = false);
  void leave_groups(const Now& now, Outbox& outbox);
  static void note_shares_acknowledged(Session& session);
  void learn_groups();
  [[nodiscard]] std::string_view published_topic(StreamIndex stream, const Body& body,
                                                 const Record& record);
  void hand_out(StreamIndex stream, const Body& body, Outbox& outbox);
  void pick(StreamIndex stream, const Body& body, std::size_t record,
            const GroupDesk::Wanted& wanted);
  [[nodiscard]] bool pick_member(GroupTable::GroupIndex group,
                                 std::span<const GroupTable::TargetId> targets,
                                 const Record& record, std::size_t place);
  [[nodiscard]] bool pick_queue(GroupTable::GroupIndex group,
                                std::span<const GroupTable::TargetId> targets, const Record& record,
                                std::size_t place);
  [[nodiscard]] bool pick_cluster(GroupTable::GroupIndex group,
                                  std::span<const GroupTable::TargetId> targets, StreamIndex stream,
                                  const Body& body, const Record& record);
  void send_shares(StreamIndex stream, const Body& body, Outbox& outbox);
  void serve_groups(const Now& now, Outbox& outbox);
  void serve_group(GroupTable::GroupIndex group, GroupDesk::GroupQueue& queue, Outbox& outbox);
  [[nodiscard]] GroupDesk::Placing place_again(GroupTable::GroupIndex group, StreamIndex stream,
                                               const Body& body, std::size_t place);
  [[nodiscard]] bool put_into_queue(GroupTable::GroupIndex group, const Record& record,
                                    std::size_t place);
  void stamp_copies(const Now& now, Outbox& outbox);

  // ---- bulk.cc
  using Targets = std::vector<std::vector<std::string>>;
  [[nodiscard]] std::shared_ptr<const Targets> targets_of(const Body& body) const;
  [[nodiscard]] bool is_for(const LogEntry& entry, const Link& link) const;
  [[nodiscard]] static std::vector<std::string> all_targets(const LogEntry& entry);
  [[nodiscard]] bool is_value_for_us(StreamIndex stream, const LogEntry& entry,
                                     std::size_t record) const;

  // ---- on_link.cc
  void on_link_packet(const Now& now, Address from, Packet& packet, Frame& body, Outbox& outbox);
  void on_link_hello(const Now& now, std::uint32_t peer, const LinkHello& hello, Outbox& outbox);
  void join(const Now& now, Link& link, Outbox& outbox);
  [[nodiscard]] std::optional<Refused> check_link_hello(const Now& now, const LinkHello& hello);
  void on_link_welcome(const Now& now, Link& link, const LinkWelcome& welcome, Outbox& outbox);
  void on_link_refused(const Now& now, Link& link, const Refused& refused, Outbox& outbox);
  void on_link_state(const Now& now, Link& link, const LinkState& state, Outbox& outbox);
  void on_link_goodbye(const Now& now, Link& link, const Goodbye& goodbye, Outbox& outbox);
  void send_link_hello(const Now& now, Link& link, Outbox& outbox);
  void note_freshness(const Offer& offer, Instant asked);
  void send_link_state(const Now& now, Link& link, Outbox& outbox);
  [[nodiscard]] std::vector<Offer> offers_for(const Now& now, const Link& link) const;
  [[nodiscard]] static std::uint32_t age_of(Instant now, const StreamState& stream);
  [[nodiscard]] std::uint32_t age_of(Instant now, const std::string& origin) const;
  void lose_link(const Now& now, Link& link, std::string_view reason, Outbox& outbox);
  void tick_links(const Now& now, Outbox& outbox);
  void renumber(const Now& now, Epoch above, Outbox& outbox);
  [[nodiscard]] Link* link_of(Address from);
  [[nodiscard]] std::size_t joined_links() const;

  // ---- past.cc
  void note_past(const Now& now, const Hello& hello, Outbox& outbox);
  void tell_past(const Now& now, Outbox& outbox);
  void tell_unheard(const Now& now, std::string_view what, Outbox& outbox);

  // ---- forget.cc
  [[nodiscard]] Result<void> forget(const Now& now, const std::string& cluster);
  void on_forgotten(const Now& now, const Member& member, Outbox& outbox);
  void forget_member(const Now& now, Member member);
  [[nodiscard]] bool is_forgotten(const Member& member);
  void tell_forgotten(const Now& now, LinkState& state) const;

  // ---- on_interest.cc
  [[nodiscard]] static Generation generation_of_epoch(Epoch epoch);
  void want(const std::string& pattern);
  void unwant(const std::string& pattern);
  void linger(Instant now, std::vector<std::string> patterns);
  void rebuild_interest();
  [[nodiscard]] bool crosses_links(const std::string& pattern) const;
  [[nodiscard]] Generation generation_due();
  Generation promised(Generation generation);
  [[nodiscard]] Generation generation_for_patterns(const std::vector<std::string>& patterns);
  void tell_interest(Outbox& outbox);
  void spread(const InterestUpdate& update, LinkId except, Outbox& outbox);
  void on_interest_update(const Now& now, Link& link, const InterestUpdate& update, Outbox& outbox);
  void on_interest_digest(Link& link, const InterestDigest& digest, Outbox& outbox);
  void raise_generation(Generation above);
  void audit_interest(Link& link, const LinkState& state, Outbox& outbox);
  [[nodiscard]] bool is_interest_known_to(StreamIndex stream, Generation generation) const;
  [[nodiscard]] bool is_interest_known(Generation generation) const;
  void require_complete(Generation generation);
  void tick_interest(const Now& now);

  // ---- refill.cc
  [[nodiscard]] bool is_complete(StreamIndex stream, const Arrival& arrival) const;
  [[nodiscard]] bool is_complete_for(const LogEntry& entry, const std::string& cluster,
                                     Generation generation) const;
  [[nodiscard]] static std::chrono::milliseconds refill_patience(const StreamState& state);
  void want_refill(const Now& now, StreamIndex stream, Number through, Outbox& outbox);
  void ask_refill(const Now& now, StreamIndex stream, Outbox& outbox);
  void give_up_refill(const Now& now, StreamIndex stream, Outbox& outbox);
  void on_refill(Link& link, const Refill& request, Outbox& outbox);
  bool answer_refill(Link& link, StreamIndex stream, const Refill& request, Outbox& outbox);
  void on_refill_answer(const Now& now, BatchHeader& header, Frame body, Outbox& outbox);

  // ---- session_refill.cc
  void plan_refills(const Now& now, Session& session, bool has_resumed, Outbox& outbox);
  [[nodiscard]] bool is_held_complete(StreamIndex stream, Number after,
                                      Generation generation) const;
  void ask_session_refill(const Now& now, Session& session, StreamIndex stream, Outbox& outbox);
  void on_session_refill(const Now& now, StreamIndex stream, const RefillMark& mark,
                         Arrival arrival, Outbox& outbox);
  void end_session_refill(Session& session, StreamIndex stream, Outbox& outbox);
  void tick_session_refills(const Now& now, Session& session, Outbox& outbox);

  // ---- trace_topic.cc
  [[nodiscard]] std::vector<std::uint32_t> slots_wanting(std::string_view topic) const;
  [[nodiscard]] std::vector<std::string> clusters_wanting_topic(std::string_view topic) const;
  [[nodiscard]] std::vector<Way> ways_of(const std::string& origin, std::string_view topic) const;
  [[nodiscard]] TraceReport pass_on(const Now& now, const Trace& trace, Outbox& outbox);
  void begin_trace(const Now& now, const Session& session, const Query& query,
                   std::string_view topic, Outbox& outbox);
  void on_trace(const Now& now, Link& link, const Trace& trace, Outbox& outbox);
  void on_trace_report(const Now& now, TraceReport& report, Outbox& outbox);
  static void note_trace(const Now& now, const TraceReport& report, OpenTrace& open);
  void settle_traces(const Now& now, Outbox& outbox);

  // ---- link_roles.cc
  [[nodiscard]] std::optional<Refused> check_role(const LinkHello& hello) const;
  [[nodiscard]] bool is_standby(const Link& link) const;
  [[nodiscard]] Standing standing_towards(const Link& link, StreamIndex stream) const;
  void note_late_links(const Now& now, Outbox& outbox);

  // ---- upstreams.cc
  [[nodiscard]] Choice best_upstream(StreamIndex stream) const;
  StreamIndex know_stream(const Now& now, const StreamId& id);
  void choose_upstreams(const Now& now, Outbox& outbox);
  void choose_upstream(const Now& now, StreamIndex stream, Outbox& outbox);
  void update_channels(Outbox& outbox);
  void take(const Now& now, StreamIndex stream, bool everything, Outbox& outbox);
  void retake(const Now& now, StreamIndex stream, Outbox& outbox);
  void on_taken(const Now& now, Link& link, const Taken& taken);
  void learn_offer(const Now& now, const Offer& offer);
  void start_stream(const Now& now, StreamIndex stream, const Offer& offer);
  void tick_streams(const Now& now, Outbox& outbox);
  void note_epoch(const Now& now, const std::string& cluster, Epoch epoch);
  [[nodiscard]] Number offered_head(StreamIndex stream) const;

  // ---- on_link_data.cc
  void on_link_batch(const Now& now, Link& link, BatchHeader& header, Frame body, Outbox& outbox);
  void on_link_gap(const Now& now, Link& link, const Gap& gap, Outbox& outbox);
  void accept(const Now& now, StreamIndex stream, Arrival arrival, Outbox& outbox);
  bool open_arrival(BatchHeader& header, Frame frame, Arrival& arrival, Outbox& outbox);
  void learn_completeness(Link& link, StreamIndex stream, BatchHeader& header, Arrival& arrival);
  [[nodiscard]] std::vector<Declaration> declarations_for(
      StreamIndex stream, const Body& body, const std::vector<std::uint16_t>& records) const;
  [[nodiscard]] bool declare(StreamIndex stream, const std::vector<Declaration>& declarations);
  [[nodiscard]] bool aliases_known(StreamIndex stream, const Body& body) const;
  void on_applied(const Now& now, Link& link, const Applied& applied);
  void note_behind(const Link& link, Serving& serving, const Applied& applied);
  void forget_below(StreamIndex stream, LinkId link);

  // ---- serve_links.cc
  void on_take(const Now& now, Link& link, const Take& request, Outbox& outbox);
  void serve_links(Outbox& outbox);
  void serve(Link& link, StreamIndex stream, Serving& serving, Outbox& outbox);
  void serve_stream(Link& link, StreamIndex stream, Serving& serving, Outbox& outbox);
  void declare_to(Serving& serving, StreamIndex stream, const Body& body,
                  const std::vector<std::uint16_t>* records,
                  std::vector<Declaration>& declarations) const;
  bool serve_what_is_not_held(Link& link, StreamIndex stream, Serving& serving, Outbox& outbox);
  void serve_events(Link& link, StreamIndex stream, Serving& serving, Outbox& outbox);
  void tell_passed_over(Link& link, StreamIndex stream, Serving& serving, Outbox& outbox);
  void tell_completeness(Link& link, StreamIndex stream, Serving& serving,
                         const CompleteFor& complete, Outbox& outbox);
  void tell_all_passed_over(Outbox& outbox);
  void set_completeness(BatchHeader& header, Serving& serving, const CompleteFor& complete) const;
  [[nodiscard]] const IdList& clusters_wanting(StreamIndex stream, const Body& body,
                                               const Record& record);
  void send_applied(bool everything, Outbox& outbox);

  [[nodiscard]] RetainedLog& log_of(StreamIndex stream);
  [[nodiscard]] const RetainedLog& log_of(StreamIndex stream) const;
};

}  // namespace mpreg
