// Which way a message of a topic goes: asked by operators, answered by every broker on its way.

#include <algorithm>

#include "base/text.h"
#include "message/cache_key.h"
#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

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
  interest_.table().index().match(topic, indexes);
  std::vector<std::string> clusters;
  for (const auto& [cluster, known] : interest_.table().all()) {
    const bool is_wanted = is_cache_topic(topic, options_.topic_prefix) ||
                           std::find(indexes.begin(), indexes.end(), known.index) != indexes.end();
    if (is_wanted && cluster != options_.cluster) clusters.push_back(cluster);
  }
  return clusters;
}

// By the links on which the origin's events go; its facts take the same ways.
std::vector<Way> Node::Impl::ways_of(const std::string& origin, std::string_view topic) const {
  std::vector<Way> ways;
  const Members::Known* member = members_.find(origin);
  const Incarnation current = origin == options_.cluster ? incarnation_.incarnation()
                              : member != nullptr        ? member->member.record.incarnation
                                                         : Incarnation{};
  const auto stream = stream_ids_.find({origin, current, Lane::events});
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
TraceReport Node::Impl::pass_on(Turn& turn, const Trace& trace) {
  TraceReport report;
  report.cluster = trace.origin;
  report.tag = trace.tag;
  report.route = trace.route;
  report.path = trace.route;
  report.path.push_back(options_.cluster);
  report.region = options_.region;
  report.sessions = static_cast<std::uint32_t>(slots_wanting(trace.topic).size());
  report.arrived_us = microseconds_of(turn.now);
  if (report.path.size() > kPathHopsMax) return report;
  Trace further = trace;
  further.route.push_back(options_.cluster);
  for (const Way& way : ways_of(trace.origin, trace.topic)) {
    const std::string& next = way.link->peer.cluster;
    if (std::find(report.path.begin(), report.path.end(), next) != report.path.end()) continue;
    report.onward.push_back(next);
    send(turn, way.link->address, further);
  }
  return report;
}

void Node::Impl::begin_trace(Turn& turn, const Session& session, const Query& query,
                             std::string_view topic) {
  if (Result<void> checked = check_topic(topic); !checked) {
    return send(turn, {Door::session, session.peer},
                Answer{query.request, false, checked.error().code, checked.error().text});
  }
  const auto tag = traces_.begin(turn.now.instant, session.id, query.request, topic);
  if (!tag) {
    return send(
        turn, {Door::session, session.peer},
        Answer{query.request, false, ErrorCode::overloaded,
               std::to_string(Traces::kOpenMax) + " traces are under way, which is the limit"});
  }
  traces_.add(turn.now.instant, pass_on(turn, {options_.cluster, std::string(topic), *tag, {}}));
  settle_traces(turn);
}

void Node::Impl::on_trace(Turn& turn, Link& link, const Trace& trace) {
  const bool has_passed =
      std::find(trace.route.begin(), trace.route.end(), options_.cluster) != trace.route.end();
  if (trace.route.empty() || has_passed || !check_topic(trace.topic)) {
    return metrics_.packets_unexpected.add();
  }
  send(turn, link.address, pass_on(turn, trace));
}

// On its way back along the route, or here.
void Node::Impl::on_trace_report(Turn& turn, TraceReport& report) {
  if (report.cluster == options_.cluster) {
    if (report.path.empty()) return metrics_.packets_unexpected.add();
    traces_.add(turn.now.instant, report);
    return settle_traces(turn);
  }
  if (!report.route.empty() && report.route.back() == options_.cluster) report.route.pop_back();
  if (report.route.empty()) return metrics_.packets_unexpected.add();
  for (const auto& [id, link] : links_) {
    if (!link.is_joined() || link.peer.cluster != report.route.back()) continue;
    return send(turn, link.address, report);
  }
}

// Answers those that are complete, or have waited long enough.
void Node::Impl::settle_traces(Turn& turn) {
  for (const Traces::Ended& ended : traces_.settle(turn.now.instant)) {
    const Session* session = sessions_.of_id(ended.session);
    if (session == nullptr) continue;
    send(turn, {Door::session, session->peer},
         Answer{ended.request, true, ErrorCode::internal, ended.answer});
  }
}

}  // namespace mpreg
