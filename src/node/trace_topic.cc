// Which way a message of a topic goes: asked by operators, answered by every broker on its way.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kTracePatience{1500};
constexpr std::size_t kTracesMax = 100;
constexpr std::size_t kPathHopsMax = 32;

std::uint64_t microseconds_of(const Now& now) {
  const auto age = now.wall.time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(age).count());
}

}  // namespace

std::vector<std::uint32_t> Node::Impl::slots_wanting(std::string_view topic) const {
  std::vector<std::uint32_t> slots;
  patterns_.match(topic, slots);
  return slots;
}

std::vector<std::string> Node::Impl::clusters_wanting_topic(std::string_view topic) const {
  std::vector<std::uint32_t> indexes;
  interests_.index().match(topic, indexes);
  std::vector<std::string> clusters;
  for (const auto& [cluster, known] : interests_.all()) {
    const bool is_wanted = is_cache_topic(topic) ||
                           std::find(indexes.begin(), indexes.end(), known.index) != indexes.end();
    if (is_wanted && cluster != options_.cluster) clusters.push_back(cluster);
  }
  return clusters;
}

// By the links on which the origin's events go; its facts take the same ways.
std::vector<Way> Node::Impl::ways_of(const std::string& origin, std::string_view topic) const {
  std::vector<Way> ways;
  const Members::Known* member = members_.find(origin);
  const Epoch epoch = origin == options_.cluster ? epoch_ : member ? member->member.epoch : 0;
  const auto stream = stream_ids_.find({origin, epoch, Lane::events});
  if (!stream) return ways;
  const std::vector<std::string> wanting = clusters_wanting_topic(topic);
  for (const auto& [id, link] : links_) {
    const auto serving = link.servings.find(*stream);
    if (!link.is_joined() || serving == link.servings.end()) continue;
    Way way{&link, {}};
    for (const std::string& cluster : serving->second.filter.clusters()) {
      if (std::binary_search(wanting.begin(), wanting.end(), cluster)) {
        way.clusters.push_back(cluster);
      }
    }
    if (!way.clusters.empty()) ways.push_back(std::move(way));
  }
  return ways;
}

// Passes the trace on, and says what it found here.
TraceReport Node::Impl::pass_on(const Now& now, const Trace& trace, Outbox& outbox) {
  TraceReport report;
  report.cluster = trace.origin;
  report.tag = trace.tag;
  report.route = trace.route;
  report.path = trace.route;
  report.path.push_back(options_.cluster);
  report.region = options_.region;
  report.sessions = static_cast<std::uint32_t>(slots_wanting(trace.topic).size());
  report.arrived_us = microseconds_of(now);
  if (report.path.size() > kPathHopsMax) return report;
  Trace further = trace;
  further.route.push_back(options_.cluster);
  for (const Way& way : ways_of(trace.origin, trace.topic)) {
    const std::string& next = way.link->peer.cluster;
    if (std::find(report.path.begin(), report.path.end(), next) != report.path.end()) continue;
    report.onward.push_back(next);
    send(outbox, way.link->address, further);
  }
  return report;
}

void Node::Impl::begin_trace(const Now& now, const Session& session, const Query& query,
                             std::string_view topic, Outbox& outbox) {
  if (Result<void> checked = check_topic(topic); !checked) {
    return send(outbox, {Door::session, session.peer},
                Answer{query.request, false, checked.error().code, checked.error().text});
  }
  if (traces_.size() >= kTracesMax) {
    return send(outbox, {Door::session, session.peer},
                Answer{query.request, false, ErrorCode::overloaded,
                       std::to_string(kTracesMax) + " traces are under way, which is the limit"});
  }
  const std::uint64_t tag = ++last_trace_;
  OpenTrace& open = traces_[tag];
  open = {session.id, query.request, std::string(topic), now.instant, {}, {}};
  note_trace(now, pass_on(now, {options_.cluster, open.topic, tag, {}}, outbox), open);
  settle_traces(now, outbox);
}

void Node::Impl::on_trace(const Now& now, Link& link, const Trace& trace, Outbox& outbox) {
  const bool has_passed =
      std::find(trace.route.begin(), trace.route.end(), options_.cluster) != trace.route.end();
  if (trace.route.empty() || has_passed || !check_topic(trace.topic)) {
    return metrics_.packets_unexpected.add();
  }
  send(outbox, link.address, pass_on(now, trace, outbox));
}

// On its way back along the route, or here.
void Node::Impl::on_trace_report(const Now& now, TraceReport& report, Outbox& outbox) {
  if (report.cluster == options_.cluster) {
    const auto open = traces_.find(report.tag);
    if (open == traces_.end() || report.path.empty()) return;
    note_trace(now, report, open->second);
    return settle_traces(now, outbox);
  }
  if (!report.route.empty() && report.route.back() == options_.cluster) report.route.pop_back();
  if (report.route.empty()) return metrics_.packets_unexpected.add();
  for (const auto& [id, link] : links_) {
    if (!link.is_joined() || link.peer.cluster != report.route.back()) continue;
    return send(outbox, link.address, report);
  }
}

void Node::Impl::note_trace(const Now& now, const TraceReport& report, OpenTrace& open) {
  const std::string& cluster = report.path.back();
  open.awaited.erase(cluster);
  Json hop{
      {"cluster_id", cluster},
      {"region", report.region},
      {"hops", report.path.size() - 1},
      {"path", report.path},
      {"sessions", report.sessions},
      {"onward", report.onward},
      {"arrived_us", report.arrived_us},
      {"round_trip_us",
       std::chrono::duration_cast<std::chrono::microseconds>(now.instant - open.since).count()}};
  open.hops.push_back(hop.dump(-1, ' ', false, Json::error_handler_t::replace));
  for (const std::string& next : report.onward) open.awaited.insert(next);
}

// Answers those that are complete, or have waited long enough.
void Node::Impl::settle_traces(const Now& now, Outbox& outbox) {
  for (auto it = traces_.begin(); it != traces_.end();) {
    const OpenTrace& open = it->second;
    const bool is_over = open.awaited.empty() || now.instant - open.since >= kTracePatience;
    if (!is_over) {
      ++it;
      continue;
    }
    Json answer{{"topic", open.topic}, {"hops", Json::array()}, {"missing", open.awaited}};
    for (const std::string& hop : open.hops) answer["hops"].push_back(Json::parse(hop));
    for (const auto& session : sessions_) {
      if (!session || session->id != open.session) continue;
      send(outbox, {Door::session, session->peer},
           Answer{open.request, true, ErrorCode::internal, answer.dump()});
    }
    it = traces_.erase(it);
  }
}

}  // namespace mpreg
