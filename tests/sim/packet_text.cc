#include "packet_text.h"

#include <limits>

#include "wire/body_codec.h"
#include "wire/packet_codec.h"

namespace mpreg::sim {
namespace {

std::string number_text(Number number) {
  return number == kNumberMax ? std::string("end") : std::to_string(number);
}

std::string text(const StreamPosition& position) {
  return to_string(position.stream) + "=" + number_text(position.number);
}

template <typename List, typename TextOf>
std::string joined(const List& list, TextOf&& text_of_item) {
  std::string result = "[";
  for (const auto& item : list) {
    if (result.size() > 1) result += ' ';
    result += text_of_item(item);
  }
  return result + "]";
}

std::string positions_text(const std::vector<StreamPosition>& positions) {
  return joined(positions, [](const StreamPosition& position) { return text(position); });
}

std::string subscription_text(const Subscription& subscription) {
  return std::to_string(subscription.id) +
         joined(subscription.patterns, [](const std::string& pattern) { return pattern; });
}

std::string body_text(const Frame& frame) {
  if (frame.empty()) return " without body";
  const auto body = open_body(frame, {std::numeric_limits<std::uint64_t>::max()});
  if (!body) return " with a broken body";
  return " body " + std::to_string(body->first()) + ".." + std::to_string(body->last()) + " " +
         joined(body->records, [&](const Record& record) {
           const OperationId id = operation_of(body->segments, record.index);
           return std::to_string(body->first() + record.index) + ":" +
                  std::to_string(id.client % 1000) + "/" + std::to_string(id.operation) +
                  (record.kind == RecordKind::none ? "-" : "");
         });
}

struct ToText {
  const Frame& body;

