#include "unit/wire/sample_packets.h"

#include <utility>

namespace mpreg {
namespace {

StreamId stream_of(const char* origin, std::uint64_t counter, Lane lane) {
  return {origin, {counter, counter + 5'000}, lane};
}

const StreamId kEast = stream_of("east-cluster-of-many-letters", 1'700'000'000'001, Lane::cache);
const StreamId kWest = stream_of("west", 1'700'000'000'002, Lane::bulk);

std::vector<StreamPosition> positions() { return {{kEast, 7001}, {kWest, kNumberMax}}; }

LinkSettings settings() {
  return {"company.caches", 2, 230, {{"users", "protocol", "moesi"}, {"users", "resolver", "set"}}};
}

std::vector<Packet> session_packets() {
  return {
      Hello{.protocol_min = 1,
            .protocol_max = 3,
            .client = 0xFEDCBA9876543210,
            .name = "prices: east",
            .receive_window_bytes = 8'388'608,
            .resume = true,
            .positions = positions(),
            .subscriptions = {{11, {"a.*", "b.#"}, 12, 13, ""},
                              {14, {}, 0, 0, "workers"},
                              {15, {""}, 1, 0, ""}},
            .observes = true,
            .clock = 48,
            .open_through = 50},
      Welcome{.protocol = 2,
              .cluster = "east",
              .region = "eu",
              .incarnation = {21, 22},
              .session = 23,
              .limits = {31, 32, 33, 34, 35, 36},
              .accepted = {{1, 5}, {9, 9}},
              .positions = positions(),
              .applied = positions(),
              .applied_last = 40},
      Refused{ErrorCode::overloaded, "sessions: 10000 of 10000", 250},
      Goodbye{"maintenance\nuntil noon", positions()},
      Acknowledge{41},
      Probe{42},
      ProbeEcho{43, positions(), {{"east", 44, 49}, {"west", 45, 0, true}}, true},
      Query{46, "stats"},
      Answer{47, false, ErrorCode::timed_out, "{\"name\": \"\u00e4\"}"},
  };
}

std::vector<Packet> pubsub_packets() {
  return {
      BatchHeader{.stream = kEast,
                  .after = 51,
                  .through = 52,
                  .interest_generation = 53,
                  .hops = 54,
                  .only_subscription = 55,
                  .is_share = true,
                  .declarations = {{0, "a.b"}, {56, "c"}},
                  .left_out = {"north", "south"},
                  .completeness = Completeness::told_here,
                  .complete_for = {{"north", 57}, {"south", 58}},
                  .refill = RefillMark{"north", 59, 60, true, {"hub", "north"}},
                  .may_answer_later = true,
                  .unusable = {8, 9},
                  .applied = 60,
                  .seen = {{0xFEDC, 61}, {62, 63}}},
      Gap{.stream = kWest,
          .after = 61,
          .through = kNumberMax,
          .scope = {ScopeKind::patterns, {"x.#", "y"}},
          .reason = "the log begins at 62"},
      Subscribe{71, {72, {"#"}, 73, 74}},
      Subscribed{75, 76, positions(), 77},
      Unsubscribe{77, 78},
      Barrier{79, 80},
      Accepted{81, 82, {83, 85}, 84, positions()},
      OperationRefused{83, ErrorCode::malformed, "topic has 256 bytes"},
  };
}

std::vector<Packet> cache_packets() {
  return {
      OperationOutcome{{{91, 92}, {93, 94}},
                       Outcome::timed_out,
                       {"east"},
                       {"west", "south"},
                       {"east"},
                       Accepted{95, 96, {97, 99}, 98, positions()},
                       {{"north", ApplyFailure::too_large}}},
      CompleteOperation{93, 94, false},
  };
}

std::vector<Packet> link_packets() {
  return {
      LinkHello{
          .protocol_min = 1,
          .protocol_max = 2,
          .role = LinkRole::gateway,
          .cluster = "spoke",
          .region = "us",
          .record = {{101, 102}, IncarnationParent{{99, 100}, LaneNumbers{1, 2, 3}}, {{98, 97}}},
          .dial = 106,
          .settings = settings()},
      LinkWelcome{.protocol = 2,
                  .cluster = "hub",
                  .region = "eu",
                  .record = {{103, 104}, IncarnationParent{}, {}},
                  .stream_endpoint = "tcp://*:7102",
                  .known = {105, 108},
                  .session = 107,
                  .settings = settings()},
      LinkState{.sequence = 111,
                .echo = 112,
                .clock = 113,
                .interest_generation = 114,
                .interest_hash = 115,
                .members = {{"east",
                             "eu",
                             {{116, 117}, {}, {}},
                             118,
                             119,
                             settings().namespaces,
                             {115, 7},
                             {MemberState::doubted,
                              Entitlement::alone,
                              false,
                              237,
                              {{"north", {233, 234}}, {"south", {235, 236}}}},
                             true},
                            {.cluster = "west",
                             .region = "us",
                             .record = {{120, 121}, IncarnationParent{{118, 119}, {}}, {}}}},
                .offers = {{kEast, 122, 123, 124, 125, true, Standing::relayed, 127, 128, true},
                           {kWest, 126, 127, 128, 0, false}},
                .session = 129,
                .wall_ms = 231,
                .claim_lease_max_ms = 232},
      Take{kEast, 131, true, 132},
      Taken{kWest, 133, 134, 135},
      Untake{kEast},
      Applied{kWest,
              {{"east", 141, 0, {{138, 139, ApplyFailure::refused}, {140, 140}}}, {"south", 142}},
              true},
      InterestUpdate{"east", 152, 151, {"a.*", "b.#"}, {"c"}},
      InterestDigest{{{"east", 153, 154}, {"west", 155, 156}}},
      Refill{kEast, 161, 162, "west", 163, 164, {"west", "hub"}},
      Trace{"west", "user.1", 165, {"west", "hub"}},
      TraceReport{"west", 166, {"west"}, {"west", "hub"}, "eu", 167, {"east", "north"}, 168},
      CacheGet{190, {"users", "u1", "mail", 3, "eu"}, positions(), 194, "west", false, "hub", 2},
      CacheGot{191,
               EntryState::shared,
               std::string("a\0b", 3),
               192,
               "east",
               193,
               {195, 196},
               197,
               VectorClock::from_entries({{"east", 198}, {"west", 199}}).value(),
               true,
               true,
               true,
               "hub",
               3,
               positions().front()},
      Observed{positions()},
      LoadAsk{200, {"users", "u1", "", 1, "default"}, 201, true, "loaded", true, 218, {219}, 220},
      LoadGranted{202, false, 203},
      StoreAsk{204, StoreLevel::entries, 205, {206, 207}},
      StoreTell{
          .tag = 208,
          .level = StoreLevel::groups,
          .index = 0,
          .positions = positions(),
          .digests = {{209, 210}, {211, 212}},
          .entries = {{{"users", "u1", "mail", 3, "default"},
                       213,
                       "east",
                       true,
                       true,
                       214,
                       {215},
                       216,
                       std::string("a\0b", 3),
                       positions().front(),
                       217},
                      {{"users", "u2", "", 1, "default"}, 217, "west", false, false, 0, {}, 0, ""}},
          .is_last = true},
      ClaimAsk{220, {"users", "u1", "s", 2, "eu"}, 221, 222, 223},
      ClaimGranted{224, 225, 226, "hub"},
      FailuresKnown{kWest, {{"east", 233}, {"south", 234}}}};
}

template <std::size_t... Kinds>
std::vector<Packet> default_of_each(std::index_sequence<Kinds...> /*kinds*/) {
  return {Packet(std::in_place_index<Kinds>)...};
}

}  // namespace

std::vector<Packet> full_packets() {
  std::vector<Packet> all;
  for (const auto& family :
       {session_packets(), pubsub_packets(), cache_packets(), link_packets()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

std::vector<Packet> default_packets() {
  return default_of_each(std::make_index_sequence<std::variant_size_v<Packet>>());
}

CacheInvalidation full_invalidation() {
  return {.address = {"users", "profile:12345", "avatar", 3, "eu-west"},
          .type = InvalidationType::cascade,
          .targets = {"east", "west"},
          .priority = 1.5,
          .ttl_ms = 60'000,
          .reason = "password changed",
          .tracking = {WaitLevel::applied, 5'000},
          .seen = VectorClock::from_entries({{"east", 81}}).value(),
          .depends_on = {"user:1"},
          .resolved = true};
}

CacheReplication full_replication() {
  return {.address = {"users", "profile:12345", "avatar", 4, "eu-west"},
          .strategy = ReplicationStrategy::quorum,
          .targets = {"west", "east"},
          .priority = 2.0,
          .ttl_ms = 61'000,
          .value_bytes = 9,
          .tracking = {WaitLevel::observed, 6'000, true},
          .tags = {"team 7"},
          .seen = VectorClock::from_entries({{"east", 82}, {"west", 83}}).value(),
          .depends_on = {"user:1", "user:2"},
          .resolved = true};
}

CacheValue full_value() {
  return {.address = {"users", "profile:12345", "avatar", 5, "eu-west"},
          .targets = {"south"},
          .ttl_ms = 62'000,
          .fact_operation = 77,
          .value = std::string("\0\xFF value", 8),
          .tags = {"team 7"},
          .timeout_ms = 78,
          .depends_on = {"user:1"}};
}

Headers full_headers() {
  return {"application/json", "4bf92f3577b34da6a3ce929d0e0e4736", "replies.me", "c-17"};
}

}  // namespace mpreg
