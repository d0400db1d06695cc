#include "disk/broker_record.h"

#include <gtest/gtest.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

std::string with_checksum(std::string bytes) {
  const std::uint64_t checksum = XXH64(bytes.data(), bytes.size(), 0);
  for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(checksum >> 8U * i & 0xFFU));
  return bytes;
}

TEST(BrokerRecord, is_read_as_it_was_written) {
  EXPECT_EQ(decode_broker_record(encode(full_record())), full_record());
  EXPECT_EQ(decode_broker_record(encode(BrokerRecord{})), BrokerRecord{});
  BrokerRecord crashed = full_record();
  crashed.incarnation.parent->final_numbers.reset();
  crashed.end = {};
  crashed.has_left = false;
  EXPECT_EQ(decode_broker_record(encode(crashed)), crashed);
}

TEST(BrokerRecord, is_refused_when_it_is_cut_short_anywhere) {
  const std::string bytes = encode(full_record());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_broker_record(bytes.substr(0, size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, ErrorCode::malformed);
    EXPECT_NE(decoded.error().text.find("cut short"), std::string::npos) << size;
  }
}

TEST(BrokerRecord, is_refused_when_any_bit_of_it_is_flipped) {
  const std::string bytes = encode(full_record());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1U << bit));
      EXPECT_FALSE(decode_broker_record(flipped)) << at << "." << bit;
    }
  }
}

TEST(BrokerRecord, what_somebody_else_wrote_is_refused) {
  const auto text_of = [](const std::string& bytes) {
    const auto decoded = decode_broker_record(bytes);
    return decoded ? std::string() : decoded.error().text;
  };
  EXPECT_EQ(text_of("{\"incarnation\": 7}"), "was not written by mpreg");
  EXPECT_EQ(text_of(encode(full_record()) + "x"),
            "is damaged or cut short: its checksum does not fit");
  // The checksum fits in what follows.
  std::string later = encode(full_record());
  later.resize(later.size() - 8);
  later[18] = 4;
  EXPECT_EQ(text_of(with_checksum(later)), "has version 4, and this broker reads version 3");
  std::string longer = encode(full_record());
  longer.resize(longer.size() - 8);
  EXPECT_EQ(text_of(with_checksum(longer + "x")), "has fields that do not fit");
}

TEST(BrokerRecord, fields_that_do_not_fit_are_refused_though_the_checksum_does) {
  std::string bytes = encode(full_record());
  bytes.resize(bytes.size() - 8);
  std::size_t refused = 0;
  for (std::size_t at = 22; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(0xFF);
    const auto decoded = decode_broker_record(with_checksum(changed));
    if (!decoded) {
      ++refused;
      continue;
    }
    // Whatever is accepted is all that is in the bytes.
    EXPECT_EQ(encode(*decoded), with_checksum(changed)) << at;
  }
  EXPECT_GT(refused, 40U);  // Lengths, flags, states, the order of names.
}

TEST(BrokerRecord, the_next_start_follows_the_last_one) {
  BrokerRecord last = full_record();
  const BrokerRecord next = next_start(last, 5);
  EXPECT_EQ(next.incarnation.incarnation, (Incarnation{10, 5}));
  EXPECT_EQ(next.incarnation.parent,
            (IncarnationParent{last.incarnation.incarnation, LaneNumbers{1, 2, 3}}));
  EXPECT_EQ(next.end, IncarnationEnd{});
  // A start is no rejoining, and what is known stays known.
  EXPECT_TRUE(next.has_left);
  EXPECT_EQ(next.members, last.members);
  EXPECT_EQ(next.namespaces, last.namespaces);
  EXPECT_EQ(next.clock_ceiling, last.clock_ceiling);
  // It crashed before anything was numbered: its successor names the same parent.
  EXPECT_EQ(next_start(next, 6).incarnation.parent, next.incarnation.parent);
}

}  // namespace
}  // namespace mpreg
