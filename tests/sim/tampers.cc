#include "tampers.h"

#include <limits>
#include <map>
#include <memory>
#include <tuple>

#include "wire/body_codec.h"

namespace mpreg::sim {
namespace {

constexpr std::uint64_t kLossEvery = 5;

// A copy of a body that may be written to; nothing for what is none.
std::optional<Body> writable(const Frame& frame) {
  if (frame.empty()) return std::nullopt;
  auto body = open_body(Frame::copy_of(frame.bytes()), {std::numeric_limits<std::uint64_t>::max()});
  if (!body) return std::nullopt;
  return std::move(*body);
}

bool is_to_client(const Passing& passing) {
  return passing.plug == Plug::session && passing.toward == Toward::dialler;
}

bool is_from_client(const Passing& passing) {
  return passing.plug == Plug::session && passing.toward == Toward::listener;
}

// Nothing in the range was for the receiver: what a gap must never be told as.
Fate hide_gap(Packet& packet) {
  const auto* gap = std::get_if<Gap>(&packet);
  if (gap == nullptr) return Fate::as_it_is;
  if (gap->through == kNumberMax) return Fate::lost;
  BatchHeader header;
  header.stream = gap->stream;
  header.after = gap->after;
  header.through = gap->through;
  packet = std::move(header);
  return Fate::changed;
}

// Every nth live publication, whatever its kind.
class Losses {
 public:
  explicit Losses(std::uint64_t every) : every_(every) {}
  [[nodiscard]] bool is_lost(const Passing& passing) {
    return passing.plug == Plug::stream && ++seen_ % every_ == 0;
  }

