#pragma once
// The address of a cache entry, and what a writer had seen of it, as every table that has one holds
// it.

#include <string_view>

#include "cache_generated.h"
#include "message/cache_key.h"
#include "message/vector_clock.h"
#include "wire/packet_reader.h"
#include "wire/packet_writer.h"

namespace mpreg {

struct AddressOffsets {
  flatbuffers::Offset<flatbuffers::String> namespace_name;
  flatbuffers::Offset<flatbuffers::String> key;
  flatbuffers::Offset<flatbuffers::String> subkey;
  flatbuffers::Offset<flatbuffers::String> region;
};

[[nodiscard]] inline AddressOffsets put_address(Builder& out, const CacheAddress& address) {
  AddressOffsets offsets;
  offsets.namespace_name = put_text(out, address.namespace_name);
  offsets.key = put_text(out, address.key);
  offsets.subkey = put_text(out, address.subkey);
  if (address.region != kDefaultRegion) {
    offsets.region = out.CreateString(address.region.data(), address.region.size());
  }
  return offsets;
}

template <typename Table>
void take_address(PacketReader& in, std::string_view table, const Table& from, CacheAddress& to) {
  in.text({table, "namespace_name"}, from.namespace_name(), kNamespaceBytesMax, to.namespace_name);
  in.text({table, "key"}, from.key(), kKeyBytesMax, to.key);
  in.text({table, "subkey"}, from.subkey(), kKeyBytesMax, to.subkey);
  to.version = from.version();
  in.text({table, "region"}, from.region(), kRegionBytesMax, to.region);
}

[[nodiscard]] inline auto put_seen(Builder& out, const VectorClock& seen) {
  return put_all(out, seen.entries(), [](Builder& to, const VectorClock::Entry& entry) {
    return wire::CreateWriterTime(to, put_text(to, entry.first), entry.second);
  });
}

template <typename Table>
void take_seen(PacketReader& in, std::string_view table, const Table& from, VectorClock& to) {
  std::vector<VectorClock::Entry> entries;
  in.tables({table, "seen"}, from.seen(), kClustersMax, entries,
            [&](const wire::WriterTime& one, VectorClock::Entry& into) {
              in.cluster({"writer_time", "cluster"}, one.cluster(), into.first);
              into.second = one.time();
            });
  if (entries.empty() || !in.ok()) return;
  auto clock = VectorClock::from_entries(std::move(entries));
  if (!clock) return in.refuse({table, "seen"}, clock.error().text);
  to = std::move(*clock);
}

}  // namespace mpreg
