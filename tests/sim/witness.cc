#include "witness.h"

#include <algorithm>
#include <limits>

#include "message/cache_key.h"
#include "wire/body_codec.h"
#include "wire/cache_codec.h"
#include "wire/packet_codec.h"

namespace mpreg::sim {
namespace {

constexpr std::uint64_t kAcknowledgementsPerWindow = 32;

std::string range_text(Number after, Number through) {
  return std::to_string(after + 1) + ".." +
         (through == kNumberMax ? std::string("end") : std::to_string(through));
}

void set_flag(std::vector<bool>& flags, MessageIndex index) {
  if (flags.size() <= index) flags.resize(index + 1);
  flags[index] = true;
}

}  // namespace

Witness::Witness(std::string cluster, std::uint64_t life, bool is_quiet, Truth& truth,
                 Verdict& verdict, Trace& trace, ExclusiveCheck& exclusive)
    : cluster_(std::move(cluster)),
      store_(cluster_, truth, verdict),
      life_(life),
      is_quiet_(is_quiet),
      truth_(truth),
      verdict_(verdict),
      trace_(trace),
      exclusive_(exclusive) {}

Frame Witness::hello() const {
  Hello hello;
  hello.client = kWitnessClient;
  hello.name = "witness";
  hello.receive_window_bytes = std::numeric_limits<std::uint32_t>::max();
  hello.subscriptions = {{1, {is_quiet_ ? "mpreg.#" : "#"}, 0, 0}};
  return encode_packet(hello);
}

// A broker may begin a new incarnation in the middle of its life.
void Witness::own_incarnation_is(const Incarnation& incarnation) {
  if (own_incarnation_ == incarnation) return;
  if (incarnation < own_incarnation_) fail("its incarnation goes back");
  own_incarnation_ = incarnation;
  own_.clear();
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const TruthStream stream = truth_.stream_of({cluster_, incarnation, static_cast<Lane>(lane)});
    if (truth_.end_of(stream) != 0)
      fail("incarnation " + to_string(incarnation) + " is used twice");
    own_.push_back(stream);
    view(stream).own = true;
    begin(stream, 0);
  }
}

Witness::View& Witness::view(TruthStream stream) {
  if (views_.size() <= stream) views_.resize(stream + 1);
  return views_[stream];
}

std::optional<Number> Witness::first(TruthStream stream) const {
  if (stream >= views_.size()) return std::nullopt;
  const View& state = views_[stream];
  if (state.known) return state.first;
  if (state.echoed) return state.first_told;
  return std::nullopt;
}

Number Witness::told(TruthStream stream) const {
  return stream < views_.size() ? views_[stream].told : 0;
}

bool Witness::has_gap(const Stamping& stamping) const {
  if (stamping.stream >= views_.size()) return false;
  const auto& gaps = views_[stamping.stream].gaps;
  return std::any_of(gaps.begin(), gaps.end(), [&](const NumberRange& gap) {
    return gap.first <= stamping.number && stamping.number <= gap.last;
  });
}

bool Witness::knew_earlier_life(TruthStream stream) const {
  const StreamId& id = truth_.id_of(stream);
  for (TruthStream other = 0; other < views_.size(); ++other) {
    const StreamId& earlier = truth_.id_of(other);
    const bool is_known = views_[other].known || views_[other].echoed;
    if (is_known && earlier.origin == id.origin && earlier.lane == id.lane &&
        earlier.incarnation < id.incarnation) {
      return true;
    }
  }
  return false;
}

// The next life of an origin that was known here begins with its first number.
void Witness::begin(TruthStream stream, Number after) {
  View& state = view(stream);
  if (state.known) return;
  state.known = true;
  state.first = state.position = after;
  if (after != 0 && knew_earlier_life(stream)) {
    fail("stream " + to_string(truth_.id_of(stream)) + " begins after " + std::to_string(after) +
         " although an earlier life of its origin was known");
  }
}

void Witness::on_packet(const Frame& header, const Frame& body) {
  const auto packet = decode_packet(header.bytes());
  if (!packet) return fail("sent what is no packet: " + packet.error().text);
  if (const auto* batch = std::get_if<BatchHeader>(&*packet)) {
    received_bytes_ += header.size() + body.size();
    return on_batch(*batch, body);
  }
  if (const auto* gap = std::get_if<Gap>(&*packet)) return on_gap(*gap);
  if (const auto* echo = std::get_if<ProbeEcho>(&*packet)) return on_echo(*echo);
  if (const auto* refused = std::get_if<Refused>(&*packet)) {
    fail("the witness was refused: " + refused->text);
  }
}

Frame Witness::take_acknowledgement(std::uint64_t window_bytes) {
  if (received_bytes_ - acknowledged_bytes_ < window_bytes / kAcknowledgementsPerWindow) return {};
  acknowledged_bytes_ = received_bytes_;
  return encode_packet(Acknowledge{acknowledged_bytes_});
}

