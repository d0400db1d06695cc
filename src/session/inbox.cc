#include "session/inbox.h"

#include <algorithm>
#include <limits>

#include "wire/cache_codec.h"

namespace mpreg {
namespace {

// Every stream may use every topic, but not with numbers far beyond what is used.
constexpr std::size_t kAliasesPerTopic = 4;
// Streams that are over are named at the next Hello, so that no broker serves them once more. After
// so many later ones nobody holds them any longer.
constexpr std::size_t kEndedMax = 1024;

}  // namespace

Inbox::Inbox(const SessionOptions& options, const Interest& interest, SessionCounters& counters)
    : options_(options),
      interest_(interest),
      counters_(counters),
      topics_(options.topics_max),
      seen_(options.publishers_remembered_max) {}

std::optional<StreamIndex> Inbox::intern(const StreamId& stream) {
  if (const auto known = stream_ids_.find(stream)) return known;
  if (stream_ids_.size() >= options_.streams_max) return std::nullopt;
  streams_.emplace_back();
  return stream_ids_.intern(stream);
}

void Inbox::take_position(StreamIndex index, Number number) {
  Stream& stream = streams_[index];
  if (!stream.known || number > stream.position) stream.position = number;
  stream.known = true;
}

void Inbox::begin(const std::vector<StreamPosition>& positions) {
  const bool owes_nothing = interest_.patterns().patterns() == 0;
  for (const StreamPosition& position : positions) {
    const auto index = intern(position.stream);
    if (!index) continue;
    if (owes_nothing || !streams_[*index].known) take_position(*index, position.number);
  }
  for (Stream& stream : streams_) {
    if (stream.known) stream.chain = stream.position;
  }
}

std::vector<Interest::Start> Inbox::starts_of(const std::vector<StreamPosition>& positions) {
  std::vector<Interest::Start> starts;
  for (const StreamPosition& position : positions) {
    const auto index = intern(position.stream);
    if (!index) continue;
    starts.push_back({*index, position.number});
    // From here on it is owed to this session, by whichever broker it comes to next.
    if (!streams_[*index].known) take_position(*index, position.number);
  }
  return starts;
}

std::vector<StreamPosition> Inbox::positions() const {
  std::vector<StreamPosition> positions;
  for (const auto& [id, index] : stream_ids_.by_id()) {
    if (streams_[index].known) positions.push_back({id, streams_[index].position});
  }
  return positions;
}

// A declaration that cannot be kept makes the records that use it a gap, when they come.
void Inbox::declare(Stream& stream, const std::vector<Declaration>& declarations) {
  for (const Declaration& declaration : declarations) {
    if (declaration.alias >= options_.topics_max * kAliasesPerTopic) continue;
    const std::size_t size = declaration.alias + std::size_t{1};
    auto& aliases = stream.aliases;
    if (aliases.size() < size) {
      if (aliases_ + size - aliases.size() > options_.topics_max * kAliasesPerTopic) continue;
      aliases_ += size - aliases.size();
      aliases.resize(size, kNoTopic);
    }
    const auto topic = topics_.intern(declaration.topic);
    // Two meanings of one alias: nobody knows which record meant which.
    const bool twice =
        aliases[declaration.alias] != kNoTopic && topic != aliases[declaration.alias];
    aliases[declaration.alias] = topic && !twice ? *topic : kNoTopic;
  }
}

void Inbox::on_batch(const BatchHeader& header, Frame frame, SessionEvents& events) {
  const auto index = intern(header.stream);
  if (!index || header.through < header.after) {
    ++counters_.batches_malformed;
    report(header.stream, header.after, std::max(header.after, header.through), {},
           index ? "a batch ends before it begins" : "there are too many streams", events);
    return;
  }
  Stream& stream = streams_[*index];
  declare(stream, header.declarations);
  Passage passage;
  passage.stream = *index;
  if (header.only_subscription != 0) {
    const std::uint32_t id = header.only_subscription;
    if (header.is_share ? !interest_.is_active(id) : !interest_.takes_backlog(id)) return;
    passage.only = id;
    passage.is_share = header.is_share;
  } else {
    const Number expected = stream.chain.value_or(stream.known ? stream.position : header.after);
    take_position(*index, header.after);
    stream.chain = std::max(expected, header.through);
    if (header.after > expected) {
      report(header.stream, expected, header.after, {}, "a batch is missing", events);
    }
    if (header.through <= stream.position) {
      if (!frame.empty()) ++counters_.batches_duplicate;
      return;
    }
    passage.after = std::max(stream.position, header.after);
    stream.position = header.through;
  }
  if (frame.empty()) return;
  const BodyLimits limits{std::numeric_limits<std::uint64_t>::max()};
  const auto body = open_body(std::move(frame), limits);
  const bool fits =
      body && body->stamp.incarnation == header.stream.incarnation &&
      body->stamp.lane == header.stream.lane &&
      (passage.only || (body->first() > header.after && body->last() <= header.through));
  if (!fits) {
    ++counters_.batches_malformed;
    report(header.stream, passage.after, header.through, {},
           body ? "a body is not of the range of its batch" : name_of(body.error()), events);
    return;
  }
  passage.body = &*body;
  deliver(header, passage, events);
}

void Inbox::deliver(const BatchHeader& header, const Passage& passage, SessionEvents& events) {
  const Body& body = *passage.body;
  const std::size_t deliveries_before = events.deliveries.size();
  const std::uint64_t unknown_before = counters_.aliases_unknown;
  Passage with_frame = passage;
  with_frame.frame = static_cast<std::uint32_t>(events.frames.size());
  with_frame.applied = header.applied;
  with_frame.unusable = header.unusable;
  std::span<const Record> rest = body.records;
  std::uint32_t first_index = 0;
  for (const Segment& segment : body.segments) {
    const std::uint32_t end = first_index + segment.count;
    std::size_t count = 0;
    while (count < rest.size() && rest[count].index < end) ++count;
    if (count != 0) deliver_segment(segment, rest.first(count), first_index, with_frame, events);
    rest = rest.subspan(count);
    first_index = end;
  }
  if (events.deliveries.size() != deliveries_before) events.frames.push_back(body.frame);
  if (counters_.aliases_unknown == unknown_before) return;
  // The gap comes before what could be delivered of the batch.
  report(header.stream, passage.after, header.through, {},
         "a topic alias was used that was never declared", events);
  events.notices.back().deliveries_before = deliveries_before;
}

void Inbox::deliver_segment(const Segment& segment, std::span<const Record> records,
                            std::uint32_t first_index, const Passage& passage,
                            SessionEvents& events) {
  // What comes for one subscription alone is no part of the stream; who published for nobody cannot
  // have asked twice.
  SeenOperations::Record* seen = nullptr;
  bool repeated = false;
  if (!passage.only && segment.client != 0) {
    seen = &seen_.find(segment.client, passage.stream, passage.body->stamp.lane);
    repeated =
        seen->any_elsewhere({segment.first_operation, segment.first_operation + segment.count - 1});
  }
  for (const Record& record : records) {
    if (record.kind == RecordKind::none) continue;
    if (passage.body->first() + record.index <= passage.after) continue;
    const std::uint64_t operation = segment.first_operation + (record.index - first_index);
    const bool is_refused = (record.flags & kRefused) != 0;
    if (is_refused || (repeated && seen->elsewhere(operation))) {
      counters_.messages_duplicate += is_refused ? 0 : 1;
      note_withdrawn(record, {segment.client, operation}, passage, events);
      continue;
    }
    deliver_record(record, {segment.client, operation}, passage, events);
  }
  if (seen != nullptr) remember(*seen, segment, records, first_index);
}

void Inbox::note_withdrawn(const Record& record, const OperationId& publisher,
                           const Passage& passage, SessionEvents& events) {
  const Body& body = *passage.body;
  const auto tell = [&](CacheAddress&& address) {
    events.notices.push_back(
        {events.deliveries.size(), WithdrawnWrite{std::move(address), publisher,
                                                  apply_order(passage.applied, record.index)}});
  };
  if (record.kind == RecordKind::replication) {
    if (auto fact = decode_replication(body.payload_of(record))) tell(std::move(fact->address));
  } else if (record.kind == RecordKind::invalidation) {
    auto fact = decode_invalidation(body.payload_of(record));
    const bool is_of_one = fact && fact->type == InvalidationType::single_key;
    if (is_of_one) tell(std::move(fact->address));
  }
}

// Only what is here counts as seen: a number without a record may be one whose real record comes in
// another stream.
void Inbox::remember(SeenOperations::Record& seen, const Segment& segment,
                     std::span<const Record> records, std::uint32_t first_index) const {
  const auto operation_at = [&](const Record& record) {
    return segment.first_operation + (record.index - first_index);
  };
  std::optional<NumberRange> run;
  for (const Record& record : records) {
    if (record.kind == RecordKind::none) continue;
    const std::uint64_t operation = operation_at(record);
    if (run && run->last + 1 == operation) {
      run->last = operation;
      continue;
    }
    if (run) seen.add(*run);
    run = NumberRange{operation, operation};
  }
  if (run) seen.add(*run);
}

void Inbox::deliver_record(const Record& record, const OperationId& publisher,
                           const Passage& passage, SessionEvents& events) {
  const Body& body = *passage.body;
  std::string_view topic = body.inline_topic_of(record);
  const IdList* slots = &inline_match_;
  if (record.alias != kNoAlias) {
    const auto& aliases = streams_[passage.stream].aliases;
    const TopicIndex index = record.alias < aliases.size() ? aliases[record.alias] : kNoTopic;
    if (index == kNoTopic) {
      ++counters_.aliases_unknown;
      return;
    }
    // Of a share that came from another cluster, the alias is that of the group's channel.
    if (!passage.is_share || topic.empty()) topic = topics_.text_of(index);
    if (!passage.only) slots = &topics_.sessions_for(index, interest_.patterns());
  } else if (!passage.only) {
    interest_.patterns().match(topic, inline_match_);
  }
  const auto deliver_to = [&](std::uint32_t subscription) {
    Delivery& delivery = events.deliveries.emplace_back();
    delivery.subscription = subscription;
    delivery.frame = passage.frame;
    delivery.kind = record.kind;
    delivery.backlog = passage.only.has_value() && !passage.is_share;
    delivery.unusable = passage.is_unusable(record);
    delivery.topic = topic;
    delivery.payload = body.payload_of(record);
    delivery.headers = body.headers_of(record);
    delivery.stream = &stream_ids_.id_of(passage.stream);
    delivery.number = body.first() + record.index;
    delivery.version = body.stamp.version + record.index;
    if (passage.applied != 0) delivery.order = apply_order(passage.applied, record.index);
    latest_version_ = std::max(latest_version_, delivery.version);
    delivery.created_ms = body.stamp.created_ms;
    delivery.publisher = publisher;
    ++counters_.messages_delivered;
  };
  if (passage.only) return deliver_to(*passage.only);
  if (slots->empty()) ++counters_.messages_unwanted;
  const Number number = body.first() + record.index;
  const bool at_seam = number <= interest_.seam_of(passage.stream);
  for (const std::uint32_t slot : *slots) {
    if (at_seam && !interest_.counts(slot, passage.stream, number)) continue;
    deliver_to(interest_.id_of(slot));
  }
}

void Inbox::on_gap(const Gap& gap, SessionEvents& events) {
  const auto index = intern(gap.stream);
  if (!index) {
    report(gap.stream, gap.after, gap.through, gap.scope, gap.reason, events);
    return;
  }
  Stream& stream = streams_[*index];
  const bool over = gap.through == kNumberMax;
  const Number after = stream.known ? stream.position : gap.after;
  const Number through = stream.final ? std::min(*stream.final, gap.through) : gap.through;
  if (through > after) {
    report(gap.stream, after, through, gap.scope, gap.reason, events);
    take_position(*index, through);
    stream.chain = std::max(stream.chain.value_or(0), through);
  }
  if (over) end(*index);
}

void Inbox::on_served(const std::vector<StreamPosition>& positions) {
  for (const StreamPosition& position : positions) {
    if (const auto index = intern(position.stream)) take_position(*index, position.number);
  }
}

void Inbox::raise(std::vector<StreamPosition>& positions) const {
  for (StreamPosition& position : positions) {
    const auto index = stream_ids_.find(position.stream);
    if (!index || !streams_[*index].known) continue;
    position.number = std::max(position.number, streams_[*index].position);
  }
}

void Inbox::on_final(const std::vector<StreamPosition>& positions) {
  for (const StreamPosition& position : positions) {
    if (const auto index = stream_ids_.find(position.stream)) {
      streams_[*index].final = position.number;
    }
  }
}

bool Inbox::has_reached(const std::vector<StreamPosition>& positions) const {
  for (const StreamPosition& position : positions) {
    const auto index = stream_ids_.find(position.stream);
    const Number reached = index && streams_[*index].known ? streams_[*index].position : 0;
    if (reached < position.number) return false;
  }
  return true;
}

void Inbox::report(const StreamId& stream, Number after, Number through, Scope scope,
                   std::string_view reason, SessionEvents& events) {
  ++counters_.gaps;
  events.notices.push_back({events.deliveries.size(),
                            Gap{stream, after, through, std::move(scope), std::string(reason)}});
}

void Inbox::end(StreamIndex index) {
  Stream& stream = streams_[index];
  aliases_ -= stream.aliases.size();
  stream.aliases = {};
  take_position(index, kNumberMax);
  stream.chain = kNumberMax;
  ended_.emplace(stream_ids_.id_of(index).incarnation, index);
  if (ended_.size() <= kEndedMax) return;
  // The index stays taken, so that views of the stream's name stay good.
  streams_[ended_.begin()->second] = Stream{};
  ended_.erase(ended_.begin());
  ++counters_.streams_forgotten;
}

}  // namespace mpreg
