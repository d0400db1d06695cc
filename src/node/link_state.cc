// What neighbours tell each other every heartbeat and soon after a change: members, offers, clocks.

#include <algorithm>
#include <utility>

#include "node/node_impl.h"
#include "node/vouch.h"

namespace mpreg {
namespace {

constexpr std::size_t kStatesRemembered = 32;

// Told to everybody for as long as it is so: one may come back after years with an old file.
void tell_forgotten(const MemberLedger& ledger, LinkState& state) {
  for (const auto& [cluster, standing] : ledger.members()) {
    if (standing.state != MemberState::forgotten) continue;
    Member member;
    member.cluster = cluster;
    member.record = record_without_past(standing.incarnation);
    member.hops = kHopsMax;
    member.word.state = MemberState::forgotten;
    state.members.push_back(std::move(member));
  }
}

}  // namespace

void Node::Impl::on_link_state(Turn& turn, Link& link, const LinkState& state) {
  // What was sent on the connection before this one counts in other numbers.
  if (state.session != link.session) return metrics_.packets_unexpected.add();
  if (state.sequence <= link.heard) return;
  link.heard = state.sequence;
  link.heard_at = turn.now.instant;
  if (state.echo > link.echoed) {
    link.echoed = state.echo;
    link.echo_progress = turn.now.instant;
  }
  const bool is_first = link.phase == Link::Phase::welcomed;
  link.phase = Link::Phase::joined;
  link.was_joined = true;
  if (is_first) states_due_ = true;
  audit_interest(turn, link, state);
  measure_clock(turn, link, state);
  learn_claim_lease(turn, link.peer.cluster, state.claim_lease_max_ms);
  // From the first state on, measured or not: what is numbered here from now on has to be later
  // than what the neighbour has numbered. What is too far ahead is refused by observe() itself.
  if (!clock_.observe(state.clock, turn.now.wall, options_.clock_offset_max)) {
    metrics_.clock_readings_refused.add();
  }
  for (Member member : state.members) {
    const bool counts = hear_member(turn, member);
    if (member.cluster == options_.cluster) {
      if (member.word.state != MemberState::forgotten) {
        hear_of_self(turn, member);
      } else if (member.record.incarnation >= incarnation_.incarnation()) {
        begin_incarnation(turn, member.record.incarnation, Renewal::forgotten);
      }
      continue;
    }
    if (member.cluster == link.peer.cluster && member.hops == 0) {
      link.peer.record = member.record;
    }
    if (!counts) continue;
    member.hops = std::min<std::uint8_t>(member.hops, kHopsMax - 1) + 1;
    books_.learn(member.cluster);
    if (members_.report(member, link.id, turn.now.instant)) states_due_ = true;
    learn_settings(turn, member.cluster);
    if (!member.is_remembered) meet(turn, member.cluster, member.record);
    lineages_.of(member.cluster).note_stray(member.stray);
  }
  settle_membership(turn);
  metrics_.members.set(static_cast<std::int64_t>(members_.all().size() + 1));
  metrics_.links.set(static_cast<std::int64_t>(links_.joined_links()));
  const std::map<StreamId, Offer> before = std::exchange(link.offers, {});
  // The neighbour made this state when it had held the one that it echoes for so long.
  Instant asked = link.sent_at(state.echo);
  if (asked != Instant{}) {
    asked = std::min(asked + std::chrono::milliseconds(state.echo_held_ms), turn.now.instant);
  }
  for (const Offer& offer : state.offers) {
    if (offer.hops >= kHopsMax) continue;
    hear_of_self(turn, StreamPosition{offer.stream, offer.head});
    learn_offer(turn.now, offer);
    note_freshness(offer, asked);
    link.offers.emplace(offer.stream, offer);
  }
  choose_among(turn, link, before);
}

// Only streams for which this neighbour's offer is another one than before: a broker with many
// neighbours hears from somebody all the time. The rest is looked at with each heartbeat.
void Node::Impl::choose_among(Turn& turn, const Link& link,
                              const std::map<StreamId, Offer>& before) {
  const auto has_changed = [&](const Offer& offer) {
    const auto old = before.find(offer.stream);
    if (old == before.end()) return true;
    // Heads decide only where nobody has the stream by a way that is meant for it.
    const bool is_way = offer.standing != Standing::cut_off && !link.is_late;
    return old->second.standing != offer.standing || old->second.hops != offer.hops ||
           (!is_way && old->second.head != offer.head);
  };
  std::vector<StreamIndex> changed;
  for (const auto& [id, offer] : link.offers) {
    if (const auto index = stream_ids_.find(id); index && has_changed(offer)) {
      changed.push_back(*index);
    }
  }
  for (const auto& [id, offer] : before) {
    if (link.offers.contains(id)) continue;
    if (const auto index = stream_ids_.find(id)) changed.push_back(*index);
  }
  if (changed.empty()) return;
  for (const StreamIndex stream : changed) choose_upstream(turn, stream);
  update_channels(turn);
}

// The offer was made at `asked` or later.
void Node::Impl::note_freshness(const Offer& offer, Instant asked) {
  const auto index = stream_ids_.find(offer.stream);
  if (!index || asked == Instant{} || offer.age_ms == kAgeUnknown) return;
  StreamState& state = streams_[*index];
  if (state.own || !state.started) return;
  state.freshness.learn(offer.head, asked - std::chrono::milliseconds(offer.age_ms),
                        state.frontier);
}

void Node::Impl::send_link_state(Turn& turn, Link& link) {
  LinkState state;
  state.session = link.session;
  state.sequence = ++link.sequence;
  link.states_sent.emplace_back(state.sequence, turn.now.instant);
  if (link.states_sent.size() > kStatesRemembered) link.states_sent.pop_front();
  state.echo = link.heard;
  if (link.heard != 0) {
    const auto held =
        std::chrono::floor<std::chrono::milliseconds>(turn.now.instant - link.heard_at);
    state.echo_held_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(held.count(), 60'000));
  }
  state.clock = clock_.last();
  state.wall_ms = static_cast<std::uint64_t>(
      std::max<std::int64_t>(turn.now.wall.time_since_epoch().count(), 0));
  state.claim_lease_max_ms = settings_.announced().claim_lease_max_ms;
  state.interest_hash = interest_.table().hash();
  Member self{options_.cluster, options_.region, incarnation_.record(), 0, 0};
  self.settings = settings_.announced().namespaces;
  self.word = membership_.own_word();
  state.members.push_back(std::move(self));
  for (const auto& [cluster, known] : members_.all()) {
    // Not told to whom it was heard from: a way through the listener is none. What is known and not
    // reached is told as that, so that its next life numbers above it, wherever it joins.
    const Lineage* lineage = lineages_.find(cluster);
    const Incarnation stray = lineage != nullptr ? lineage->stray() : Incarnation{};
    const bool is_back = known.next_hop == link.id;
    const bool is_other_life =
        cluster == link.peer.cluster &&
        known.member.record.incarnation.instance != link.peer.record.incarnation.instance &&
        known.member.record.incarnation >= link.peer.record.incarnation;
    if (is_back && !is_other_life && stray.counter == 0) continue;
    Member member = known.member;
    member.age_ms = Members::age_ms(known, turn.now.instant);
    if (known.next_hop == kNoLink || is_other_life || is_back) member.hops = kHopsMax;
    member.stray = stray;
    const auto standing = membership_.ledger().members().find(cluster);
    if (standing != membership_.ledger().members().end() &&
        standing->second.incarnation == member.record.incarnation) {
      member.word.state = standing->second.state;
    }
    state.members.push_back(std::move(member));
  }
  tell_forgotten(membership_.ledger(), state);
  state.offers = offers_for(turn.now, link);
  send(turn, link.address, state);
}

std::vector<Offer> Node::Impl::offers_for(const Now& now, const Link& link) const {
  std::vector<Offer> offers;
  if (links_.is_standby(link, options_.cluster)) return offers;
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    const auto lane = static_cast<std::size_t>(id.lane);
    if (!state.started || state.closed()) continue;
    if (!state.own && state.upstream == link.id) continue;
    if (id.origin == link.peer.cluster && id.incarnation == link.peer.record.incarnation) continue;
    Offer offer{
        id,
        state.frontier,
        log_of(index).held_after(index).value_or(state.frontier),
        state.base,
        state.hops,
        state.complete(),
        standing_towards(link, index),
        mpreg::age_of(now.instant, state),
        index == own_[static_cast<std::size_t>(Lane::cache)] ? compare_.passed : state.passed};
    if (index == own_[lane]) offer.base = base_[lane];
    offer.clock_off = !clocks_agree(index);
    offers.push_back(std::move(offer));
  }
  return offers;
}

}  // namespace mpreg
