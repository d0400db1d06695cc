#include "node/traces.h"

#include <nlohmann/json.hpp>

namespace mpreg {

using Json = nlohmann::ordered_json;

std::optional<std::uint64_t> Traces::begin(Instant now, std::uint64_t session,
                                           std::uint64_t request, std::string_view topic) {
  if (open_.size() >= kOpenMax) return std::nullopt;
  const std::uint64_t tag = ++last_tag_;
  open_[tag] = {session, request, std::string(topic), now, {}, {}};
  return tag;
}

void Traces::add(Instant now, const TraceReport& report) {
  const auto it = open_.find(report.tag);
  if (it == open_.end()) return;
  Open& open = it->second;
  const std::string& cluster = report.path.back();
  open.awaited.erase(cluster);
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - open.since);
  const Json hop{{"cluster_id", cluster},           {"region", report.region},
                 {"hops", report.path.size() - 1},  {"path", report.path},
                 {"sessions", report.sessions},     {"onward", report.onward},
                 {"arrived_us", report.arrived_us}, {"round_trip_us", since.count()}};
  open.hops.push_back(hop.dump(-1, ' ', false, Json::error_handler_t::replace));
  open.awaited.insert(report.onward.begin(), report.onward.end());
}

std::vector<Traces::Ended> Traces::settle(Instant now) {
  std::vector<Ended> ended;
  std::erase_if(open_, [&](const auto& entry) {
    const Open& open = entry.second;
    if (!open.awaited.empty() && now - open.since < kPatience) return false;
    Json answer{{"topic", open.topic}, {"hops", Json::array()}, {"missing", open.awaited}};
    for (const std::string& hop : open.hops) answer["hops"].push_back(Json::parse(hop));
    ended.push_back({open.session, open.request, answer.dump()});
    return true;
  });
  return ended;
}

}  // namespace mpreg
