#include "disk/broker_record.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "base/binary.h"

namespace mpreg {
namespace {

constexpr std::string_view kMagic = "mpreg incarnation\n";
constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kChecksumBytes = sizeof(XXH64_hash_t);

constexpr std::size_t kIncarnationBytes = 16;
constexpr std::size_t kMemberBytesMin = 4 + kIncarnationBytes + 2 + sizeof(Number);
constexpr std::size_t kTextBytesMin = 4;

void write(BinaryWriter& writer, const Incarnation& incarnation) {
  writer.number(incarnation.counter);
  writer.number(incarnation.instance);
}

void write(BinaryWriter& writer, const std::optional<LaneNumbers>& numbers) {
  writer.number(static_cast<std::uint8_t>(numbers ? 1 : 0));
  if (!numbers) return;
  for (const Number number : *numbers) writer.number(number);
}

Incarnation read_incarnation(BinaryReader& reader) {
  Incarnation incarnation;
  incarnation.counter = reader.number<std::uint64_t>();
  incarnation.instance = reader.number<std::uint64_t>();
  return incarnation;
}

bool read_flag(BinaryReader& reader) {
  const auto flag = reader.number<std::uint8_t>();
  if (flag > 1) reader.refuse();
  return flag == 1;
}

std::optional<LaneNumbers> read_numbers(BinaryReader& reader) {
  if (!read_flag(reader)) return std::nullopt;
  LaneNumbers numbers{};
  for (Number& number : numbers) number = reader.number<Number>();
  return numbers;
}

void write(BinaryWriter& writer, const IncarnationRecord& record) {
  write(writer, record.incarnation);
  writer.number(static_cast<std::uint8_t>(record.parent ? 1 : 0));
  if (record.parent) {
    write(writer, record.parent->incarnation);
    write(writer, record.parent->final_numbers);
  }
  writer.number(static_cast<std::uint32_t>(record.unused.size()));
  for (const Incarnation& unused : record.unused) write(writer, unused);
}

IncarnationRecord read_record(BinaryReader& reader) {
  IncarnationRecord record;
  record.incarnation = read_incarnation(reader);
  if (read_flag(reader)) {
    record.parent.emplace();
    record.parent->incarnation = read_incarnation(reader);
    record.parent->final_numbers = read_numbers(reader);
  }
  const std::size_t unused = reader.count(kIncarnationBytes);
  if (unused > kUnusedMax) reader.refuse();
  for (std::size_t i = 0; i < unused && reader.ok(); ++i) {
    record.unused.push_back(read_incarnation(reader));
  }
  return record;
}

void write(BinaryWriter& writer, const std::set<std::string>& texts) {
  writer.number(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) writer.text(text);
}

std::set<std::string> read_texts(BinaryReader& reader) {
  std::set<std::string> texts;
  const std::size_t count = reader.count(kTextBytesMin);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) texts.emplace(reader.text());
  return texts;
}

void read_members(BinaryReader& reader, BrokerRecord& record) {
  const std::size_t members = reader.count(kMemberBytesMin);
  for (std::size_t i = 0; i < members && reader.ok(); ++i) {
    std::string cluster(reader.text());
    MemberStanding standing;
    standing.incarnation = read_incarnation(reader);
    const auto state = reader.number<std::uint8_t>();
    if (state >= kMemberStates) reader.refuse();
    standing.state = static_cast<MemberState>(state);
    standing.has_memory = read_flag(reader);
    standing.last_fact = reader.number<Number>();
    record.members.emplace(std::move(cluster), standing);
  }
}

tl::unexpected<Error> malformed(std::string text) {
  return fail(ErrorCode::malformed, std::move(text));
}

}  // namespace

BrokerRecord next_start(const BrokerRecord& last, std::uint64_t instance) {
  BrokerRecord next = last;
  next.incarnation = successor_of(last.incarnation, last.end, instance);
  next.end = {};
  add_ancestor(next.ancestors, last.incarnation.incarnation);
  return next;
}

std::string encode(const BrokerRecord& record) {
  std::string bytes(kMagic);
  BinaryWriter writer(bytes);
  writer.number(kVersion);
  writer.text(record.cluster);
  write(writer, record.incarnation);
  writer.number(static_cast<std::uint8_t>(record.end.is_used ? 1 : 0));
  write(writer, record.end.final_numbers);
  writer.number(static_cast<std::uint32_t>(record.ancestors.size()));
  for (const Incarnation& ancestor : record.ancestors) write(writer, ancestor);
  writer.number(static_cast<std::uint8_t>(record.has_left ? 1 : 0));
  writer.number(static_cast<std::uint32_t>(record.members.size()));
  for (const auto& [cluster, standing] : record.members) {
    writer.text(cluster);
    write(writer, standing.incarnation);
    writer.number(static_cast<std::uint8_t>(standing.state));
    writer.number(static_cast<std::uint8_t>(standing.has_memory ? 1 : 0));
    writer.number(standing.last_fact);
  }
  write(writer, record.targets_met);
  write(writer, record.namespaces);
  writer.number(record.clock_ceiling);
  writer.number(static_cast<std::uint64_t>(XXH64(bytes.data(), bytes.size(), 0)));
  return bytes;
}

Result<BrokerRecord> decode_broker_record(std::string_view bytes) {
  const std::string_view magic = bytes.substr(0, kMagic.size());
  if (magic != kMagic.substr(0, magic.size())) return malformed("was not written by mpreg");
  if (bytes.size() < kMagic.size() + sizeof kVersion + kChecksumBytes) {
    return malformed("is cut short");
  }
  BinaryReader reader(bytes.substr(kMagic.size(), bytes.size() - kMagic.size() - kChecksumBytes));
  BinaryReader trailer(bytes.substr(bytes.size() - kChecksumBytes));
  const auto version = reader.number<std::uint32_t>();
  if (trailer.number<std::uint64_t>() != XXH64(bytes.data(), bytes.size() - kChecksumBytes, 0)) {
    return malformed("is damaged or cut short: its checksum does not fit");
  }
  if (version != kVersion) {
    return malformed("has version " + std::to_string(version) + ", and this broker reads version " +
                     std::to_string(kVersion));
  }
  BrokerRecord record;
  record.cluster = reader.text();
  record.incarnation = read_record(reader);
  record.end.is_used = read_flag(reader);
  record.end.final_numbers = read_numbers(reader);
  const std::size_t ancestors = reader.count(kIncarnationBytes);
  if (ancestors > kIncarnationAncestorsMax) reader.refuse();
  for (std::size_t i = 0; i < ancestors && reader.ok(); ++i) {
    record.ancestors.push_back(read_incarnation(reader));
  }
  record.has_left = read_flag(reader);
  read_members(reader, record);
  record.targets_met = read_texts(reader);
  record.namespaces = read_texts(reader);
  record.clock_ceiling = reader.number<HybridTime>();
  // The same bytes again, or it was not this program that wrote them.
  if (!reader.at_end() || encode(record) != bytes) return malformed("has fields that do not fit");
  return record;
}

}  // namespace mpreg
