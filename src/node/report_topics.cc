// Answers to operators about topics and health: who would get a message, who has asked for what,
// what was done with each cluster.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "message/cache_key.h"
#include "message/target_names.h"
#include "node/node_impl.h"
#include "node/node_reports.h"
#include "node/vouch.h"
#include "topic/topic.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFactsSearched = 100'000;
constexpr std::size_t kRowsMax = 10'000;  // An answer is bounded; what is left out is counted.

template <typename Statistics>
void put_counters(Json& into, const Statistics& statistics) {
  for (const auto& field : Statistics::kCounters) {
    into[std::string(field.name)] = statistics.*field.member;
  }
}

}  // namespace

std::uint32_t Node::Impl::age_of(Instant now, const std::string& origin) const {
  return mpreg::age_of(*this, now, origin);
}

std::string Node::Impl::report(const Now& now, std::string_view question) const {
  return NodeReports(*this, *this).answer(now, question);
}

void Node::Impl::on_query(Turn& turn, const Session& session, const Query& query) {
  constexpr std::string_view kTrace = "trace ";
  if (query.question.starts_with(kTrace)) {
    return begin_trace(turn, session, query,
                       std::string_view(query.question).substr(kTrace.size()));
  }
  constexpr std::string_view kForget = "forget ";
  if (query.question.starts_with(kForget)) {
    const Result<void> forgotten = forget(turn, query.question.substr(kForget.size()));
    Answer said{query.request, forgotten.has_value(), ErrorCode::internal, "{}"};
    if (!forgotten) said = {query.request, false, forgotten.error().code, forgotten.error().text};
    return send(turn, {Door::session, session.peer}, said);
  }
  if (query.question == "alone") {
    const Result<void> done = stand_alone(turn);
    Answer said{query.request, done.has_value(), ErrorCode::internal, "{}"};
    if (!done) said = {query.request, false, done.error().code, done.error().text};
    return send(turn, {Door::session, session.peer}, said);
  }
  constexpr std::string_view kSample = "sample ";
  if (query.question.starts_with(kSample)) {
    const std::string_view wanted = std::string_view(query.question).substr(kSample.size());
    const Answer sample{query.request, true, ErrorCode::internal, sample_store(turn.now, wanted)};
    return send(turn, {Door::session, session.peer}, sample);
  }
  if (query.question == "repair now") {
    for (auto& [link, due] : compare_.due) due = turn.now.instant;
    next_check_ = turn.now.instant;
  }
  Answer answer{query.request, true, ErrorCode::internal, report(turn.now, query.question)};
  if (answer.text.empty()) {
    answer = Answer{query.request, false, ErrorCode::unsupported,
                    "question is " + in_quotes(query.question) +
                        "; there are stats, health, federation, members, links, sessions, streams, "
                        "subs, repair, who TOPIC and trace TOPIC"};
  }
  send(turn, {Door::session, session.peer}, answer);
}

Json NodeReports::report_federation() const {
  BridgeStatistics statistics = books_.total();
  statistics.pending_operations_count = pending_.size();
  Json total;
  put_counters(total, statistics);
  total["success_rate"] = statistics.success_rate();
  total["processing_efficiency"] = statistics.processing_efficiency();
  total["average_operation_latency_ms"] = statistics.average_operation_latency_ms;
  const HistogramSummary latency = metrics_.confirmation_us.summary();
  total["operation_latency_us"] = {{"p50", latency.p50},
                                   {"p90", latency.p90},
                                   {"p99", latency.p99},
                                   {"p99_9", latency.p999},
                                   {"max", latency.max}};
  Json clusters = Json::object();
  for (const auto& [cluster, book] : books_.by_cluster()) {
    Json& entry = clusters[cluster];
    put_counters(entry, book.statistics);
    entry["invalidations_processed"] = book.invalidations_processed;
    entry["replications_processed"] = book.replications_processed;
    entry["operations_confirmed"] = book.confirmed;
    entry["timeout_operations"] = book.timed_out;
    entry["failed_operations"] = book.failed;
    entry["coherence_efficiency"] = book.statistics.coherence_efficiency();
  }
  return {{"total", std::move(total)}, {"clusters", std::move(clusters)}};
}

