#pragma once
// Node::Impl: what one broker does with what it is told. One class, because every packet may touch
// sessions, streams and links, in one file per question: see CMakeLists.txt.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/node_reports.h"
#include "node/node_state.h"

namespace mpreg {

class Node::Impl : private NodeState, private ReportSources {
 public:
  Impl(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
       MetricsRegistry& metrics);

  // ---- node.cc
  void on_packet(Turn& turn, Address from, Frame header, Frame body);
  void on_peer_gone(Turn& turn, Address peer);
  void end_turn(Turn& turn);
  void tick(Turn& turn);
  [[nodiscard]] Instant next_tick() const;
  void leave(Turn& turn);
  void say_goodbye(Turn& turn);
  void on_saved(Turn& turn, MemoryTicket ticket);
  [[nodiscard]] bool drained() const;

  // ---- retire.cc
  void retire(Turn& turn, std::chrono::milliseconds time);
  [[nodiscard]] bool retired(const Now& now) const;
  void send_away(Turn& turn);
  void take_on(const NodeOptions& options);

  // ---- on_link.cc
  void on_link_up(Turn& turn, LinkId id);
  void on_link_down(Turn& turn, LinkId id);

  // ---- report_topics.cc
  [[nodiscard]] std::string report(const Now& now, std::string_view question) const;
  void on_query(Turn& turn, const Session& session, const Query& query);
  void note_lags(const Now& now);

  [[nodiscard]] ReplicaStore& cache() { return cache_; }
  [[nodiscard]] const NodeOptions& options() const { return options_; }
  [[nodiscard]] OwnIncarnation& own() { return incarnation_; }
  [[nodiscard]] HybridTime clock() const { return clock_.last(); }
  [[nodiscard]] bool joined() const { return links_.is_joined(); }

 private:
  static constexpr std::size_t kValuesWaitingMax = 10'000;
  static constexpr Number kNoValue = 0;

  // ---- on_session.cc
  void on_session_packet(Turn& turn, std::uint32_t peer, Packet& packet, std::size_t bytes,
                         Frame& body);
  void on_hello(Turn& turn, std::uint32_t peer, const Hello& hello);
  [[nodiscard]] Result<void> check_hello(const Hello& hello) const;
  Session& open_session(const Now& now, std::uint32_t peer, const Hello& hello);
  void place_session(Session& session, const Hello& hello);
  void on_probe(Turn& turn, Session& session, const Probe& probe);
  void refuse_session(Turn& turn, std::uint32_t peer, Error error, std::uint32_t retry_after_ms);
  void end_session(Session& session);
  void tick_sessions(Turn& turn);

  // ---- on_publish.cc
  void take_waiting(Turn& turn);
  void on_client_batch(Turn& turn, Session& session, const BatchHeader& header,
                       std::size_t header_bytes, Frame body);
  [[nodiscard]] Result<void> declare_aliases(Session& session, const BatchHeader& header);
  bool void_duplicates(Turn& turn, Session& session, StampableBody& parts);
  void resolve_topics(Turn& turn, Session& session, StampableBody& parts, const Body& body);
  void check_facts(Turn& turn, Session& session, StampableBody& parts, const Body& body);
  [[nodiscard]] Result<void> check_fact(const Now& now, const Body& body, Record& record,
                                        std::uint32_t index);
  void begin_batch();
  void declare_own(Lane lane, TopicIndex topic);
  void stamp_own(Turn& turn, BodyBuilder& builder, const std::set<TopicIndex>& topics);
  void stamp_copies(Turn& turn);
  void stamp_and_apply(Turn& turn, StampableBody& parts, Body body);
  [[nodiscard]] Result<TopicIndex> admit_topic(std::string_view topic, Lane lane);
  void refuse_operation(Turn& turn, Session& session, std::uint64_t operation, Error error);

  // ---- on_pubsub.cc
  void on_subscribe(Turn& turn, Session& session, const Subscribe& request);
  void on_unsubscribe(Turn& turn, Session& session, const Unsubscribe& request);
  void on_barrier(Turn& turn, Session& session, const Barrier& request);
  void settle_requests(Turn& turn);
  void leave_groups(Turn& turn);
  bool settle_subscribes(Turn& turn, Session& session, bool at_once);
  bool settle_barriers(Turn& turn, Session& session);
  [[nodiscard]] std::string what_is_missing(Generation generation) const;
  void begin_subscription(Turn& turn, Session& session, const Subscribe& request);
  [[nodiscard]] Result<void> check_subscription(const Subscription& subscription) const;
  void add_subscription(Session& session, const Subscription& subscription);
  void remove_subscription(Session& session, std::uint32_t id, bool is_replaced = false);
  Accepted take_acceptance(Session& session);
  void send_acceptances(Turn& turn);

