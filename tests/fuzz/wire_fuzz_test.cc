// Mutated packets, bodies and cache facts. They may be refused; they may never crash, and whatever
// is taken must be a value like any other: it is encoded again and comes back the same.
//
// Deterministic: the seed of the mutations is fixed, and MPREG_FUZZ_SEED and MPREG_FUZZ_CASES take
// another walk.
#include <gtest/gtest.h>

#include <cstdlib>

#include "fuzz/mutator.h"
#include "unit/wire/sample_packets.h"
#include "wire/body_codec.h"
#include "wire/cache_codec.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
std::uint64_t seed() { return number_from("MPREG_FUZZ_SEED", 1); }
std::uint64_t cases() { return number_from("MPREG_FUZZ_CASES", 40'000); }

std::string text_of(const Frame& frame) { return std::string(as_text(frame.bytes())); }

// Behind an odd number of bytes, so that nothing is aligned by chance.
struct Misplaced {
  explicit Misplaced(const std::string& from) : buffer("x" + from) {}
  [[nodiscard]] Bytes bytes() const { return as_bytes(std::string_view(buffer).substr(1)); }
  std::string buffer;
};

struct Tally {
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
};

// A walk that is always or never refused tests nothing.
void expect_both(const Tally& tally) {
  EXPECT_GT(tally.taken, cases() / 50) << "of " << cases();
  EXPECT_GT(tally.refused, cases() / 50) << "of " << cases();
}

TEST(WireFuzz, packets_are_refused_or_come_back_as_they_were_read) {
  std::vector<std::string> seeds;
  for (const Packet& packet : full_packets()) seeds.push_back(text_of(encode_packet(packet)));
  for (const Packet& packet : default_packets()) seeds.push_back(text_of(encode_packet(packet)));
  Mutator mutator(seed(), seeds);
  Tally tally;
  for (std::uint64_t i = 0; i < cases(); ++i) {
    const Misplaced mutant(mutator.next());
    const auto packet = decode_packet(mutant.bytes());
    if (!packet) {
      ++tally.refused;
      ASSERT_FALSE(packet.error().text.empty());
      continue;
    }
    ++tally.taken;
    const auto again = decode_packet(encode_packet(*packet).bytes());
    ASSERT_TRUE(again.has_value()) << again.error().text << ", case " << i << ", seed " << seed();
    ASSERT_EQ(*again, *packet) << "case " << i << ", seed " << seed();
  }
  expect_both(tally);
}

template <typename Value, typename Encode, typename Decode>
void walk(const std::vector<Value>& values, Encode encode, Decode decode) {
  std::vector<std::string> seeds;
  for (const Value& value : values) seeds.push_back(text_of(encode(value)));
  Mutator mutator(seed(), seeds);
  Tally tally;
  for (std::uint64_t i = 0; i < cases() / 4; ++i) {
    const Misplaced mutant(mutator.next());
    const auto value = decode(mutant.bytes());
    if (!value) {
      ++tally.refused;
      ASSERT_FALSE(value.error().text.empty());
      continue;
    }
    ++tally.taken;
    const auto again = decode(encode(*value).bytes());
    ASSERT_TRUE(again.has_value()) << again.error().text << ", case " << i << ", seed " << seed();
    ASSERT_EQ(*again, *value) << "case " << i << ", seed " << seed();
  }
  EXPECT_GT(tally.taken, cases() / 200);
  EXPECT_GT(tally.refused, cases() / 200);
}

TEST(WireFuzz, cache_facts_and_headers_are_refused_or_come_back_as_they_were_read) {
  CacheInvalidation wide = full_invalidation();
  wide.type = InvalidationType::region;
  wide.address = {};
  walk<CacheInvalidation>({full_invalidation(), wide}, encode_invalidation, decode_invalidation);
  walk<CacheReplication>({full_replication()}, encode_replication, decode_replication);
  walk<CacheValue>({full_value()}, encode_value, decode_value);
  walk<Headers>({full_headers(), {}}, encode_headers, decode_headers);
}

std::vector<std::string> body_seeds() {
  std::vector<std::string> seeds;
  const Frame headers = encode_headers(full_headers());
  BodyBuilder events(Lane::events);
  for (const std::uint32_t records : {1U, 4U, 20U}) {
    for (std::uint32_t i = 0; i < records; ++i) {
      events.append(RecordKind::event, i % 2 == 0 ? kTracked : 0, i, i % 3 == 0 ? "a.topic" : "",
                    i % 4 == 1 ? headers.bytes() : Bytes{},
                    as_bytes("payload " + std::to_string(i)));
      events.add_segment({.client = i, .first_operation = i + 1, .count = 1});
    }
    seeds.push_back(text_of(events.finish()));
  }
  BodyBuilder cache(Lane::cache);
  cache.append(RecordKind::invalidation, 0, 1, {}, {},
               encode_invalidation(full_invalidation()).bytes());
  cache.append(RecordKind::replication, 0, kNoAlias, "a.b", {},
               encode_replication(full_replication()).bytes());
  cache.set_stamp({.incarnation = {1}, .first = 2, .version = 3, .count = 9, .lane = Lane::cache});
  seeds.push_back(text_of(cache.finish()));
  BodyBuilder bulk(Lane::bulk);
  bulk.append(RecordKind::value, 0, 1, {}, {}, encode_value(full_value()).bytes());
  seeds.push_back(text_of(bulk.finish()));
  return seeds;
}

// What a reader does with a record.
std::string contents_of(const Body& body, const Record& record) {
  std::string contents = std::to_string(record.index) + ' ' + std::to_string(record.flags) + ' ';
  contents.append(body.inline_topic_of(record)).append(1, ' ');
  contents.append(as_text(body.headers_of(record))).append(1, ' ');
  contents.append(as_text(body.payload_of(record)));
  return contents;
}

std::vector<std::string> contents_of(const Body& body) {
  std::vector<std::string> contents;
  for (const Record& record : body.records) contents.push_back(contents_of(body, record));
  return contents;
}

// As a broker does for a session: the same records in a body of its own.
Frame rebuilt(const Body& body) {
  BodyBuilder builder(body.stamp.lane);
  builder.set_stamp(body.stamp);
  for (const Segment& segment : body.segments) builder.add_segment(segment);
  for (const Record& record : body.records) builder.append_copy(body, record);
  return builder.finish();
}

// As an origin does: everything that it may write, it writes. The payloads must not notice.
void stamp_all(Body& body) {
  const StampableBody parts = stampable(body);
  parts.stamp->incarnation = {0xA5A5A5A5A5A5A5A5, 0xA5A5A5A5A5A5A5A5};
  parts.stamp->first = 0x5A5A5A5A5A5A5A5A;
  parts.stamp->version = 0x0101010101010101;
  parts.stamp->created_ms = 0xFFFFFFFFFFFFFFFF;
  body.stamp = *parts.stamp;
  for (Segment& segment : parts.segments) {
    segment.client = 0xC3C3C3C3C3C3C3C3;
    segment.first_operation = 1;
  }
  for (Record& record : parts.records) {
    record.alias = 0xABABABAB;
    record.kind = RecordKind::none;
  }
}

TEST(WireFuzz, bodies_are_refused_or_can_be_read_copied_and_stamped) {
  Mutator mutator(seed(), body_seeds());
  const BodyLimits limits{.payload_bytes_max = 4096};
  Tally tally;
  for (std::uint64_t i = 0; i < cases(); ++i) {
    const Misplaced mutant(mutator.next());
    auto body = open_body(Frame(nullptr, mutant.bytes()), limits);
    if (!body) {
      ++tally.refused;
      continue;
    }
    ++tally.taken;
    const auto contents = contents_of(*body);
    const auto copy = open_body(rebuilt(*body), limits);
    ASSERT_TRUE(copy.has_value()) << name_of(copy.error()) << ", case " << i << ", seed " << seed();
    ASSERT_EQ(copy->stamp, body->stamp) << "case " << i << ", seed " << seed();
    ASSERT_EQ(contents_of(*copy), contents) << "case " << i << ", seed " << seed();
    ASSERT_TRUE(std::equal(copy->segments.begin(), copy->segments.end(), body->segments.begin(),
                           body->segments.end()));

    stamp_all(*body);
    const auto stamped = open_body(body->frame, limits);
    ASSERT_TRUE(stamped.has_value())
        << name_of(stamped.error()) << ", case " << i << ", seed " << seed();
    ASSERT_EQ(contents_of(*stamped), contents) << "case " << i << ", seed " << seed();
  }
  expect_both(tally);
}

}  // namespace
}  // namespace mpreg