Json NodeReports::report_health(const Now& now) const {
  BridgeStatistics statistics = books_.total();
  statistics.pending_operations_count = pending_.size();
  HealthInputs inputs = health_inputs_of(statistics);
  if (const auto oldest = pending_.oldest()) {
    inputs.oldest_unacknowledged =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.instant - *oldest);
  }
  const Number head = streams_[own_[static_cast<std::size_t>(Lane::cache)]].frontier;
  Json members = Json::array();
  for (const auto& [cluster, known] : members_.all()) {
    const Number applied = pending_.applied_by(cluster, Lane::cache);
    const Number lag = head - std::min(head, applied);
    const auto behind = books_.behind(cluster, now.instant);
    if (lag > 0 && membership_.is_waited_for(now.instant, cluster, false)) {
      inputs.lags.push_back({cluster, lag, behind});
    }
    members.push_back({{"cluster_id", cluster},
                       {"state", state_of_member(now, cluster)},
                       {"reachable", known.next_hop != kNoLink},
                       {"heard_ms_ago", Members::age_ms(known, now.instant)},
                       {"lag", lag},
                       {"behind_ms", behind.count()}});
  }
  HealthReport health = assess_health(inputs);
  for (const std::vector<std::string>& found :
       {unheard(now), sources_.disagreements(), refused_links(now)}) {
    health.healthy = health.healthy && found.empty();
    health.issues.insert(health.issues.end(), found.begin(), found.end());
  }
  Json warnings = Json::array();
  if (!options_.is_memory_kept) {
    warnings.push_back(
        "data-dir is none: the broker remembers nothing from one start to the next, and cannot "
        "leave cleanly: its end is silence");
  }
  if (!links_.is_joined()) warnings.push_back("a link that was dialled has not joined");
  return {{"cluster_id", options_.cluster},
          {"healthy", health.healthy},
          {"issues", health.issues},
          {"warnings", std::move(warnings)},
          {"members", std::move(members)}};
}

Json NodeReports::report_subscriptions() const {
  std::map<std::string, std::vector<std::string>> sessions;
  for (const auto& session : sessions_) {
    if (!session) continue;
    for (const auto& [pattern, uses] : session->pattern_uses) {
      sessions[pattern].push_back(session->name);
    }
  }
  std::size_t left_out = 0;
  Json patterns = Json::array();
  for (auto& [pattern, names] : sessions) {
    if (patterns.size() >= kRowsMax) {
      ++left_out;
      continue;
    }
    std::sort(names.begin(), names.end());
    patterns.push_back({{"pattern", pattern}, {"sessions", names}});
  }
  Json interest = Json::array();
  for (const auto& [cluster, known] : interest_.table().all()) {
    if (cluster == options_.cluster) continue;
    Json texts = Json::array();
    for (const std::string& pattern : known.patterns) {
      if (texts.size() + patterns.size() >= kRowsMax) {
        ++left_out;
      } else {
        texts.push_back(pattern);
      }
    }
    interest.push_back({{"cluster_id", cluster},
                        {"generation", known.generation},
                        {"patterns", std::move(texts)}});
  }
  return {
      {"patterns", std::move(patterns)}, {"interest", std::move(interest)}, {"left_out", left_out}};
}

// "NAMESPACE KEY". Nothing for what is no name.
Json NodeReports::report_explain(const Now& now, std::string_view entry) const {
  const std::size_t blank = entry.find(' ');
  if (blank == entry.npos) return {};
  CacheAddress address;
  address.namespace_name = entry.substr(0, blank);
  address.key = entry.substr(blank + 1);
  if (!check_namespace(address.namespace_name) || !check_key(address.key)) return {};
  const CacheGot got = cache_.look(now.instant, address);
  const auto claim = claims_.claims().view(now.instant, address);
  EntryState state = got.state;
  // The claim was an invalidation.
  const bool is_unwritten = claim && !has_value(got.state) && got.state != EntryState::syncing;
  if (claim && claim->is_ours && is_unwritten) state = EntryState::exclusive;
  const bool is_degraded =
      std::any_of(members_.all().begin(), members_.all().end(),
                  [&](const auto& member) { return is_silent(now, member.first); });
  if (is_degraded && state == EntryState::shared) state = EntryState::degraded;
  Json answer = {{"cluster_id", options_.cluster},
                 {"namespace", address.namespace_name},
                 {"key", address.key},
                 {"state", name_of(state)},
                 {"protocol", cache_.protocol_of(address.namespace_name).name()},
                 {"home", home_of(address, claims_.electorate(now).needed)}};
  if (claim) {
    answer["holder"] = claim->holder;
    answer["token"] = claim->claim.token;
    answer["lease_ms"] = claim->left.count();
  }
  if (got.version == 0) return answer;
  answer["written_by"] = got.origin;
  answer["version"] = got.position.number != 0 ? got.position.number : got.version;
  if (got.position.number != 0) answer["stream"] = to_string(got.position.stream);
  put_sharers(answer, address, got.position);
  return answer;
}

