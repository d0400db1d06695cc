// What has to agree between two brokers, and what follows where it does not: settings
// (federation/link_settings.h) and clocks (federation/clock_offset.h).

#include <algorithm>
#include <set>

#include "base/text.h"
#include "message/cache_key.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kDefaultProtocol = "mesi";
constexpr std::uint64_t kWallMsMax = 1ULL << 52U;  // Differences of what is below do not overflow.

std::string seconds_of(milliseconds time) {
  const auto tenths = (std::chrono::abs(time).count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

LinkSettings settings_of(const NodeOptions& options) {
  LinkSettings settings;
  settings.topic_prefix = options.topic_prefix;
  settings.key_rules = kKeyRules;
  settings.claim_lease_max_ms = static_cast<std::uint32_t>(options.claim_lease_max.count());
  for (const auto& [name, resolver] : options.resolvers) {
    settings.namespaces.push_back({name, "resolver", resolver->name()});
  }
  for (const auto& [name, protocol] : options.protocols) {
    if (protocol->name() == kDefaultProtocol) continue;
    settings.namespaces.push_back({name, "protocol", std::string(protocol->name())});
  }
  return settings;
}

// ---- Settings.

std::optional<Refused> Node::Impl::check_settings(const LinkHello& hello) const {
  std::string text;
  for (const SettingDifference& one : settings_.obstacles(hello.settings)) {
    text += (text.empty() ? "" : "; ") + text_of(one, options_.cluster, hello.cluster);
  }
  if (text.empty()) return std::nullopt;
  return Refused{ErrorCode::refused, std::move(text), 0};
}

void Node::Impl::learn_claim_lease(Turn& turn, const std::string& cluster, std::uint32_t lease_ms) {
  const milliseconds before = settings_.claim_lease_max();
  if (!settings_.learn_claim_lease(lease_ms)) return;
  log(turn, LogLevel::warning,
      "claim-lease-max is " + std::to_string(before.count()) + " ms here and " +
          std::to_string(lease_ms) + " ms at " + cluster +
          " or beyond it: claims are waited for as long as the longer one says");
}

// As the latest life of a member that is known has them.
void Node::Impl::learn_settings(Turn& turn, const std::string& cluster) {
  const Members::Known* known = members_.find(cluster);
  if (known == nullptr || !settings_.learn(cluster, known->member.settings)) return;
  for (const SettingDifference& one : settings_.differences(cluster)) {
    log(turn, LogLevel::warning,
        text_of(one, options_.cluster, cluster) +
            ": the namespace is kept coherent by invalidations alone between the two");
  }
  if (settings_.differences(cluster).empty()) {
    log(turn, LogLevel::info, "all namespaces are set up at " + cluster + " as here");
  }
}

// ---- Clocks.

// A state of theirs that echoes one of ours.
void Node::Impl::measure_clock(Turn& turn, Link& link, const LinkState& state) {
  const Instant asked = link.sent_at(state.echo);
  if (asked == Instant{} || state.wall_ms == 0) return;
  const WallTime theirs{
      milliseconds(static_cast<std::int64_t>(std::min(state.wall_ms, kWallMsMax)))};
  const bool was_off = link.clock.is_off();
  const bool is_news = link.clock.measure(
      {asked, milliseconds(state.echo_held_ms), theirs, turn.now}, options_.clock_offset_max);
  if (!is_news) return;
  states_due_ = true;  // Others are told by the offers.
  if (link.clock.is_off()) {
    metrics_.clocks_off.add();
    log(turn, LogLevel::error,
        describe_clock(link) +
            ": its time is not followed, and what it writes is used as an "
            "invalidation");
  } else if (was_off) {
    log(turn, LogLevel::info,
        "the clocks of " + link.peer.cluster + " and " + options_.cluster + " agree again");
  }
}

std::string Node::Impl::describe_clock(const Link& link) const {
  const bool is_ahead = link.clock.verdict() == ClockOffset::Verdict::ahead;
  return "the clock of " + link.peer.cluster + " is " + seconds_of(link.clock.offset()) +
         (is_ahead ? " ahead of" : " behind") + " that of " + options_.cluster + ", and at most " +
         seconds_of(options_.clock_offset_max) + " (clock-offset-max) may be";
}

// Everything that was measured before our own clock was set is void: nothing is taken on the
// strength of clocks until it has been measured anew.
void Node::Impl::watch_own_clock(Turn& turn) {
  if (!own_clock_.was_set(turn.now, options_.clock_offset_max)) return;
  log(turn, LogLevel::warning, "the clock of this machine was set");
  for (auto& [id, link] : links_) link.clock.restart();
  states_due_ = true;
}

// Two neighbours whose clocks agree with each other, and not with ours: then ours is the wrong one.
// What the time of a write decides would be lost here, or win everywhere. Nothing: that is not so.
std::optional<Error> Node::Impl::clock_is_outvoted() const {
  for (auto one = links_.begin(); one != links_.end(); ++one) {
    if (!one->second.clock.is_off()) continue;
    for (auto other = std::next(one); other != links_.end(); ++other) {
      const auto apart = one->second.clock.offset() - other->second.clock.offset();
      if (!other->second.clock.is_off() || std::chrono::abs(apart) > options_.clock_offset_max ||
          one->second.peer.cluster == other->second.peer.cluster) {
        continue;
      }
      return Error{ErrorCode::overloaded,
                   "the clock of cluster " + in_quotes(options_.cluster) + " is off: " +
                       describe_clock(one->second) + "; that of " + other->second.peer.cluster +
                       " agrees with it: writes of which the time decides are taken when the "
                       "clock is right again"};
    }
  }
  return std::nullopt;
}

// Between here and the origin of the stream, as it comes.
bool Node::Impl::clocks_agree(StreamIndex stream) const {
  const StreamState& state = streams_[stream];
  if (state.own) return true;
  const auto link = links_.find(state.upstream);
  if (link == links_.end() || !link->second.clock.is_trusted()) return false;
  const auto offer = link->second.offers.find(stream_ids_.id_of(stream));
  return offer == link->second.offers.end() || !offer->second.clock_off;
}

// ---- What follows.

bool Node::Impl::is_merged(const std::string& namespace_name) const {
  const Resolver* resolver = cache_.resolved().resolver_of(namespace_name);
  return resolver != nullptr && resolver->merges();
}

// Whether a write of another cluster counts as what it says; otherwise it is an invalidation.
// Clocks matter only where a resolver decides, by time.
bool Node::Impl::is_usable(StreamIndex stream, Clocks clocks,
                           const std::string& namespace_name) const {
  if (streams_[stream].own) return true;
  if (settings_.differs(stream_ids_.id_of(stream).origin, namespace_name)) return false;
  const Resolver* resolver = cache_.resolved().resolver_of(namespace_name);
  return resolver == nullptr || (clocks.are_trusted && (clocks.agree || resolver->merges()));
}

// A write that is not usable. What is merged here stays: nothing else holds it, and a write that
// follows other rules cannot be merged into it.
void Node::Impl::take_as_invalidation(const Now& now, const CacheAddress& address,
                                      const std::string& origin, HybridTime version,
                                      const Placed& placed) {
  if (is_merged(address.namespace_name)) return;
  CacheInvalidation changed;
  changed.address = address;
  cache_.take(now.instant, changed, origin, version, placed);
}

// Why a store is not compared, or not all of it; empty: it is.
std::string Node::Impl::what_is_not_compared(const Link& link) const {
  if (!link.clock.is_trusted()) return "not compared: clocks differ";
  std::set<std::string> names;
  for (const SettingDifference& one : settings_.differences(link.peer.cluster)) {
    names.insert(one.namespace_name);
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? text : "settings differ: " + text;
}

bool Node::Impl::is_comparable(const std::string& neighbour, const StoredEntry& entry) const {
  const std::string& name = entry.address.namespace_name;
  return !settings_.differs(neighbour, name) && !settings_.differs(entry.origin, name);
}

// What makes health bad: what does not agree, in words.
std::vector<std::string> Node::Impl::disagreements() const {
  std::vector<std::string> all;
  for (const auto& [cluster, differences] : settings_.disagreeing()) {
    for (const SettingDifference& one : differences) {
      all.push_back(text_of(one, options_.cluster, cluster));
    }
  }
  for (const auto& [id, link] : links_) {
    if (link.is_known() && link.clock.is_off()) all.push_back(describe_clock(link));
    if (!link.is_known() && !link.refusal.empty()) {
      all.push_back("the broker at " + link.endpoint + " refuses the link: " + link.refusal);
    }
  }
  return all;
}

}  // namespace mpreg
