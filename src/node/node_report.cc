#include <nlohmann/json.hpp>

#include "node/node_reports.h"

namespace mpreg {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kWho = "who ";
constexpr std::string_view kExplain = "explain ";

Json milliseconds_since(Instant now, Instant then) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count();
}

// Patterns of the clusters that take this cluster's events by the link.
std::size_t patterns_behind(const Serving& serving, const InterestTable& interests) {
  std::size_t patterns = 0;
  for (const std::string& cluster : serving.filter.clusters()) {
    const InterestTable::Known* known = interests.find(cluster);
    if (known != nullptr) patterns += known->patterns.size();
  }
  return patterns;
}

}  // namespace

NodeReports::NodeReports(const NodeState& node, const ReportSources& sources)
    : node_(node), sources_(sources) {}

std::string NodeReports::answer(const Now& now, std::string_view question) const {
  Json answer;
  if (question == "stats") {
    answer = report_stats(now);
  } else if (question == "members") {
    answer = report_members(now);
  } else if (question == "links") {
    answer = report_links(now);
  } else if (question == "sessions") {
    answer = report_sessions(now);
  } else if (question == "streams") {
    answer = report_streams();
  } else if (question == "federation") {
    answer = report_federation();
  } else if (question == "health") {
    answer = report_health(now);
  } else if (question == "repair" || question == "repair now") {
    answer = sources_.report_repair(now);
  } else if (question == "subs") {
    answer = report_subscriptions();
  } else if (question.starts_with(kExplain)) {
    answer = report_explain(now, question.substr(kExplain.size()));
    if (answer.is_null()) return {};
  } else if (question.starts_with(kWho)) {
    answer = report_who(question.substr(kWho.size()));
    if (answer.is_null()) return {};
  } else {
    return {};
  }
  // Names may hold any UTF-8; what is none is replaced, never a failure.
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json NodeReports::report_stats(const Now& now) const {
  Json answer;
  answer["cluster_id"] = options_.cluster;
  answer["region"] = options_.region;
  answer["incarnation"] = to_string(incarnation_);
  answer["joined"] = links_.is_joined();
  answer["remembers"] = options_.is_memory_kept;
  answer["may_write"] = membership_.may_number();
  answer["sessions"] = sessions_.open_sessions();
  answer["patterns"] = patterns_.patterns();
  answer["topics"] = topics_.size();
  answer["links_joined"] = links_.joined_links();
  answer["members"] = members_.all().size() + 1;
  answer["pending_operations"] = pending_.size();
  const auto oldest = pending_.oldest();
  answer["oldest_pending_ms"] = oldest ? milliseconds_since(now.instant, *oldest) : Json(0);
  answer["retained_bytes"] = retention_.bytes();
  answer["retained_evicted"] = retention_.evicted();
  answer["clients_remembered"] = clients_.size();
  const StoreCounters& cache = cache_.store().counters();
  answer["cache"] = {{"entries", cache_.store().entries()},
                     {"marks", cache_.store().marks()},
                     {"bytes", cache_.store().used_bytes()},
                     {"gets", cache.gets},
                     {"hits", cache.hits},
                     {"puts", cache.puts},
                     {"puts_refused", cache.puts_refused},
                     {"puts_too_large", cache.puts_too_large},
                     {"evictions", cache.evictions},
                     {"expired", cache.expired},
                     {"dropped", cache.dropped},
                     {"values_waiting", cache_.values_waiting()},
                     {"resolved_entries", cache_.resolved().entries()},
                     {"resolved_bytes", cache_.resolved().bytes()},
                     {"resolved_evictions", cache_.resolved().evictions()},
                     {"resolved_values_overdue", cache_.resolved().values_overdue()},
                     {"conflicts", cache_.resolved().conflicts()}};
  Json& counters = answer["counters"];
  for (const MetricValue& metric : registry_.snapshot()) {
    if (!metric.labels.empty()) continue;
    if (const auto* counter = std::get_if<std::uint64_t>(&metric.value)) {
      counters[metric.name] = *counter;
    }
  }
  return answer;
}

Json NodeReports::report_members(const Now& now) const {
  Json answer = Json::array();
  answer.push_back({{"cluster_id", options_.cluster},
                    {"region", options_.region},
                    {"incarnation", to_string(incarnation_)},
                    {"state", membership_.entitlement() == Entitlement::entitled
                                  ? "running"
                                  : name_of(membership_.entitlement())},
                    {"hops", 0},
                    {"reachable", true},
                    {"heard_ms_ago", 0}});
  for (const auto& [cluster, known] : members_.all()) {
    answer.push_back({{"cluster_id", cluster},
                      {"region", known.member.region},
                      {"incarnation", to_string(known.member.record.incarnation)},
                      {"state", state_of_member(now, cluster)},
                      {"hops", known.member.hops},
                      {"reachable", known.next_hop != kNoLink},
                      {"heard_ms_ago", Members::age_ms(known, now.instant)}});
  }
  return answer;
}

Json NodeReports::report_links(const Now& now) const {
  Json answer = Json::array();
  constexpr const char* names_of_relation[] = {"hub", "spoke", "peer", "gateway"};
  std::map<LinkId, std::size_t> taken;
  for (const StreamState& state : streams_) {
    if (!state.own && !state.closed()) ++taken[state.upstream];
  }
  for (const auto& [id, link] : links_) {
    const auto own_events = link.servings.find(own_[static_cast<std::size_t>(Lane::events)]);
    const char* phases[] = {"down", "greeting", "welcomed", "joined"};
    Json entry{{"dialled", link.dialled()},
               {"endpoint", link.endpoint},
               {"cluster_id", link.peer.cluster},
               {"region", link.peer.region},
               {"phase", phases[static_cast<std::size_t>(link.phase)]},
               {"heard_ms_ago",
                link.is_known() ? milliseconds_since(now.instant, link.last_heard) : Json(nullptr)},
               {"role", names_of_relation[static_cast<std::size_t>(link.relation())]},
               {"late", link.is_late},
               {"standby", links_.is_standby(link, options_.cluster)},
               {"streams_taken", taken[id]},
               {"streams_offered", link.offers.size()},
               {"streams_served", link.servings.size()},
               {"patterns", own_events == link.servings.end()
                                ? 0
                                : patterns_behind(own_events->second, interest_.table())}};
    if (!link.refusal.empty()) entry["refusal"] = link.refusal;
    answer.push_back(std::move(entry));
  }
  return answer;
}

Json NodeReports::report_sessions(const Now& now) const {
  Json answer = Json::array();
  for (const auto& session : sessions_) {
    if (!session) continue;
    Json behind = Json::object();
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const LaneCursor& cursor = session->cursors[lane];
      const RetainedLog& log = retention_.log(static_cast<Lane>(lane));
      behind[std::string(name_of(static_cast<Lane>(lane)))] =
          cursor.behind ? log.end() - std::min(log.end(), cursor.position) : 0;
    }
    answer.push_back({{"session", session->id},
                      {"client", session->client},
                      {"name", session->name},
                      {"subscriptions", session->subscriptions.size()},
                      {"patterns", session->pattern_uses.size()},
                      {"sent_bytes", session->sent_bytes},
                      {"unacknowledged_bytes", session->sent_bytes - session->consumed_bytes},
                      {"received_bytes", session->received_bytes},
                      {"batches_behind", std::move(behind)},
                      {"heard_ms_ago", milliseconds_since(now.instant, session->last_heard)}});
  }
  return answer;
}

Json NodeReports::report_streams() const {
  Json answer = Json::array();
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    const auto upstream = links_.find(state.upstream);
    const auto held = node_.log_of(index).held_after(index);
    Json entry{{"origin", id.origin},
               {"incarnation", to_string(id.incarnation)},
               {"lane", std::string(name_of(id.lane))},
               {"own", state.own},
               {"closed", state.closed()},
               {"final", state.final},
               {"frontier", state.closed() ? Json(nullptr) : Json(state.frontier)},
               {"head_seen", state.closed() ? Json(nullptr) : Json(state.head_seen)},
               {"held_after", held && *held != kNumberMax ? Json(*held) : Json(nullptr)},
               {"hops", state.hops}};
    if (upstream != links_.end()) entry["upstream"] = upstream->second.peer.cluster;
    answer.push_back(std::move(entry));
  }
  return answer;
}

}  // namespace mpreg