  // ---- on_cache.cc
  [[nodiscard]] Result<void> check_targets(std::vector<std::string>& targets) const;
  [[nodiscard]] Result<void> check_resolved(const std::string& namespace_name,
                                            bool is_resolved) const;
  void void_fact_of(const Body& body, const Record& record, std::uint64_t client);
  void await_fact(const OperationId& fact, Number value);
  void track(const Now& now, const Body& body);
  void on_complete(Turn& turn, Session& session, const CompleteOperation& request);
  [[nodiscard]] PendingOperations::SharedProgress awaited_by(const Now& now, Tracked& tracked,
                                                             bool is_lost);
  void tell_outcomes(Turn& turn);
  void tell_outcome(Turn& turn, std::span<const PendingOperations::Ended> alike);

  // ---- on_claim.cc
  void settle_claims(Turn& turn);
  void stamp_claims(Turn& turn, Claims::Work& work);

  // ---- observe.cc
  void await_observers(const Now& now, StreamIndex stream, Number first, Number last);
  [[nodiscard]] Number observed_of(StreamIndex stream) const;
  void on_observed(const Now& now, Session& session, const Observed& observed);
  void settle_observed(const Now& now);
  void report_own_observed(const Now& now);
  // ---- compare.cc
  void on_store_ask(Turn& turn, const Link& link, const StoreAsk& ask);
  void on_store_tell(Turn& turn, const Link& link, const StoreTell& tell);
  [[nodiscard]] std::vector<StreamPosition> cache_positions() const;
  [[nodiscard]] bool may_tell_of_store() const;
  void begin_comparison(Turn& turn, const Link& link);
  void ask_next(Turn& turn);
  void ask_store(Turn& turn, StoreLevel level, std::uint32_t index);
  void send_store_ask(Turn& turn);
  bool take_entries(const Now& now, const StoreTell& tell);
  void end_comparison(Turn& turn, std::string result, bool is_whole);
  void inherit(const std::vector<StreamPosition>& told);
  void compare_soon(const Now& now);
  void tick_comparison(Turn& turn);
  void note_passed(const Now& now);
  [[nodiscard]] std::string sample_store(const Now& now, std::string_view wanted);
  [[nodiscard]] nlohmann::ordered_json report_repair(const Now& now) const override;

  // ---- apply.cc
  void apply(Turn& turn, StreamIndex stream, Arrival arrival);
  using SharedNames = std::shared_ptr<const std::vector<std::string>>;
  [[nodiscard]] SharedNames shared_names(std::vector<std::string> names);
  void apply_facts(const Now& now, Clocks clocks, LogEntry& entry);
  template <typename Fact>
  void apply_decoded(const Now& now, const Record& record, const Result<Fact>& decoded,
                     FactsApplied& facts);
  template <typename Fact>
  void apply_fact(const Now& now, const Record& record, const Fact& fact, FactsApplied& facts);
  template <typename Fact>
  void take_fact(const Now& now, const Record& record, const Fact& fact, FactsApplied& facts);
  void cache_values(const Now& now, StreamIndex stream, Clocks clocks, const Body& body);
  void note_values(StreamIndex stream, const Body& body,
                   const std::vector<std::vector<std::string>>& targets);
  void remember_operations(const Body& body);
  void publish(Turn& turn, StreamIndex stream, const LogEntry& entry,
               const std::vector<Declaration>& declared);
  void enforce_retention();

  // ---- replay.cc
  void mark_serving(Session& session);
  void serve_sessions(Turn& turn);
  bool serve_lane(Turn& turn, Session& session, Lane lane, std::uint64_t& budget);
  void tell_lost(Turn& turn, Session& session, Lane lane, LogPosition from);
  void tell_not_held(Turn& turn, Session& session);
  [[nodiscard]] Scope lost_scope(const Session& session, Lane lane, LogPosition from) const;
  bool serve_entry(Turn& turn, Session& session, const LogEntry& entry, std::uint64_t& budget);
  void settle_resumed(Turn& turn, Session& session);

