#pragma once
// The layout of one entry of a CacheStore in its block: a head of 56 bytes, then only what is not
// usual (tags, subkey, key version, region), the key, the value. For cache_store.cc and
// cache_store_cuts.cc alone.

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "message/cache_messages.h"
#include "store/cache_store.h"

namespace mpreg {

inline constexpr std::size_t kTagsMax = kTagsHeldMax;

struct EntryHead {
  static constexpr std::uint8_t kValue = 0;
  static constexpr std::uint8_t kExpected = 1;  // Its value is on its way.
  static constexpr std::uint8_t kMark = 2;      // Invalidated.
  static constexpr std::uint8_t kErased = 3;
  static constexpr std::uint32_t kNever = 0;
  static constexpr std::uint32_t kValueBytesMax = (1U << 29U) - 1;

  std::uint32_t time_high = 0;
  std::uint32_t time_low = 0;
  std::uint32_t next = 0;
  std::uint32_t previous = 0;
  std::uint32_t value_bytes : 29 = 0;
  std::uint32_t state : 3 = static_cast<std::uint32_t>(EntryState::shared);  // Of a value.
  std::uint32_t expires = kNever;  // In ticks of the store.
  std::uint32_t era = 0;           // Of the last cut that it was held against.
  std::uint32_t number_high = 0;   // The position of the write that it is of; see written_at().
  std::uint32_t number_low = 0;
  StreamPlace stream = kNoPlace;
  WriteId writer;
  std::uint16_t origin = 0;
  NamespaceId space = 0;
  std::uint16_t key_bytes = 0;
  std::uint8_t kind : 2 = kValue;
  std::uint8_t uses : 2 = 0;
  std::uint8_t is_main : 1 = 0;
  std::uint8_t is_unusual : 1 = 0;  // An Unusual and tags come before the key.
  std::uint8_t is_filled : 1 = 0;   // From the source of the data: see CacheStore::fill.
  std::uint8_t is_absent : 1 = 0;   // The value is that there is none.
  // Nobody else had changed the key since the writer was told what it says it knew.
  std::uint8_t is_chained : 1 = 0;
  // Of a mark: it stands for the floor of its namespace, too.
  std::uint8_t stands_for_floor : 1 = 0;

  [[nodiscard]] bool is_value() const { return kind == kValue; }
  [[nodiscard]] bool is_mark() const { return kind == kMark || kind == kErased; }
  [[nodiscard]] WriteVersion written() const {
    return {std::uint64_t{time_high} << 32U | time_low, origin};
  }
  void set_written(WriteVersion version) {
    time_high = static_cast<std::uint32_t>(version.time >> 32U);
    time_low = static_cast<std::uint32_t>(version.time);
    origin = version.origin;
  }
  [[nodiscard]] Position written_at() const {
    return {stream, Number{number_high} << 32U | number_low};
  }
  void set_written_at(Position position) {
    stream = position.stream;
    number_high = static_cast<std::uint32_t>(position.number >> 32U);
    number_low = static_cast<std::uint32_t>(position.number);
  }
};
static_assert(sizeof(EntryHead) == 56);
static_assert(static_cast<unsigned>(EntryState::owned) < 8, "a state has three bits");

struct Unusual {
  std::uint16_t tag_count = 0;
  std::uint16_t is_partial = 0;  // Not meant for every cluster.
  std::uint32_t key_version = 1;
  std::uint16_t subkey_bytes = 0;
  std::uint16_t region = 0;
};
static_assert(sizeof(Unusual) == 12);

// Views into the block.
struct EntryParts {
  std::string_view key;
  std::string_view subkey;
  std::string_view value;
  std::uint32_t version = 1;
  std::uint16_t region = 0;
  const std::uint32_t* tags = nullptr;
  std::uint32_t tag_count = 0;
  bool is_partial = false;
};
[[nodiscard]] inline EntryParts parts_of(const EntryHead& head) {
  EntryParts parts;
  const auto* at = reinterpret_cast<const char*>(&head + 1);
  std::size_t subkey_bytes = 0;
  if (head.is_unusual != 0) {
    const auto& unusual = *reinterpret_cast<const Unusual*>(at);
    at += sizeof(Unusual);
    parts.version = unusual.key_version;
    parts.region = unusual.region;
    parts.is_partial = unusual.is_partial != 0;
    parts.tags = reinterpret_cast<const std::uint32_t*>(at);
    parts.tag_count = unusual.tag_count;
    at += unusual.tag_count * sizeof(std::uint32_t);
    subkey_bytes = unusual.subkey_bytes;
  }
  parts.key = {at, head.key_bytes};
  parts.subkey = {at + head.key_bytes, subkey_bytes};
  parts.value = {at + head.key_bytes + subkey_bytes, head.value_bytes};
  return parts;
}

[[nodiscard]] inline CutSubject subject_of(const EntryHead& head) {
  const EntryParts parts = parts_of(head);
  return {parts.key, head.written(), parts.region, parts.tags, parts.tag_count, head.written_at()};
}

// Whether there is anything to say that most entries do not say.
[[nodiscard]] inline bool is_unusual(const StoreKey& key, const CacheStore::Entry& entry) {
  return !key.subkey.empty() || key.version != 1 || entry.region != 0 || !entry.tags.empty() ||
         entry.partial;
}

[[nodiscard]] inline std::size_t entry_bytes(const StoreKey& key, std::size_t value_bytes,
                                             const CacheStore::Entry& entry) {
  std::size_t bytes = sizeof(EntryHead) + key.key.size() + key.subkey.size() + value_bytes;
  if (is_unusual(key, entry)) bytes += sizeof(Unusual) + entry.tags.size_bytes();
  return bytes;
}

// The further positions that a mark stands for, as its value.
struct MarkPosition {
  StreamPlace stream = kNoPlace;
  std::uint32_t number_high = 0;
  std::uint32_t number_low = 0;

  [[nodiscard]] Position position() const {
    return {stream, Number{number_high} << 32U | number_low};
  }
};
static_assert(sizeof(MarkPosition) == 12);

// Calls visit(Position) for each position that the entry stands for, but the floor.
template <typename Visit>
void for_each_position(const EntryHead& head, Visit visit) {
  if (head.written_at().is_known()) visit(head.written_at());
  if (!head.is_mark()) return;
  const std::string_view more = parts_of(head).value;
  for (std::size_t at = 0; at + sizeof(MarkPosition) <= more.size(); at += sizeof(MarkPosition)) {
    MarkPosition one;
    std::memcpy(&one, more.data() + at, sizeof(one));
    visit(one.position());
  }
}

// As a mark keeps them: the positions that the entry stands for, but that of `another`'s stream.
[[nodiscard]] std::string positions_beside(const EntryHead& entry, Position another);

void write_parts(EntryHead& head, const StoreKey& key, std::string_view value,
                 const CacheStore::Entry& entry);

}  // namespace mpreg
