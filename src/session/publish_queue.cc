#include "session/publish_queue.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "topic/topic.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// Until the first Welcome says what holds. A broker that allows less refuses the operation.
constexpr std::uint64_t kPayloadBytesAssumed = 1ULL << 20U;
constexpr std::size_t kAliasesAssumed = 65'536;
// A record, its place in a segment, and its share of the frame.
constexpr std::uint64_t kRecordOverheadBytes = 64;
constexpr std::uint64_t kLateBytesMax = 1024;  // Of a batch that may be answered later.
constexpr std::size_t kHeadersBytesMax = std::numeric_limits<std::uint16_t>::max();

void extend(std::vector<Segment>& segments, std::uint64_t operation, std::uint64_t client,
            std::uint32_t told) {
  if (!segments.empty()) {
    Segment& last = segments.back();
    if (last.first_operation + last.count == operation && last.told == told) {
      ++last.count;
      return;
    }
  }
  segments.push_back({client, operation, 1, told});
}

// What was built here.
Body opened(const Frame& frame) {
  auto body = open_body(frame, {std::numeric_limits<std::uint64_t>::max()});
  MPREG_CHECK(body.has_value());
  return std::move(*body);
}

}  // namespace

PublishQueue::PublishQueue(const SessionOptions& options, SessionCounters& counters)
    : options_(options),
      counters_(counters),
      window_bytes_(options.publish_window_bytes),
      payload_bytes_max_(kPayloadBytesAssumed),
      topics_(std::make_shared<OwnTopics>(kAliasesAssumed)),
      open_{Open(Lane::cache), Open(Lane::bulk), Open(Lane::events)} {}

Result<void> PublishQueue::check(const Item& item) {
  if (topics_->find(item.topic) == kNoAlias) {
    if (auto checked = check_topic(item.topic); !checked) return checked;
    if (is_reserved(item.topic)) {
      return fail(ErrorCode::refused,
                  "topic " + in_quotes(item.topic) + " begins with $, which is the broker's own");
    }
  }
  if (item.payload.size() > payload_bytes_max_) {
    return fail(ErrorCode::malformed, "payload has " + std::to_string(item.payload.size()) +
                                          " bytes, at most " + std::to_string(payload_bytes_max_) +
                                          " are allowed");
  }
  if (item.headers.size() > kHeadersBytesMax) {
    return fail(ErrorCode::malformed, "headers have " + std::to_string(item.headers.size()) +
                                          " bytes, at most " + std::to_string(kHeadersBytesMax) +
                                          " are allowed");
  }
  return {};
}

bool PublishQueue::has_room_for(std::size_t payload_bytes) const {
  const std::uint64_t kept = sealed_bytes_ + open_bytes();
  return kept == 0 || kept + payload_bytes + kRecordOverheadBytes <= window_bytes_;
}

std::uint64_t PublishQueue::append(const Item& item) {
  Open& batch = open(item.lane);
  const std::size_t bytes = item.payload.size() + item.headers.size() + kRecordOverheadBytes;
  if (!batch.builder.empty() && batch.builder.bytes() + bytes > options_.batch_bytes_max) {
    seal_through(item.lane);
  }
  const std::uint64_t operation = next_operation_++;
  ++counters_.operations;
  add(batch, item, operation, item.lane == Lane::cache ? static_cast<std::uint32_t>(told_) : 0);
  if (batch.builder.records() >= options_.batch_records_max ||
      batch.builder.bytes() >= options_.batch_bytes_max) {
    seal_through(item.lane);
  }
  return operation;
}

// Facts from before the value leave first: a broker takes the lowest operation that it has had in a
// connection for the first one, so batches must not leave in another order than their first ones.
void PublishQueue::value_precedes_fact() {
  const Open& bulk = open(Lane::bulk);
  if (bulk.builder.empty()) return;
  const Open& cache = open(Lane::cache);
  if (!cache.builder.empty() &&
      cache.segments.front().first_operation < bulk.segments.front().first_operation) {
    seal_through(Lane::cache);
  }
  open(Lane::cache).after_bulk = true;
}

void PublishQueue::add(Open& batch, const Item& item, std::uint64_t operation, std::uint32_t told) {
  OwnTopics::Use use;
  if (item.naming == Naming::by_alias) use = topics_->use(item.topic, batch.lane);
  if (use.declare) batch.declarations.push_back({use.alias, std::string(item.topic)});
  const bool is_inline = use.alias == kNoAlias;
  batch.builder.append(item.kind, item.flags, use.alias,
                       is_inline ? item.topic : std::string_view(), item.headers, item.payload);
  extend(batch.segments, operation, options_.client, told);
}

bool PublishQueue::any_open() const {
  for (const Open& batch : open_) {
    if (!batch.builder.empty()) return true;
  }
  return false;
}