void Witness::on_batch(const BatchHeader& header, const Frame& frame) {
  const TruthStream stream = truth_.stream_of(header.stream);
  begin(stream, header.after);
  View& state = view(stream);
  for (const Declaration& declaration : header.declarations) {
    if (state.topics.size() <= declaration.alias) state.topics.resize(declaration.alias + 1);
    state.topics[declaration.alias] = truth_.topic_of(declaration.topic) + 1;
  }
  if (header.after != state.position || header.through <= header.after) {
    return fail("a batch of " + to_string(header.stream) + " covers " +
                range_text(header.after, header.through) + " after " +
                std::to_string(state.position));
  }
  state.position = header.through;
  if (state.own) truth_.cover(stream, header.through);
  if (header.through > truth_.end_of(stream)) {
    return fail("a batch of " + to_string(header.stream) + " covers " +
                range_text(header.after, header.through) + " which was never numbered");
  }
  const auto body = open_body(frame, {std::numeric_limits<std::uint64_t>::max()});
  if (!body) return fail("a body cannot be opened: " + std::string(name_of(body.error())));
  if (body->stamp.incarnation != header.stream.incarnation ||
      body->stamp.lane != header.stream.lane || body->last() != header.through) {
    return fail("a body is not of its header's stream and range");
  }
  for (const Record& record : body->records) on_record(stream, *body, record);
  if (!state.own) check_skipped(stream, header.after, header.through, &*body);
}

void Witness::on_record(TruthStream stream, const Body& body, const Record& record) {
  const Number number = body.first() + record.index;
  if (record.kind == RecordKind::none) return;
  const View& state = view(stream);
  const std::string where = to_string(truth_.id_of(stream)) + " " + std::to_string(number);
  std::string_view topic = body.inline_topic_of(record);
  if (record.alias != kNoAlias) {
    const std::uint32_t named = record.alias < state.topics.size() ? state.topics[record.alias] : 0;
    if (named == 0) return fail(where + " uses an alias that was never declared");
    topic = truth_.topic(named - 1);
  }
  const MessageIndex message = find(state.own, record.kind, topic, body.payload_of(record));
  if (message == kNoMessage) return fail(where + " holds what nobody published");
  if (truth_.topic(truth_.message(message).topic) != topic) {
    return fail(where + " has the topic " + std::string(topic) + ": " + truth_.text(message));
  }
  trace_.note(message);
  if ((record.flags & kRefused) != 0) return truth_.refuse(message);
  const bool is_fact =
      record.kind == RecordKind::invalidation || record.kind == RecordKind::replication;
  if (record.kind == RecordKind::value) set_flag(values_, message);
  if (is_fact && !has_applied(message) && !truth_.message(message).refused) {
    fail(where + " is delivered and was not applied: " + truth_.text(message));
  }
  if (state.own) return truth_.stamp(message, {stream, number, life_, trace_.now()});
  if (truth_.at(stream, number) != message) {
    fail(where + " is not what its origin stamped: " + truth_.text(message));
  }
}

// What was covered and is not in the body must be empty, or a value for others.
void Witness::check_skipped(TruthStream stream, Number after, Number through, const Body* body) {
  const bool is_bulk = truth_.id_of(stream).lane == Lane::bulk;
  std::size_t next = 0;
  for (Number number = after + 1; number <= through; ++number) {
    const MessageIndex message = truth_.at(stream, number);
    while (body != nullptr && next < body->records.size() &&
           body->first() + body->records[next].index < number) {
      ++next;
    }
    const bool is_here = body != nullptr && next < body->records.size() &&
                         body->first() + body->records[next].index == number;
    if (is_here || message == kNoMessage) continue;
    if (is_bulk && !truth_.message(message).names(cluster_)) continue;
    fail(to_string(truth_.id_of(stream)) + " " + std::to_string(number) +
         " was skipped without a gap: " + truth_.text(message));
  }
}

void Witness::on_gap(const Gap& gap) {
  const TruthStream stream = truth_.stream_of(gap.stream);
  begin(stream, gap.after);
  View& state = view(stream);
  trace_.line([&] { return "broker " + cluster_ + " has a gap: " + to_string(gap.stream); });
  if (gap.after != state.position || gap.through <= gap.after) {
    return fail("a gap of " + to_string(gap.stream) + " covers " +
                range_text(gap.after, gap.through) + " after " + std::to_string(state.position));
  }
  if (state.own) {
    return fail("its own stream has a gap: the witness has not seen what it stamped");
  }
  state.gaps.push_back({gap.after + 1, gap.through});
  state.position = gap.through;
}