// Of the last write, if it is among the latest facts: to which clusters its value went, and of a
// write of our own, which of them have confirmed it.
void NodeReports::put_sharers(Json& into, const CacheAddress& address,
                              const StreamPosition& position) const {
  const RetainedLog& log = retention_.log(Lane::cache);
  std::size_t left = kFactsSearched;
  for (LogPosition at = log.end(); at > log.begin() && left > 0; --left) {
    const LogEntry* entry = log.find(--at);
    if (entry == nullptr || entry->body.frame.empty()) continue;
    const Body& body = entry->body;
    const bool is_in_it = stream_ids_.id_of(entry->stream) == position.stream &&
                          body.first() <= position.number && position.number <= body.last();
    if (!is_in_it) continue;
    for (const Record& record : body.records) {
      if (record.kind != RecordKind::replication) continue;
      if (body.first() + record.index != position.number) continue;
      const auto fact = decode_replication(body.payload_of(record));
      if (!fact || fact->address.namespace_name != address.namespace_name ||
          fact->address.key != address.key) {
        continue;
      }
      Json sharers = Json::array();
      for (const std::string& cluster : named_by(fact->targets, options_, members_)) {
        if (is_target_selector(cluster)) continue;
        Json sharer = {{"cluster_id", cluster}};
        if (streams_[entry->stream].own) {
          sharer["confirmed"] =
              cluster == options_.cluster ||
              pending_.applied_by(cluster, Lane::cache) >= body.first() + record.index;
        }
        sharers.push_back(std::move(sharer));
      }
      into["sharing_clusters"] = std::move(sharers);
      return;
    }
  }
}

// Nothing for what is no topic.
Json NodeReports::report_who(std::string_view topic) const {
  if (!check_topic(topic)) return {};
  Json sessions = Json::array();
  for (const std::uint32_t slot : sources_.slots_wanting(topic)) {
    if (!sessions_.is_open(slot) || sessions.size() >= kRowsMax) continue;
    const Session& session = sessions_.at(slot);
    sessions.push_back(
        {{"session", session.id}, {"client", session.client}, {"name", session.name}});
  }
  Json links = Json::array();
  for (const Way& way : sources_.ways_of(options_.cluster, topic)) {
    links.push_back({{"cluster_id", way.link->peer.cluster}, {"behind", way.clusters}});
  }
  std::vector<GroupTable::TargetId> targets;
  groups_.table().match(topic, targets);
  Json groups = Json::array();
  for (const GroupTable::TargetId id : targets) {
    const GroupTable::Target& target = groups_.table().target(id);
    if (groups.size() >= kRowsMax) break;
    groups.push_back(
        {{"group", groups_.table().name_of(target.group)},
         {"cluster_id", target.cluster.empty() ? options_.cluster : target.cluster},
         {"name", target.cluster.empty() ? sessions_.at(target.slot).name : std::string()}});
  }
  return {{"topic", topic},
          {"sessions", std::move(sessions)},
          {"links", std::move(links)},
          {"groups", std::move(groups)}};
}

void Node::Impl::note_lags(const Now& now) {
  const Number head = streams_[own_[static_cast<std::size_t>(Lane::cache)]].frontier;
  for (const auto& [cluster, known] : members_.all()) {
    books_.note_lag(cluster, pending_.applied_by(cluster, Lane::cache), head, now.instant);
  }
}

}  // namespace mpreg