std::uint64_t PublishQueue::open_bytes() const {
  std::uint64_t bytes = 0;
  for (const Open& batch : open_) {
    if (!batch.builder.empty()) bytes += batch.builder.bytes();
  }
  return bytes;
}

// The lane whose batch is the next to leave. One batch is open.
Lane PublishQueue::first_open() const {
  std::size_t first = kLanes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const Open& batch = open_[lane];
    if (batch.builder.empty()) continue;
    if (first == kLanes ||
        batch.segments.front().first_operation < open_[first].segments.front().first_operation) {
      first = lane;
    }
  }
  const Lane lane = static_cast<Lane>(first);
  return lane == Lane::cache && open_[first].after_bulk ? Lane::bulk : lane;
}

void PublishQueue::seal_through(Lane lane) {
  while (!open(lane).builder.empty()) seal(first_open());
}

void PublishQueue::seal(Lane lane, bool may_answer_later) {
  Open& batch = open(lane);
  Sealed sealed;
  sealed.lane = lane;
  for (const Segment& segment : batch.segments) batch.builder.add_segment(segment);
  sealed.first_operation = batch.segments.front().first_operation;
  const Segment& last = batch.segments.back();
  sealed.last_operation = last.first_operation + last.count - 1;
  sealed.may_answer_later = may_answer_later;
  sealed.header = header_of(lane, std::move(batch.declarations), may_answer_later);
  sealed.body = batch.builder.finish();
  sealed.bytes = sealed.header.size() + sealed.body.size();
  sealed.topics = topics_;
  sealed_bytes_ += sealed.bytes;
  sealed_.push_back(std::move(sealed));
  batch.segments.clear();
  batch.declarations.clear();
  batch.after_bulk = false;
  if (lane == Lane::bulk) open(Lane::cache).after_bulk = false;
}

// One small record, alone. While the answer that was asked for last is on its way some more may
// follow, so that a publisher whose messages are no further apart than that does not ask each time.
bool PublishQueue::may_answer_later(const Open& batch) const {
  const std::size_t late_max = options_.late_batches_max;
  const auto asked = std::find_if(under_way_.rbegin(), under_way_.rend(),
                                  [](const UnderWay& one) { return !one.may_answer_later; });
  const auto late_since_asked = static_cast<std::size_t>(asked - under_way_.rbegin());
  return batch.lane != Lane::bulk && !batch.after_bulk && batch.builder.records() == 1 &&
         batch.builder.bytes() <= kLateBytesMax && under_way_.size() - late_under_way_ <= 1 &&
         late_since_asked < late_max && late_under_way_ < late_max + late_max / 2 &&
         sealed_bytes_ + batch.builder.bytes() <= window_bytes_ / 4;
}

Frame PublishQueue::header_of(Lane lane, std::vector<Declaration> declarations,
                              bool may_answer_later) {
  Frame& plain =
      (may_answer_later ? plain_late_headers_ : plain_headers_)[static_cast<std::size_t>(lane)];
  if (declarations.empty() && !plain.empty()) return plain;
  const bool is_plain = declarations.empty();
  BatchHeader header;
  header.stream.lane = lane;
  header.declarations = std::move(declarations);
  header.may_answer_later = may_answer_later;
  Frame frame = encode_packet(std::move(header));
  if (is_plain) plain = frame;
  return frame;
}

void PublishQueue::flush() {
  while (any_open()) seal(first_open());
}

void PublishQueue::begin(const SessionLimits& limits, const std::vector<NumberRange>& known) {
  flush();  // The open batches use aliases that this session does not know.
  topics_ = std::make_shared<OwnTopics>(limits.aliases_max);
  window_bytes_ = options_.publish_window_bytes;
  if (limits.publish_window_bytes != 0 && limits.publish_window_bytes < window_bytes_) {
    window_bytes_ = limits.publish_window_bytes;
  }
  if (limits.payload_bytes_max != 0) payload_bytes_max_ = limits.payload_bytes_max;
  known_ = Ranges();
  for (const NumberRange& range : known) {
    if (range.first <= range.last) known_.add(range);
  }
  for (Sealed& batch : sealed_) batch.is_known = is_known(opened(batch.body));
  connected_ = true;
  sent_ = 0;
  sent_bytes_ = 0;
  consumed_bytes_ = 0;
  under_way_.clear();
  late_under_way_ = 0;
}

bool PublishQueue::is_known(const Body& body) const {
  return std::all_of(body.records.begin(), body.records.end(), [&](const Record& record) {
    return is_known(operation_of(body.segments, record.index).operation);
  });
}

void PublishQueue::confirm_known() { confirm(accepted_through_); }

void PublishQueue::end() {
  connected_ = false;
  told_ = 0;
  sent_ = 0;
  known_ = Ranges();
}