void Witness::on_echo(const ProbeEcho& echo) {
  echoed_ = true;
  for (const StreamPosition& position : echo.positions) {
    const TruthStream stream = truth_.stream_of(position.stream);
    View& state = view(stream);
    if (position.number < state.told || position.number < state.position) {
      return fail("its frontier of " + to_string(position.stream) + " goes back from " +
                  std::to_string(std::max(state.told, state.position)) + " to " +
                  std::to_string(position.number));
    }
    if (!state.echoed) state.first_told = position.number;
    state.echoed = true;
    state.told = position.number;
    if (state.own) {
      // Numbers whose records were all refused are told in no other way.
      truth_.cover(stream, position.number);
      continue;
    }
    truth_.claim(stream, position.number);
    // What the broker passed without a word to a session that wants everything.
    const bool is_whole = state.known || knew_earlier_life(stream);
    const Number end = std::min(position.number, truth_.end_of(stream));
    const bool is_seen = !is_quiet_ || position.stream.lane != Lane::events;
    if (is_whole && is_seen) check_skipped(stream, state.position, end, nullptr);
  }
}

void Witness::follow(const StreamId& id, Number after) {
  if (id.origin != cluster_) others_met_.insert(id.origin);
  if (is_quiet_ && id.lane == Lane::events) begin(truth_.stream_of(id), after);
}

void Witness::observe(const StreamId& id, const Body& body) {
  if (!is_quiet_ || id.lane != Lane::events) return;
  const bool is_own = id.origin == cluster_;
  if (is_own && id.incarnation > own_incarnation_) own_incarnation_is(id.incarnation);
  const TruthStream stream = truth_.stream_of(id);
  if (is_own) truth_.cover(stream, body.last());
  for (const Record& record : body.records) {
    if (record.kind == RecordKind::none) continue;
    // A copy for a queue group of another cluster: an empty number for everybody else.
    if (record.alias != kNoAlias && (record.flags & kInlineTopic) != 0) continue;
    const Number number = body.first() + record.index;
    const std::string where = to_string(id) + " " + std::to_string(number);
    const MessageIndex message = truth_.find(record.kind, body.payload_of(record));
    if (message == kNoMessage) {
      fail(where + " holds what nobody published");
    } else if (is_own) {
      truth_.stamp(message, {stream, number, life_, trace_.now()});
    } else if (truth_.at(stream, number) != message) {
      fail(where + " is not what its origin stamped: " + truth_.text(message));
    }
  }
}

// What a broker says by itself, about keys that are one client's alone, is in the books when it is
// seen here.
MessageIndex Witness::find(bool is_own, RecordKind kind, std::string_view topic, Bytes payload) {
  const MessageIndex known = truth_.find(kind, payload);
  if (known != kNoMessage || !is_own) return known;
  Message message;
  message.client = kNoClient;
  message.kind = kind;
  std::string published(topic);
  if (kind == RecordKind::invalidation) {
    const auto fact = decode_invalidation(payload);
    if (!fact || !fact->claim) return kNoMessage;
    message.namespace_name = fact->address.namespace_name;
    published = invalidation_topic("mpreg.cache.federation", fact->address.region,
                                   fact->address.namespace_name);
  } else {
    const auto claim = decode_claim(payload);
    if (kind != RecordKind::claim || !claim) return kNoMessage;
    message.namespace_name = claim->address.namespace_name;
  }
  message.topic = truth_.topic_of(published);
  return truth_.publish(std::move(message), payload);
}

void Witness::apply(const StreamId& id, Number number, HybridTime version, RecordKind kind,
                    Bytes payload) {
  const TruthStream stream = truth_.stream_of(id);
  View& state = view(stream);
  const std::string where = to_string(id) + " " + std::to_string(number);
  if (number <= state.applied) fail(where + " is applied after " + std::to_string(state.applied));
  state.applied = number;
  const bool is_ours = id.origin == cluster_;
  const MessageIndex message = find(is_ours, kind, {}, payload);
  if (message == kNoMessage) return fail(where + " is applied and nobody published it");
  trace_.note(message);
  trace_.line([&] { return "broker " + cluster_ + " applies " + truth_.text(message); });
  if (has_applied(message)) return fail(where + " is applied twice: " + truth_.text(message));
  set_flag(applied_, message);
  if (kind == RecordKind::invalidation) {
    if (const auto fact = decode_invalidation(payload)) {
      if (is_ours && fact->fence != 0) {
        exclusive_.on_written(fact->address.key, fact->fence, version);
      }
      store_.on_invalidation(*fact, id.origin, message);
    }
  } else if (const auto fact = decode_replication(payload)) {
    store_.on_replication(*fact, message);
  }
  // The own streams are stamped in this turn, and the truth about them follows; the
  // incarnation may be new.
  const bool is_own = state.own || (id.origin == cluster_ && id.incarnation > own_incarnation_);
  if (!is_own && (number > truth_.end_of(stream) || truth_.at(stream, number) != message)) {
    fail(where + " is applied and is not what its origin stamped: " + truth_.text(message));
  }
}

}  // namespace mpreg::sim