  // ---- on_link.cc
  void on_link_packet(Turn& turn, Address from, Packet& packet, Frame& body);
  void on_link_hello(Turn& turn, std::uint32_t peer, const LinkHello& hello);
  void join(Turn& turn, Link& link);
  [[nodiscard]] std::optional<Refused> check_link_hello(const Now& now, const LinkHello& hello);
  void on_link_welcome(Turn& turn, Link& link, const LinkWelcome& welcome);
  void on_link_refused(Turn& turn, Link& link, const Refused& refused);
  void on_link_state(Turn& turn, Link& link, const LinkState& state);
  void on_link_goodbye(Turn& turn, Link& link, const Goodbye& goodbye);
  void send_link_hello(Turn& turn, Link& link);
  void note_freshness(const Offer& offer, Instant asked);
  void send_link_state(Turn& turn, Link& link);
  [[nodiscard]] std::vector<Offer> offers_for(const Now& now, const Link& link) const;
  [[nodiscard]] std::uint32_t age_of(Instant now, const std::string& origin) const override;
  void lose_link(Turn& turn, Link& link, std::string_view reason);
  void tick_links(Turn& turn);

  // ---- incarnations.cc
  void hear_of_self(Turn& turn, const Member& member);
  void hear_of_self(Turn& turn, const StreamPosition& position);
  void begin_incarnation(Turn& turn, const Incarnation& above, Renewal why);
  void meet(Turn& turn, const std::string& cluster, const IncarnationRecord& record);
  void end_left(Turn& turn, const Member& member);
  void supersede(const Now& now, const std::string& cluster, const Incarnation& current);

  // ---- node_members.cc
  [[nodiscard]] Result<void> forget(Turn& turn, const std::string& cluster);
  void drop_member(Turn& turn, const std::string& cluster);
  [[nodiscard]] bool hear_member(Turn& turn, const Member& member);
  void settle_membership(Turn& turn);
  [[nodiscard]] Result<void> stand_alone(Turn& turn);
  [[nodiscard]] Result<void> check_may_number(const CacheAddress& address);

  // ---- on_interest.cc
  void rebuild_interest();
  void tell_interest(Turn& turn);
  void spread(Turn& turn, const InterestUpdate& update, LinkId except);
  void on_interest_update(Turn& turn, Link& link, const InterestUpdate& update);
  void on_interest_digest(Turn& turn, Link& link, const InterestDigest& digest);
  void audit_interest(Turn& turn, Link& link, const LinkState& state);
  [[nodiscard]] bool is_interest_known_to(StreamIndex stream, Generation generation) const;
  [[nodiscard]] bool is_interest_known(Generation generation) const;
  void require_complete(Generation generation);
  void tick_interest(const Now& now);

  // ---- refill.cc
  [[nodiscard]] bool is_complete(StreamIndex stream, const Arrival& arrival) const;
  [[nodiscard]] bool is_complete_for(const LogEntry& entry, const std::string& cluster,
                                     Generation generation) const;
  void want_refill(Turn& turn, StreamIndex stream, Number through);
  void ask_refill(Turn& turn, StreamIndex stream);
  void give_up_refill(Turn& turn, StreamIndex stream);
  void on_refill(Turn& turn, Link& link, const Refill& request);
  bool answer_refill(Turn& turn, Link& link, StreamIndex stream, const Refill& request);
  void on_refill_answer(Turn& turn, BatchHeader& header, Frame body);

  // ---- session_refill.cc
  void plan_refills(Turn& turn, Session& session, bool has_resumed);
  [[nodiscard]] bool is_held_complete(StreamIndex stream, Number after,
                                      Generation generation) const;
  void ask_session_refill(Turn& turn, Session& session, StreamIndex stream);
  void on_session_refill(Turn& turn, StreamIndex stream, const RefillMark& mark, Arrival arrival);
  void end_session_refill(Turn& turn, Session& session, StreamIndex stream);
  void tick_session_refills(Turn& turn, Session& session);

  // ---- trace_topic.cc
  [[nodiscard]] std::vector<std::uint32_t> slots_wanting(std::string_view topic) const override;
  [[nodiscard]] std::vector<std::string> clusters_wanting_topic(std::string_view topic) const;
  [[nodiscard]] std::vector<Way> ways_of(const std::string& origin,
                                         std::string_view topic) const override;
  [[nodiscard]] TraceReport pass_on(Turn& turn, const Trace& trace);
  void begin_trace(Turn& turn, const Session& session, const Query& query, std::string_view topic);
  void on_trace(Turn& turn, Link& link, const Trace& trace);
  void on_trace_report(Turn& turn, TraceReport& report);
  void settle_traces(Turn& turn);

  // ---- link_roles.cc
  [[nodiscard]] std::optional<Refused> check_role(const LinkHello& hello) const;
  [[nodiscard]] Standing standing_towards(const Link& link, StreamIndex stream) const;
  void note_late_links(Turn& turn);

