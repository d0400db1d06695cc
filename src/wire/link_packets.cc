#include <optional>

#include "wire/packet_families.h"

namespace mpreg {
namespace {

auto put_namespaces(Builder& out, const std::vector<NamespaceSetting>& from) {
  return put_all(out, from, [](Builder& to, const NamespaceSetting& one) {
    const auto name = put_text(to, one.namespace_name);
    const auto option = put_text(to, one.option);
    return wire::CreateNamespaceSetting(to, name, option, put_text(to, one.value));
  });
}

template <typename Tables>
void take_namespaces(PacketReader& in, FieldName name, const Tables* from,
                     std::vector<NamespaceSetting>& to) {
  in.tables(name, from, kNamespaceSettingsMax, to,
            [&](const wire::NamespaceSetting& one, NamespaceSetting& into) {
              in.line({"namespace_setting", "namespace_name"}, one.namespace_name(),
                      kNamespaceBytesMax, into.namespace_name);
              in.line({"namespace_setting", "option"}, one.option(), kSettingBytesMax, into.option);
              in.line({"namespace_setting", "value"}, one.value(), kSettingBytesMax, into.value);
            });
}

flatbuffers::Offset<wire::LinkSettings> write(Builder& out, const LinkSettings& from) {
  const auto prefix = put_text(out, from.topic_prefix);
  return wire::CreateLinkSettings(out, prefix, from.key_rules, from.claim_lease_max_ms,
                                  put_namespaces(out, from.namespaces));
}

void read(PacketReader& in, const wire::LinkSettings* from, LinkSettings& to) {
  if (from == nullptr) return;
  in.line({"link_settings", "topic_prefix"}, from->topic_prefix(), kTopicPrefixBytesMax,
          to.topic_prefix);
  to.key_rules = from->key_rules();
  to.claim_lease_max_ms = from->claim_lease_max_ms();
  take_namespaces(in, {"link_settings", "namespaces"}, from->namespaces(), to.namespaces);
}

flatbuffers::Offset<wire::IncarnationRecord> write(Builder& out, const IncarnationRecord& from) {
  const auto unused = put_all(out, from.unused, [](Builder& to, const Incarnation& one) {
    return wire::CreateIncarnationName(to, one.counter, one.instance);
  });
  const IncarnationParent parent = from.parent.value_or(IncarnationParent{});
  std::optional<wire::LaneNumbers> last;
  if (parent.final_numbers) {
    const LaneNumbers& numbers = *parent.final_numbers;
    last.emplace(numbers[0], numbers[1], numbers[2]);
  }
  return wire::CreateIncarnationRecord(
      out, from.incarnation.counter, from.incarnation.instance, from.parent.has_value(),
      parent.incarnation.counter, parent.incarnation.instance, last ? &*last : nullptr, unused);
}

void read(PacketReader& in, std::string_view table, const wire::IncarnationRecord* from,
          IncarnationRecord& to) {
  if (from == nullptr) return in.refuse({table, "record"}, "is missing");
  to.incarnation = {from->counter(), from->instance()};
  if (from->has_parent()) {
    to.parent.emplace();
    to.parent->incarnation = {from->parent_counter(), from->parent_instance()};
    if (const wire::LaneNumbers* last = from->parent_final()) {
      to.parent->final_numbers = LaneNumbers{last->cache(), last->bulk(), last->events()};
    }
  }
  in.tables({table, "record.unused"}, from->unused(), kUnusedMax, to.unused,
            [](const wire::IncarnationName& one, Incarnation& into) {
              into = {one.counter(), one.instance()};
            });
}

flatbuffers::Offset<wire::Member> write(Builder& out, const Member& from) {
  const auto cluster = put_text(out, from.cluster);
  const auto region = put_text(out, from.region);
  const auto record = write(out, from.record);
  const auto settings = put_namespaces(out, from.settings);
  const auto welcomes =
      put_all(out, from.word.welcomes, [](Builder& to, const RejoinSynced& welcome) {
        return wire::CreateRejoinSynced(to, put_text(to, welcome.cluster),
                                        welcome.incarnation.counter, welcome.incarnation.instance);
      });
  return wire::CreateMember(
      out, cluster, region, record, from.hops, from.age_ms,
      static_cast<wire::MemberState>(from.word.state), settings, from.stray.counter,
      from.stray.instance, static_cast<wire::Entitlement>(from.word.entitlement),
      from.word.has_memory, welcomes, from.word.last_fact, from.is_remembered);
}

void read(PacketReader& in, const wire::Member& from, Member& to) {
  in.cluster({"member", "cluster"}, from.cluster(), to.cluster);
  in.line({"member", "region"}, from.region(), kRegionBytesMax, to.region);
  read(in, "member", from.record(), to.record);
  to.hops = from.hops();
  to.age_ms = from.age_ms();
  take_namespaces(in, {"member", "settings"}, from.settings(), to.settings);
  to.stray = {from.stray_counter(), from.stray_instance()};
  to.is_remembered = from.remembered();
  in.choice({"member", "state"}, from.state(), MemberState::forgotten, to.word.state);
  in.choice({"member", "entitlement"}, from.entitlement(), Entitlement::entitled,
            to.word.entitlement);
  to.word.has_memory = from.has_memory();
  to.word.last_fact = from.last_fact();
  in.tables({"member", "welcomes"}, from.welcomes(), kClustersMax, to.word.welcomes,
            [&](const wire::RejoinSynced& one, RejoinSynced& into) {
              in.cluster({"welcome", "cluster"}, one.cluster(), into.cluster);
              into.incarnation = {one.counter(), one.instance()};
            });
}

flatbuffers::Offset<wire::Offer> write(Builder& out, const Offer& from) {
  const auto origin = put_text(out, from.stream.origin);
  return wire::CreateOffer(
      out, origin, from.stream.incarnation.counter, from.stream.incarnation.instance,
      static_cast<wire::Lane>(from.stream.lane), from.head, from.earliest, from.base, from.hops,
      from.final, static_cast<wire::Standing>(from.standing), from.age_ms, from.passed,
      from.clock_off);
}

void read(PacketReader& in, const wire::Offer& from, Offer& to) {
  in.stream("offer", from, to.stream);
  to.head = from.head();
  to.earliest = from.earliest();
  to.base = from.base();
  to.hops = from.hops();
  to.final = from.final();
  in.choice({"offer", "standing"}, from.standing(), Standing::cut_off, to.standing);
  to.age_ms = from.age_ms();
  to.passed = from.passed();
  to.clock_off = from.clock_off();
}

}  // namespace

flatbuffers::Offset<wire::LinkHello> write(Builder& out, const LinkHello& from) {
  const auto cluster = put_text(out, from.cluster);
  const auto region = put_text(out, from.region);
  const auto record = write(out, from.record);
  const auto settings = write(out, from.settings);
  return wire::CreateLinkHello(out, from.protocol_min, from.protocol_max,
                               static_cast<wire::LinkRole>(from.role), cluster, region, record,
                               from.dial, settings);
}

void read(PacketReader& in, const wire::LinkHello& from, LinkHello& to) {
  to.protocol_min = from.protocol_min();
  to.protocol_max = from.protocol_max();
  in.require_at_most({"link_hello", "protocol_min"}, to.protocol_min, "protocol_max",
                     to.protocol_max);
  in.choice({"link_hello", "role"}, from.role(), LinkRole::gateway, to.role);
  in.cluster({"link_hello", "cluster"}, from.cluster(), to.cluster);
  in.line({"link_hello", "region"}, from.region(), kRegionBytesMax, to.region);
  read(in, "link_hello", from.record(), to.record);
  to.dial = from.dial();
  read(in, from.settings(), to.settings);
}

flatbuffers::Offset<wire::LinkWelcome> write(Builder& out, const LinkWelcome& from) {
  const auto cluster = put_text(out, from.cluster);
  const auto region = put_text(out, from.region);
  const auto endpoint = put_text(out, from.stream_endpoint);
  const auto record = write(out, from.record);
  const auto settings = write(out, from.settings);
  return wire::CreateLinkWelcome(out, from.protocol, cluster, region, record, endpoint,
                                 from.known.counter, from.known.instance, from.session, settings);
}

void read(PacketReader& in, const wire::LinkWelcome& from, LinkWelcome& to) {
  to.protocol = from.protocol();
  in.cluster({"link_welcome", "cluster"}, from.cluster(), to.cluster);
  in.line({"link_welcome", "region"}, from.region(), kRegionBytesMax, to.region);
  read(in, "link_welcome", from.record(), to.record);
  in.line({"link_welcome", "stream_endpoint"}, from.stream_endpoint(), kEndpointBytesMax,
          to.stream_endpoint);
  to.known = {from.known_counter(), from.known_instance()};
  to.session = from.session();
  read(in, from.settings(), to.settings);
}

flatbuffers::Offset<wire::LinkState> write(Builder& out, const LinkState& from) {
  const auto members = put_all(out, from.members,
                               [](Builder& to, const Member& member) { return write(to, member); });
  const auto offers =
      put_all(out, from.offers, [](Builder& to, const Offer& offer) { return write(to, offer); });
  return wire::CreateLinkState(out, from.sequence, from.echo, from.clock, from.interest_generation,
                               from.interest_hash, members, offers, from.echo_held_ms, from.session,
                               from.wall_ms, from.claim_lease_max_ms);
}

void read(PacketReader& in, const wire::LinkState& from, LinkState& to) {
  to.sequence = from.sequence();
  to.echo = from.echo();
  to.clock = from.clock();
  to.interest_generation = from.interest_generation();
  to.interest_hash = from.interest_hash();
  to.echo_held_ms = from.echo_held_ms();
  to.session = from.session();
  to.wall_ms = from.wall_ms();
  to.claim_lease_max_ms = from.claim_lease_max_ms();
  in.tables({"link_state", "members"}, from.members(), kClustersMax, to.members,
            [&](const wire::Member& one, Member& into) { read(in, one, into); });
  in.tables({"link_state", "offers"}, from.offers(), kOffersMax, to.offers,
            [&](const wire::Offer& one, Offer& into) { read(in, one, into); });
}

flatbuffers::Offset<wire::Take> write(Builder& out, const Take& from) {
  const auto origin = put_text(out, from.stream.origin);
  return wire::CreateTake(
      out, origin, from.stream.incarnation.counter, from.stream.incarnation.instance,
      static_cast<wire::Lane>(from.stream.lane), from.after, from.fresh, from.window_bytes);
}

void read(PacketReader& in, const wire::Take& from, Take& to) {
  in.stream("take", from, to.stream);
  to.after = from.after();
  to.fresh = from.fresh();
  to.window_bytes = from.window_bytes();
}

flatbuffers::Offset<wire::Taken> write(Builder& out, const Taken& from) {
  const auto origin = put_text(out, from.stream.origin);
  return wire::CreateTaken(
      out, origin, from.stream.incarnation.counter, from.stream.incarnation.instance,
      static_cast<wire::Lane>(from.stream.lane), from.earliest, from.head, from.base);
}

void read(PacketReader& in, const wire::Taken& from, Taken& to) {
  in.stream("taken", from, to.stream);
  to.earliest = from.earliest();
  to.head = from.head();
  to.base = from.base();
}

flatbuffers::Offset<wire::Untake> write(Builder& out, const Untake& from) {
  const auto origin = put_text(out, from.stream.origin);
  return wire::CreateUntake(out, origin, from.stream.incarnation.counter,
                            from.stream.incarnation.instance,
                            static_cast<wire::Lane>(from.stream.lane));
}

void read(PacketReader& in, const wire::Untake& from, Untake& to) {
  in.stream("untake", from, to.stream);
}

flatbuffers::Offset<wire::Applied> write(Builder& out, const Applied& from) {
  const auto origin = put_text(out, from.stream.origin);
  const auto put_failure = [](Builder& to, const NotApplied& one) {
    return wire::CreateNotApplied(to, one.first, one.last,
                                  static_cast<wire::ApplyFailure>(one.reason));
  };
  const auto reports = put_all(out, from.reports, [&](Builder& to, const AppliedBy& report) {
    const auto cluster = put_text(to, report.cluster);
    const auto failures = put_all(to, report.failures, put_failure);
    return wire::CreateAppliedBy(to, cluster, report.number, report.observed, failures);
  });
  return wire::CreateApplied(out, origin, from.stream.incarnation.counter,
                             from.stream.incarnation.instance,
                             static_cast<wire::Lane>(from.stream.lane), reports, from.is_all);
}

void read(PacketReader& in, const wire::Applied& from, Applied& to) {
  in.stream("applied", from, to.stream);
  in.tables(
      {"applied", "reports"}, from.reports(), kClustersMax, to.reports,
      [&](const wire::AppliedBy& one, AppliedBy& into) {
        in.cluster({"applied_by", "cluster"}, one.cluster(), into.cluster);
        into.number = one.number();
        into.observed = one.observed();
        in.tables(
            {"applied_by", "failures"}, one.failures(), kFailuresMax, into.failures,
            [&](const wire::NotApplied& range, NotApplied& failure) {
              failure.first = range.first();
              failure.last = range.last();
              in.require_at_most({"not_applied", "first"}, failure.first, "last", failure.last);
              in.choice({"not_applied", "reason"}, range.reason(), ApplyFailure::no_capacity,
                        failure.reason);
            });
      });
  to.is_all = from.is_all();
}

flatbuffers::Offset<wire::FailuresKnown> write(Builder& out, const FailuresKnown& from) {
  const auto origin = put_text(out, from.stream.origin);
  const auto clusters = put_all(out, from.clusters, [](Builder& to, const FailuresKnown::Of& one) {
    return wire::CreateFailuresKnownOf(to, put_text(to, one.cluster), one.through);
  });
  return wire::CreateFailuresKnown(out, origin, from.stream.incarnation.counter,
                                   from.stream.incarnation.instance,
                                   static_cast<wire::Lane>(from.stream.lane), clusters);
}

void read(PacketReader& in, const wire::FailuresKnown& from, FailuresKnown& to) {
  in.stream("failures_known", from, to.stream);
  in.tables({"failures_known", "clusters"}, from.clusters(), kClustersMax, to.clusters,
            [&](const wire::FailuresKnownOf& one, FailuresKnown::Of& into) {
              in.cluster({"failures_known", "cluster"}, one.cluster(), into.cluster);
              into.through = one.through();
            });
}

flatbuffers::Offset<wire::InterestUpdate> write(Builder& out, const InterestUpdate& from) {
  const auto put_pattern = [](Builder& to, const std::string& pattern) {
    return wire::CreatePattern(to, put_text(to, pattern));
  };
  const auto cluster = put_text(out, from.cluster);
  const auto added = put_all(out, from.added, put_pattern);
  const auto removed = put_all(out, from.removed, put_pattern);
  return wire::CreateInterestUpdate(out, cluster, from.generation, from.since, added, removed);
}

void read(PacketReader& in, const wire::InterestUpdate& from, InterestUpdate& to) {
  in.cluster({"interest_update", "cluster"}, from.cluster(), to.cluster);
  to.generation = from.generation();
  to.since = from.since();
  in.require_at_most({"interest_update", "since"}, to.since, "generation", to.generation);
  in.tables({"interest_update", "added"}, from.added(), kInterestPatternsMax, to.added,
            [&](const wire::Pattern& one, std::string& into) {
              in.line({"interest_update", "added"}, one.text(), kTopicTextBytesMax, into);
            });
  in.tables({"interest_update", "removed"}, from.removed(), kInterestPatternsMax, to.removed,
            [&](const wire::Pattern& one, std::string& into) {
              in.line({"interest_update", "removed"}, one.text(), kTopicTextBytesMax, into);
            });
}

flatbuffers::Offset<wire::InterestDigest> write(Builder& out, const InterestDigest& from) {
  const auto known = put_all(out, from.known, [](Builder& to, const KnownInterest& one) {
    return wire::CreateKnownInterest(to, put_text(to, one.cluster), one.generation, one.hash);
  });
  return wire::CreateInterestDigest(out, known);
}

void read(PacketReader& in, const wire::InterestDigest& from, InterestDigest& to) {
  in.tables({"interest_digest", "known"}, from.known(), kClustersMax, to.known,
            [&](const wire::KnownInterest& one, KnownInterest& into) {
              in.cluster({"known_interest", "cluster"}, one.cluster(), into.cluster);
              into.generation = one.generation();
              into.hash = one.hash();
            });
}

flatbuffers::Offset<wire::Refill> write(Builder& out, const Refill& from) {
  const auto origin = put_text(out, from.stream.origin);
  const auto cluster = put_text(out, from.cluster);
  const auto route = put_texts(out, from.route);
  return wire::CreateRefill(out, origin, from.stream.incarnation.counter,
                            from.stream.incarnation.instance,
                            static_cast<wire::Lane>(from.stream.lane), from.after, from.through,
                            cluster, from.generation, from.tag, route);
}

void read(PacketReader& in, const wire::Refill& from, Refill& to) {
  in.stream("refill", from, to.stream);
  to.after = from.after();
  to.through = from.through();
  in.require_at_most({"refill", "after"}, to.after, "through", to.through);
  in.cluster({"refill", "cluster"}, from.cluster(), to.cluster);
  to.generation = from.generation();
  to.tag = from.tag();
  in.clusters({"refill", "route"}, from.route(), kRouteMax, to.route);
}

flatbuffers::Offset<wire::Trace> write(Builder& out, const Trace& from) {
  const auto origin = put_text(out, from.origin);
  const auto topic = put_text(out, from.topic);
  const auto route = put_texts(out, from.route);
  return wire::CreateTrace(out, origin, topic, from.tag, route);
}

void read(PacketReader& in, const wire::Trace& from, Trace& to) {
  in.cluster({"trace", "origin"}, from.origin(), to.origin);
  in.line({"trace", "topic"}, from.topic(), kTopicTextBytesMax, to.topic);
  to.tag = from.tag();
  in.clusters({"trace", "route"}, from.route(), kRouteMax, to.route);
}

flatbuffers::Offset<wire::TraceReport> write(Builder& out, const TraceReport& from) {
  const auto cluster = put_text(out, from.cluster);
  const auto route = put_texts(out, from.route);
  const auto path = put_texts(out, from.path);
  const auto region = put_text(out, from.region);
  const auto onward = put_texts(out, from.onward);
  return wire::CreateTraceReport(out, cluster, from.tag, route, path, region, from.sessions, onward,
                                 from.arrived_us);
}

void read(PacketReader& in, const wire::TraceReport& from, TraceReport& to) {
  in.cluster({"trace_report", "cluster"}, from.cluster(), to.cluster);
  to.tag = from.tag();
  in.clusters({"trace_report", "route"}, from.route(), kRouteMax, to.route);
  in.clusters({"trace_report", "path"}, from.path(), kRouteMax + 1, to.path);
  in.line({"trace_report", "region"}, from.region(), kRegionBytesMax, to.region);
  to.sessions = from.sessions();
  in.clusters({"trace_report", "onward"}, from.onward(), kClustersMax, to.onward);
  to.arrived_us = from.arrived_us();
}

}  // namespace mpreg