  std::string operator()(const Hello& p) const {
    return "Hello client " + std::to_string(p.client % 1000) + (p.resume ? " resume " : " ") +
           positions_text(p.positions) + " " + joined(p.subscriptions, subscription_text);
  }
  std::string operator()(const Welcome& p) const {
    return "Welcome session " + std::to_string(p.session) + " accepted " +
           joined(p.accepted,
                  [](const NumberRange& range) {
                    return std::to_string(range.first) + ".." + std::to_string(range.last);
                  }) +
           " " + positions_text(p.positions);
  }
  std::string operator()(const Refused& p) const {
    return "Refused " + p.text + ", retry after " + std::to_string(p.retry_after_ms) + " ms";
  }
  std::string operator()(const Goodbye& p) const {
    return "Goodbye " + positions_text(p.final_positions);
  }
  std::string operator()(const Acknowledge& p) const {
    return "Acknowledge " + std::to_string(p.consumed_bytes);
  }
  std::string operator()(const Probe&) const { return "Probe"; }
  std::string operator()(const ProbeEcho& p) const {
    return "ProbeEcho " + std::string(p.is_behind ? "behind " : "") + "vouches" +
           joined(p.vouches,
                  [](const Vouch& vouch) {
                    return vouch.origin + "=" + std::to_string(vouch.age_ms) + "ms";
                  }) +
           " " + positions_text(p.positions);
  }
  std::string operator()(const Query& p) const { return "Query " + p.question; }
  std::string operator()(const Answer& p) const {
    return "Answer " + std::to_string(p.request) + (p.ok ? " ok" : " not ok: " + p.text);
  }
  std::string operator()(const BatchHeader& p) const {
    return "Batch " + to_string(p.stream) + " " + std::to_string(p.after) + ".." +
           number_text(p.through) +
           (p.only_subscription != 0
                ? (p.is_share ? " share of " : " backlog of ") + std::to_string(p.only_subscription)
                : std::string()) +
           (p.declarations.empty() ? std::string()
                                   : " declares " + joined(p.declarations,
                                                           [](const Declaration& declared) {
                                                             return std::to_string(declared.alias) +
                                                                    "=" + declared.topic;
                                                           })) +
           (p.completeness == Completeness::everybody
                ? std::string()
                : " complete for " + (p.completeness == Completeness::as_told
                                          ? std::string("those told")
                                          : joined(p.complete_for,
                                                   [](const ClusterGeneration& one) {
                                                     return one.cluster + "/" +
                                                            std::to_string(one.generation);
                                                   }))) +
           (p.refill ? " refill " + std::to_string(p.refill->tag) + " of " + p.refill->cluster
                     : std::string()) +
           body_text(body);
  }
  std::string operator()(const Gap& p) const {
    return "Gap " + to_string(p.stream) + " " + std::to_string(p.after) + ".." +
           number_text(p.through) + " scope " + std::to_string(static_cast<int>(p.scope.kind)) +
           joined(p.scope.names, [](const std::string& name) { return name; }) + " " + p.reason;
  }
  std::string operator()(const Subscribe& p) const {
    return "Subscribe " + std::to_string(p.request) + " " + subscription_text(p.subscription) +
           (p.subscription.backlog_count != 0
                ? " backlog " + std::to_string(p.subscription.backlog_count)
                : std::string());
  }
  std::string operator()(const Subscribed& p) const {
    return "Subscribed " + std::to_string(p.request) + " subscription " +
           std::to_string(p.subscription) + " " + positions_text(p.positions);
  }
  std::string operator()(const Unsubscribe& p) const {
    return "Unsubscribe " + std::to_string(p.subscription);
  }
  std::string operator()(const Barrier& p) const { return "Barrier " + std::to_string(p.request); }
  std::string operator()(const Accepted& p) const {
    return "Accepted " + std::to_string(p.through_operation) + " bytes " +
           std::to_string(p.consumed_bytes);
  }
  std::string operator()(const OperationRefused& p) const {
    return "OperationRefused " + std::to_string(p.operation) + " " + p.text;
  }
  std::string operator()(const OperationOutcome& p) const {
    const auto name = [](const std::string& cluster) { return cluster; };
    const auto number = [](const EndedOperation& one) { return std::to_string(one.operation); };
    return "OperationOutcome " + joined(p.operations, number) + " is " +
           std::to_string(static_cast<int>(p.outcome)) + " confirmed " + joined(p.confirmed, name) +
           " missing " + joined(p.missing, name) +
           (p.accepted ? " with " + (*this)(*p.accepted) : std::string());
  }
  std::string operator()(const CacheGet& p) const {
    return "CacheGet " + std::to_string(p.request) + " " + p.address.namespace_name + ":" +
           p.address.key;
  }
  std::string operator()(const CacheGot& p) const {
    return "CacheGot " + std::to_string(p.request) + " state " +
           std::to_string(static_cast<int>(p.state)) + " version " + std::to_string(p.version);
  }
  std::string operator()(const LoadAsk& p) const {
    return "LoadAsk " + std::to_string(p.request) + " " + p.address.namespace_name + ":" +
           p.address.key + " for " + std::to_string(p.lease_ms) + " ms";
  }
  std::string operator()(const LoadGranted& p) const {
    return "LoadGranted " + std::to_string(p.request) + (p.granted ? " yes" : " no");
  }
  std::string operator()(const ClaimAsk& p) const {
    return "ClaimAsk " + std::to_string(p.request) + " " + p.address.namespace_name + ":" +
           p.address.key + " token " + std::to_string(p.token) + " for " +
           std::to_string(p.lease_ms) + " ms, waits " + std::to_string(p.wait_ms) + " ms";
  }
  std::string operator()(const ClaimGranted& p) const {
    return "ClaimGranted " + std::to_string(p.request) + " token " + std::to_string(p.token) +
           " for " + std::to_string(p.lease_ms) + " ms";
  }
  std::string operator()(const StoreAsk& p) const {
    return "StoreAsk " + std::to_string(p.tag) + " level " +
           std::to_string(static_cast<int>(p.level)) + " index " + std::to_string(p.index) +
           " known " + std::to_string(p.known.size());
  }
  std::string operator()(const StoreTell& p) const {
    return "StoreTell " + std::to_string(p.tag) + " level " +
           std::to_string(static_cast<int>(p.level)) + " index " + std::to_string(p.index) +
           " entries " + std::to_string(p.entries.size());
  }
  std::string operator()(const Observed& p) const {
    return "Observed " + positions_text(p.positions);
  }
  std::string operator()(const CompleteOperation& p) const {
    return "CompleteOperation " + std::to_string(p.operation);
  }
  std::string operator()(const LinkHello& p) const {
    return "LinkHello " + p.cluster + " " + to_string(p.record.incarnation);
  }
  std::string operator()(const LinkWelcome& p) const {
    return "LinkWelcome " + p.cluster + " " + to_string(p.record.incarnation) + " known " +
           to_string(p.known);
  }
  std::string operator()(const LinkState& p) const {
    return "LinkState " + std::to_string(p.sequence) + " echo " + std::to_string(p.echo) + " " +
           joined(p.members,
                  [](const Member& member) {
                    return member.cluster + "/" + to_string(member.record.incarnation) + "@" +
                           std::to_string(member.hops);
                  }) +
           " " + joined(p.offers, [](const Offer& offer) {
             return to_string(offer.stream) + "=" + number_text(offer.head) + "(from " +
                    number_text(offer.earliest) + " base " + std::to_string(offer.base) + " @" +
                    std::to_string(offer.hops) + (offer.final ? " final)" : ")");
           });
  }
  std::string operator()(const Take& p) const {
    return "Take " + to_string(p.stream) + " after " + number_text(p.after) +
           (p.fresh ? " fresh" : "");
  }
  std::string operator()(const Taken& p) const {
    return "Taken " + to_string(p.stream) + " earliest " + number_text(p.earliest) + " head " +
           number_text(p.head) + " base " + std::to_string(p.base);
  }
  std::string operator()(const InterestUpdate& p) const {
    return "InterestUpdate " + p.cluster + " generation " + std::to_string(p.generation) +
           " since " + std::to_string(p.since) + " +" + std::to_string(p.added.size()) + " -" +
           std::to_string(p.removed.size());
  }
  std::string operator()(const InterestDigest& p) const {
    return "InterestDigest " + joined(p.known, [](const KnownInterest& known) {
             return known.cluster + "=" + std::to_string(known.generation);
           });
  }
  std::string operator()(const Refill& p) const {
    return "Refill " + to_string(p.stream) + " after " + number_text(p.after) + " through " +
           number_text(p.through) + " for " + p.cluster + " generation " +
           std::to_string(p.generation) + " tag " + std::to_string(p.tag);
  }
  std::string operator()(const mpreg::Trace& p) const {
    return "Trace " + p.topic + " of " + p.origin;
  }
  std::string operator()(const TraceReport& p) const {
    return "TraceReport to " + p.cluster + " tag " + std::to_string(p.tag);
  }
  std::string operator()(const FailuresKnown& p) const {
    std::string text = "FailuresKnown " + to_string(p.stream);
    for (const FailuresKnown::Of& one : p.clusters) {
      text += " " + one.cluster + ".." + std::to_string(one.through);
    }
    return text;
  }
  std::string operator()(const Untake& p) const { return "Untake " + to_string(p.stream); }
  std::string operator()(const Applied& p) const {
    return "Applied " + to_string(p.stream) + " " + joined(p.reports, [](const AppliedBy& report) {
             return report.cluster + "=" + number_text(report.number);
           });
  }
};

}  // namespace

std::string text_of(const Packet& packet, const Frame& body) {
  return std::visit(ToText{body}, packet);
}

std::string text_of_frames(const Frame& header, const Frame& body) {
  const auto packet = decode_packet(header.bytes());
  return packet ? text_of(*packet, body) : "a broken packet: " + packet.error().text;
}

}  // namespace mpreg::sim