  // ---- upstreams.cc
  [[nodiscard]] Choice best_upstream(StreamIndex stream) const;
  StreamIndex know_stream(const Now& now, const StreamId& id);
  void choose_upstreams(Turn& turn);
  void choose_among(Turn& turn, const Link& link, const std::map<StreamId, Offer>& before);
  void choose_upstream(Turn& turn, StreamIndex stream);
  void update_channels(Turn& turn);
  void take(Turn& turn, StreamIndex stream, bool everything);
  void retake(Turn& turn, StreamIndex stream);
  void on_taken(const Now& now, Link& link, const Taken& taken);
  void learn_offer(const Now& now, const Offer& offer);
  void start_stream(const Now& now, StreamIndex stream, const Offer& offer);
  void tick_streams(Turn& turn);
  [[nodiscard]] Number offered_head(StreamIndex stream) const;

  // ---- on_link_data.cc
  void on_link_batch(Turn& turn, Link& link, BatchHeader& header, Frame body);
  void on_link_gap(Turn& turn, Link& link, const Gap& gap);
  void accept(Turn& turn, StreamIndex stream, Arrival arrival);
  bool open_arrival(Turn& turn, BatchHeader& header, Frame frame, Arrival& arrival);
  void learn_completeness(Link& link, StreamIndex stream, BatchHeader& header, Arrival& arrival);
  [[nodiscard]] std::vector<Declaration> declarations_for(
      StreamIndex stream, const Body& body, const std::vector<std::uint16_t>& records) const;
  void on_applied(Turn& turn, Link& link, const Applied& applied);
  void note_behind(const Link& link, Serving& serving, const Applied& applied);
  void forget_below(StreamIndex stream, LinkId link);

  // ---- agreement.cc
  [[nodiscard]] std::optional<Refused> check_settings(const LinkHello& hello) const;
  void learn_claim_lease(Turn& turn, const std::string& cluster, std::uint32_t lease_ms);
  void learn_settings(Turn& turn, const std::string& cluster);
  void measure_clock(Turn& turn, Link& link, const LinkState& state);
  [[nodiscard]] std::string describe_clock(const Link& link) const;
  void watch_own_clock(Turn& turn);
  [[nodiscard]] std::optional<Error> clock_is_outvoted() const;
  [[nodiscard]] bool clocks_agree(StreamIndex stream) const;
  [[nodiscard]] bool is_merged(const std::string& namespace_name) const;
  [[nodiscard]] bool is_usable(StreamIndex stream, Clocks clocks,
                               const std::string& namespace_name) const;
  void take_as_invalidation(const Now& now, const CacheAddress& address, const std::string& origin,
                            HybridTime version, const Placed& placed);
  [[nodiscard]] std::string what_is_not_compared(const Link& link) const;
  [[nodiscard]] bool is_comparable(const std::string& neighbour, const StoredEntry& entry) const;
  [[nodiscard]] std::vector<std::string> disagreements() const override;

  // ---- not_applied.cc
  void note_failure(StreamIndex stream, const NotApplied& range);
  [[nodiscard]] std::vector<NotApplied> own_failures(StreamIndex stream) const;
  void take_failures(Turn& turn, const Link& link, StreamIndex stream, const AppliedBy& report);
  void on_failures_known(Turn& turn, const Link& link, const FailuresKnown& known);

  // ---- serve_links.cc
  void on_take(Turn& turn, Link& link, const Take& request);
  void serve_links(Turn& turn);
  void serve(Turn& turn, Link& link, StreamIndex stream, Serving& serving);
  void serve_stream(Turn& turn, Link& link, StreamIndex stream, Serving& serving);
  void declare_to(Serving& serving, StreamIndex stream, const Body& body,
                  const std::vector<std::uint16_t>* records,
                  std::vector<Declaration>& declarations) const;
  bool serve_what_is_not_held(Turn& turn, Link& link, StreamIndex stream, Serving& serving);
  void serve_events(Turn& turn, Link& link, StreamIndex stream, Serving& serving);
  void tell_passed_over(Turn& turn, Link& link, StreamIndex stream, Serving& serving);
  void tell_completeness(Turn& turn, Link& link, StreamIndex stream, Serving& serving,
                         const CompleteFor& complete);
  void tell_all_passed_over(Turn& turn);
  void set_completeness(BatchHeader& header, Serving& serving, const CompleteFor& complete) const;
  void send_applied(Turn& turn, bool everything);
};

}  // namespace mpreg
