#pragma once
// NodeReports: answers to operators, as JSON, about everything that one broker knows. It only
// looks: made for one question, and gone with the answer.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "node/node_state.h"

namespace mpreg {

// What no single part of a node knows.
class ReportSources {
 public:
  ReportSources() = default;
  ReportSources(const ReportSources&) = delete;
  ReportSources& operator=(const ReportSources&) = delete;
  virtual ~ReportSources() = default;

  // How old what is here of a cluster may be.
  [[nodiscard]] virtual std::uint32_t age_of(Instant now, const std::string& origin) const = 0;
  // What does not agree with others, in words.
  [[nodiscard]] virtual std::vector<std::string> disagreements() const = 0;
  // Who gets a message of a topic: sessions here, and by which links it goes on.
  [[nodiscard]] virtual std::vector<std::uint32_t> slots_wanting(std::string_view topic) const = 0;
  [[nodiscard]] virtual std::vector<Way> ways_of(const std::string& origin,
                                                 std::string_view topic) const = 0;
  [[nodiscard]] virtual nlohmann::ordered_json report_repair(const Now& now) const = 0;
};

class NodeReports {
 public:
  NodeReports(const NodeState& node, const ReportSources& sources);

  // Empty for what is no question.
  [[nodiscard]] std::string answer(const Now& now, std::string_view question) const;

 private:
  // ---- node_report.cc
  [[nodiscard]] nlohmann::ordered_json report_stats(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_members(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_links(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_sessions(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_streams() const;

  // ---- member_reports.cc
  [[nodiscard]] std::vector<std::string> unheard(const Now& now) const;
  [[nodiscard]] std::vector<std::string> refused_links(const Now& now) const;
  [[nodiscard]] bool is_silent(const Now& now, const std::string& cluster) const;
  [[nodiscard]] std::string state_of_member(const Now& now, const std::string& cluster) const;

  // ---- report_topics.cc
  [[nodiscard]] nlohmann::ordered_json report_federation() const;
  [[nodiscard]] nlohmann::ordered_json report_health(const Now& now) const;
  [[nodiscard]] nlohmann::ordered_json report_subscriptions() const;
  [[nodiscard]] nlohmann::ordered_json report_explain(const Now& now, std::string_view entry) const;
  void put_sharers(nlohmann::ordered_json& into, const CacheAddress& address,
                   const StreamPosition& position) const;
  [[nodiscard]] nlohmann::ordered_json report_who(std::string_view topic) const;

  const NodeState& node_;
  const ReportSources& sources_;
  const NodeOptions& options_ = node_.options_;
  const MetricsRegistry& registry_ = node_.registry_;
  const NodeMetrics& metrics_ = node_.metrics_;
  const Incarnation& incarnation_ = node_.incarnation_.incarnation();
  const StreamTable& stream_ids_ = node_.stream_ids_;
  const std::vector<StreamState>& streams_ = node_.streams_;
  const std::array<StreamIndex, kLanes>& own_ = node_.own_;
  const Retention& retention_ = node_.retention_;
  const ClientTable& clients_ = node_.clients_;
  const TopicTable& topics_ = node_.topics_;
  const PatternIndex& patterns_ = node_.patterns_;
  const SessionTable& sessions_ = node_.sessions_;
  const ReplicaStore& cache_ = node_.cache_;
  const KeyClaims& claims_ = node_.claims_;
  const PendingOperations& pending_ = node_.pending_;
  const FederationBooks& books_ = node_.books_;
  const LinkTable& links_ = node_.links_;
  const Members& members_ = node_.members_;
  const MemberProtocol& membership_ = node_.membership_;
  const EventInterest& interest_ = node_.interest_;
  const QueueGroups& groups_ = node_.groups_;
};

}  // namespace mpreg