 private:
  std::uint64_t every_;
  std::uint64_t seen_ = 0;
};

}  // namespace

Tamper lose_publications(std::uint64_t every) {
  return [losses = Losses(every)](const Passing& passing, Packet&, Frame&) mutable {
    return losses.is_lost(passing) ? Fate::lost : Fate::as_it_is;
  };
}

Tamper hide_gaps_from_brokers() {
  return [](const Passing& passing, Packet& packet, Frame&) {
    return passing.plug == Plug::session ? Fate::as_it_is : hide_gap(packet);
  };
}

Tamper hide_gaps_from_clients() {
  return [](const Passing& passing, Packet& packet, Frame&) {
    return is_to_client(passing) ? hide_gap(packet) : Fate::as_it_is;
  };
}

Tamper lose_shares() {
  return [](const Passing& passing, Packet& packet, Frame&) {
    const auto* header = std::get_if<BatchHeader>(&packet);
    return is_to_client(passing) && header != nullptr && header->is_share ? Fate::lost
                                                                          : Fate::as_it_is;
  };
}

Tamper lose_acknowledgements_of_shares() {
  return [](const Passing&, Packet& packet, Frame&) {
    return std::holds_alternative<Acknowledge>(packet) ? Fate::lost : Fate::as_it_is;
  };
}

Tamper leave_heads_out() {
  return [losses = Losses(kLossEvery)](const Passing& passing, Packet& packet, Frame&) mutable {
    if (losses.is_lost(passing)) return Fate::lost;
    if (auto* state = std::get_if<LinkState>(&packet)) {
      for (Offer& offer : state->offers) offer.head = std::min(offer.head, offer.base);
      return Fate::changed;
    }
    if (auto* taken = std::get_if<Taken>(&packet)) {
      taken->head = std::min(taken->head, taken->base);
      return Fate::changed;
    }
    return Fate::as_it_is;
  };
}

Tamper hide_holes() {
  return [losses = Losses(kLossEvery)](const Passing& passing, Packet& packet, Frame&) mutable {
    if (losses.is_lost(passing)) return Fate::lost;
    auto* batch = std::get_if<BatchHeader>(&packet);
    if (passing.plug != Plug::stream || batch == nullptr) return Fate::as_it_is;
    batch->after = 0;
    return Fate::changed;
  };
}

Tamper never_ask_again() {
  return [losses = Losses(kLossEvery)](const Passing& passing, Packet& packet, Frame&) mutable {
    if (losses.is_lost(passing)) return Fate::lost;
    const auto* take = std::get_if<Take>(&packet);
    return take != nullptr && !take->fresh ? Fate::lost : Fate::as_it_is;
  };
}

Tamper rename_clients() {
  constexpr std::uint64_t kStep = 1000;
  auto names = std::make_shared<std::map<Host, std::uint64_t>>();
  return [names](const Passing& passing, Packet& packet, Frame& frame) {
    if (!is_from_client(passing)) return Fate::as_it_is;
    std::uint64_t& extra = (*names)[passing.from];
    if (auto* hello = std::get_if<Hello>(&packet)) {
      extra += kStep;
      hello->client += extra;
      return Fate::changed;
    }
    std::optional<Body> body = writable(frame);
    if (!body) return Fate::as_it_is;
    for (Segment& segment : stampable(*body).segments) segment.client += extra;
    frame = body->frame;
    return Fate::changed;
  };
}

Tamper acknowledge_early() {
  return [](const Passing& passing, Packet& packet, Frame&) {
    auto* applied = std::get_if<Applied>(&packet);
    if (applied == nullptr) return Fate::as_it_is;
    for (AppliedBy& report : applied->reports) {
      report.number = passing.truth.find_end(applied->stream);
    }
    return Fate::changed;
  };
}

Tamper let_old_lives_speak() {
  using Place = std::tuple<std::string, Lane, Number, std::uint32_t>;
  auto bodies = std::make_shared<std::map<Place, Body>>();  // The oldest that was seen.
  return [bodies](const Passing& passing, Packet& packet, Frame& frame) {
    const auto* batch = std::get_if<BatchHeader>(&packet);
    if (passing.plug == Plug::session || batch == nullptr) return Fate::as_it_is;
    std::optional<Body> body = writable(frame);
    if (!body) return Fate::as_it_is;
    const Stamp stamp = body->stamp;
    const Place place{batch->stream.origin, stamp.lane, stamp.first, stamp.count};
    const auto old = bodies->try_emplace(place, *body).first;
    if (old->second.stamp.incarnation >= stamp.incarnation) return Fate::as_it_is;
    std::optional<Body> false_body = writable(old->second.frame);
    *stampable(*false_body).stamp = stamp;
    frame = false_body->frame;
    return Fate::changed;
  };
}

Tamper hide_incarnations_that_met_nobody() {
  using Ends = std::map<Incarnation, std::optional<LaneNumbers>>;
  auto announced = std::make_shared<std::map<std::string, Ends>>();
  const auto hide = [announced](const std::string& cluster, IncarnationRecord& record) {
    Ends& ends = (*announced)[cluster];
    const bool is_hidden = record.parent && !ends.contains(record.parent->incarnation);
    const auto next = ends.lower_bound(record.incarnation);
    const bool is_changed = is_hidden && next != ends.begin();
    if (is_changed) record.parent = {std::prev(next)->first, std::prev(next)->second};
    ends.try_emplace(record.incarnation);
    return is_changed;
  };
  return [announced, hide](const Passing&, Packet& packet, Frame&) {
    bool is_changed = false;
    if (auto* hello = std::get_if<LinkHello>(&packet)) {
      is_changed = hide(hello->cluster, hello->record);
    } else if (auto* welcome = std::get_if<LinkWelcome>(&packet)) {
      is_changed = hide(welcome->cluster, welcome->record);
    } else if (auto* state = std::get_if<LinkState>(&packet)) {
      for (Member& member : state->members) is_changed |= hide(member.cluster, member.record);
    } else if (const auto* goodbye = std::get_if<Goodbye>(&packet)) {
      for (const auto& [stream, number] : goodbye->final_positions) {
        auto& end = (*announced)[stream.origin][stream.incarnation];
        if (!end) end.emplace();
        (*end)[static_cast<std::size_t>(stream.lane)] = number;
      }
    }
    return is_changed ? Fate::changed : Fate::as_it_is;
  };
}

Tamper accept_what_was_lost() {
  struct Client {
    std::uint64_t batches = 0;
    std::uint64_t bytes = 0;  // In this connection, as the client counts them.
    std::uint64_t last_operation = 0;
  };
  auto clients = std::make_shared<std::map<Host, Client>>();
  return [clients](const Passing& passing, Packet& packet, Frame& frame) {
    if (is_from_client(passing)) {
      Client& client = (*clients)[passing.from];
      if (std::holds_alternative<Hello>(packet)) client = {client.batches, 0, 0};
      const std::optional<Body> body = writable(frame);
      if (!body) return Fate::as_it_is;
      const Segment& last = body->segments.back();
      client.last_operation =
          std::max(client.last_operation, last.first_operation + last.count - 1);
      client.bytes += frame.size();
      return ++client.batches % kLossEvery == 0 ? Fate::lost : Fate::as_it_is;
    }
    auto* accepted = std::get_if<Accepted>(&packet);
    if (!is_to_client(passing) || accepted == nullptr) return Fate::as_it_is;
    const Client& client = (*clients)[passing.to];
    accepted->through_operation = std::max(accepted->through_operation, client.last_operation);
    accepted->consumed_bytes = std::max(accepted->consumed_bytes, client.bytes);
    return Fate::changed;
  };
}

Tamper change_payloads() {
  constexpr std::uint64_t kEvery = 10;
  return [seen = std::uint64_t{0}](const Passing& passing, Packet&, Frame& frame) mutable {
    if (passing.plug == Plug::session) return Fate::as_it_is;
    std::optional<Body> body = writable(frame);
    if (!body || body->stamp.lane != Lane::events || body->records.empty()) return Fate::as_it_is;
    if (++seen % kEvery != 0) return Fate::as_it_is;
    const Bytes payload = body->payload_of(body->records.front());
    if (payload.empty()) return Fate::as_it_is;
    const auto at = static_cast<std::size_t>(payload.data() - body->frame.data());
    body->frame.mutable_bytes()[at] ^= std::byte{1};
    frame = body->frame;
    return Fate::changed;
  };
}

Tamper forget_positions() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* hello = std::get_if<Hello>(&packet);
    if (hello == nullptr || !hello->resume) return Fate::as_it_is;
    hello->resume = false;
    hello->positions.clear();
    return Fate::changed;
  };
}