bool PublishQueue::on_accepted(const Accepted& accepted) {
  if (!connected_ || accepted.consumed_bytes > sent_bytes_ ||
      accepted.through_operation >= next_operation_) {
    return false;
  }
  if (accepted.consumed_bytes > consumed_bytes_) consumed_bytes_ = accepted.consumed_bytes;
  while (!under_way_.empty() && under_way_.front().sent_end <= consumed_bytes_) {
    late_under_way_ -= under_way_.front().may_answer_later ? 1 : 0;
    under_way_.pop_front();
  }
  confirm(std::min(accepted.through_operation, lowest_not_consumed() - 1));
  return true;
}

// A broker takes the lowest operation that it has had in this connection for the first one, and
// cannot know that a lower one is in a batch that it has not had: one from which operations before
// it were left out as known, when it was sent again. What it knows whole is not waited for: nothing
// of it is sent, so no answer would follow.
std::uint64_t PublishQueue::lowest_not_consumed() const {
  std::uint64_t lowest = next_operation_;
  for (std::size_t i = 0; i < sealed_.size(); ++i) {
    if (sealed_[i].is_known || (i < sent_ && sealed_[i].sent_end <= consumed_bytes_)) continue;
    lowest = std::min(lowest, sealed_[i].first_operation);
  }
  for (const Open& batch : open_) {
    if (!batch.builder.empty()) lowest = std::min(lowest, batch.segments.front().first_operation);
  }
  return lowest;
}

// What the broker knew before this connection counts, too.
void PublishQueue::confirm(std::uint64_t through) {
  if (through < accepted_through_) through = accepted_through_;
  for (const NumberRange& range : known_.ranges()) {
    if (range.first <= through + 1 && range.last > through) through = range.last;
  }
  if (through >= next_operation_) through = next_operation_ - 1;
  accepted_through_ = through;
  while (!sealed_.empty() && sealed_.front().last_operation <= through) {
    sealed_bytes_ -= sealed_.front().bytes;
    sealed_.pop_front();
    if (sent_ > 0) --sent_;
  }
}

bool PublishQueue::may_send(std::uint64_t bytes) const {
  const std::uint64_t in_flight = sent_bytes_ - consumed_bytes_;
  return in_flight == 0 || in_flight + bytes <= window_bytes_;
}

void PublishQueue::pump(std::vector<Outgoing>& out, bool may_be_late) {
  if (!connected_) return;
  for (;;) {
    while (sent_ < sealed_.size()) {
      Sealed& next = sealed_[sent_];
      if (!next.is_known) {
        if (!may_send(next.bytes)) return;
        send(next, out);
      }
      ++sent_;
    }
    const std::size_t asking = under_way_.size() - late_under_way_;
    if (asking >= options_.batches_in_flight || !any_open()) return;
    const Lane lane = first_open();
    seal(lane, may_be_late && may_answer_later(open(lane)));
  }
}

void PublishQueue::send(Sealed& batch, std::vector<Outgoing>& out) {
  Outgoing outgoing{batch.header, batch.body};
  bool is_late = batch.may_answer_later;
  if (batch.topics != topics_) {
    outgoing = built_again(batch);
    is_late = false;
    ++counters_.batches_repeated;
  }
  sent_bytes_ += outgoing.header.size() + outgoing.body.size();
  batch.sent_end = sent_bytes_;
  under_way_.push_back({sent_bytes_, is_late});
  late_under_way_ += is_late ? 1 : 0;
  ++counters_.batches_sent;
  out.push_back(std::move(outgoing));
}

// The batch in the aliases of this connection, without what this broker knows already. The original
// is kept: the next broker may know less.
Outgoing PublishQueue::built_again(const Sealed& batch) {
  const Body body = opened(batch.body);
  Open again(batch.lane);
  for (const Record& record : body.records) {
    const std::uint64_t operation = operation_of(body.segments, record.index).operation;
    if (is_known(operation)) continue;
    Item item;
    item.lane = batch.lane;
    item.kind = record.kind;
    item.flags = static_cast<std::uint8_t>(record.flags & kTracked);
    const bool is_inline = record.alias == kNoAlias;
    item.topic = is_inline ? body.inline_topic_of(record)
                           : std::string_view(batch.topics->text_of(record.alias));
    if (is_inline) item.naming = Naming::in_full;
    item.headers = body.headers_of(record);
    item.payload = body.payload_of(record);
    add(again, item, operation, 0);  // Called before this connection.
  }
  MPREG_CHECK(!again.builder.empty());  // Or it would be known.
  for (const Segment& segment : again.segments) again.builder.add_segment(segment);
  Frame header = header_of(batch.lane, std::move(again.declarations), false);
  return {std::move(header), again.builder.finish()};
}

}  // namespace mpreg
