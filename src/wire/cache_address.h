#pragma once
// The address of a cache entry, as every table that has one holds it.

#include <string_view>

#include "message/cache_key.h"
#include "wire/packet_reader.h"
#include "wire/packet_writer.h"

namespace mpreg {

inline constexpr std::string_view kDefaultRegion = "default";

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

}  // namespace mpreg