Tamper end_too_early() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* goodbye = std::get_if<Goodbye>(&packet);
    if (goodbye == nullptr || goodbye->final_positions.empty()) return Fate::as_it_is;
    for (StreamPosition& last : goodbye->final_positions) {
      if (last.number > 0) --last.number;
    }
    return Fate::changed;
  };
}

Tamper call_filtered_complete() {
  return [](const Passing& passing, Packet& packet, Frame&) {
    auto* batch = std::get_if<BatchHeader>(&packet);
    if (passing.plug == Plug::session || batch == nullptr) return Fate::as_it_is;
    if (batch->completeness == Completeness::everybody) return Fate::as_it_is;
    batch->completeness = Completeness::everybody;
    batch->complete_for.clear();
    return Fate::changed;
  };
}

Tamper empty_refills() {
  return [](const Passing& passing, Packet& packet, Frame& frame) {
    const auto* batch = std::get_if<BatchHeader>(&packet);
    if (passing.plug == Plug::session || batch == nullptr || !batch->refill) return Fate::as_it_is;
    if (frame.empty()) return Fate::as_it_is;
    frame = Frame();
    return Fate::changed;
  };
}

Tamper vouch_for_everybody() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* echo = std::get_if<ProbeEcho>(&packet);
    if (echo == nullptr) return Fate::as_it_is;
    for (Vouch& vouch : echo->vouches) vouch.age_ms = 0;
    return Fate::changed;
  };
}

Tamper offer_as_fresh() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* state = std::get_if<LinkState>(&packet);
    if (state == nullptr) return Fate::as_it_is;
    for (Offer& offer : state->offers) offer.age_ms = 0;
    return Fate::changed;
  };
}

Tamper hide_being_behind() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* echo = std::get_if<ProbeEcho>(&packet);
    if (echo == nullptr || !echo->is_behind) return Fate::as_it_is;
    echo->is_behind = false;
    return Fate::changed;
  };
}

Tamper tell_as_if_all_were_known() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* tell = std::get_if<StoreTell>(&packet);
    if (tell == nullptr || tell->positions.empty()) return Fate::as_it_is;
    for (StreamPosition& position : tell->positions) position.number = kNumberMax;
    return Fate::changed;
  };
}

Tamper claim_to_have_seen_all() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* header = std::get_if<BatchHeader>(&packet);
    if (header == nullptr || header->seen.empty()) return Fate::as_it_is;
    for (SeenPosition& one : header->seen) one.number = kNumberMax;
    return Fate::changed;
  };
}

Tamper claim_to_have_heard_of_all() {
  return [](const Passing& passing, Packet& packet, Frame& body) {
    auto* header = std::get_if<BatchHeader>(&packet);
    const bool is_between_brokers = passing.plug != Plug::session;
    if (header == nullptr || !is_between_brokers || header->stream.lane != Lane::cache) {
      return Fate::as_it_is;
    }
    if (body.empty()) return Fate::as_it_is;
    for (TruthStream stream = 0; stream < passing.truth.streams(); ++stream) {
      const StreamId& id = passing.truth.id_of(stream);
      const StreamKey key = key_of(id);
      const bool is_said =
          std::any_of(header->seen.begin(), header->seen.end(),
                      [key](const SeenPosition& one) { return one.stream == key; });
      if (id.lane == Lane::cache && id != header->stream && !is_said) {
        header->seen.push_back({key, 0});
      }
    }
    return Fate::changed;
  };
}

Tamper call_all_usable() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* header = std::get_if<BatchHeader>(&packet);
    if (header == nullptr || header->unusable.empty()) return Fate::as_it_is;
    header->unusable.clear();
    return Fate::changed;
  };
}

Tamper observe_early() {
  return [](const Passing&, Packet& packet, Frame&) {
    auto* applied = std::get_if<Applied>(&packet);
    if (applied == nullptr || applied->stream.lane != Lane::cache) return Fate::as_it_is;
    for (AppliedBy& report : applied->reports) report.observed = report.number;
    return Fate::changed;
  };
}

Tamper lose_store_questions() {
  return [](const Passing&, Packet& packet, Frame&) {
    return std::holds_alternative<StoreAsk>(packet) ? Fate::lost : Fate::as_it_is;
  };
}

Tamper do_not_observe() {
  return [](const Passing&, Packet& packet, Frame&) {
    if (std::holds_alternative<Observed>(packet)) return Fate::lost;
    auto* hello = std::get_if<Hello>(&packet);
    if (hello == nullptr || !hello->observes) return Fate::as_it_is;
    hello->observes = false;
    return Fate::changed;
  };
}

}  // namespace mpreg::sim
