#include "wire/cache_address.h"
#include "wire/packet_families.h"

namespace mpreg {
namespace {

static_assert(sizeof(wire::BucketDigest) == sizeof(BucketDigest));

flatbuffers::Offset<wire::StoredEntry> write(Builder& out, const StoredEntry& from) {
  const auto value =
      out.CreateVector(reinterpret_cast<const std::uint8_t*>(from.value.data()), from.value.size());
  const AddressOffsets address = put_address(out, from.address);
  const auto origin = put_text(out, from.origin);
  const auto tags = from.tags.empty() ? 0 : out.CreateVector(from.tags);
  flatbuffers::Offset<wire::StreamPosition> position;
  if (from.position != StreamPosition{}) position = write(out, from.position);
  return wire::CreateStoredEntry(out, address.namespace_name, address.key, address.subkey,
                                 from.address.version, from.time, origin, from.erased, from.absent,
                                 from.ttl_ms, tags, from.region, value, position, from.writer);
}

void read(PacketReader& in, const wire::StoredEntry& from, StoredEntry& to) {
  static constexpr std::string_view kTable = "stored_entry";
  in.text({kTable, "namespace_name"}, from.namespace_name(), kNamespaceBytesMax,
          to.address.namespace_name);
  in.text({kTable, "key"}, from.key(), kKeyBytesMax, to.address.key);
  in.text({kTable, "subkey"}, from.subkey(), kKeyBytesMax, to.address.subkey);
  to.address.version = from.version();
  if (!in.ok()) return;
  in.require(kTable, check_namespace(to.address.namespace_name));
  in.require(kTable, check_key(to.address.key));
  in.require(kTable, check_key_version(to.address.version));
  to.time = from.time();
  in.cluster({kTable, "origin"}, from.origin(), to.origin);
  to.erased = from.erased();
  to.absent = from.absent();
  to.ttl_ms = from.ttl_ms();
  to.region = from.region();
  if (from.position() != nullptr) read(in, *from.position(), to.position);
  to.writer = from.writer();
  if (from.value() != nullptr) {
    to.value.assign(reinterpret_cast<const char*>(from.value()->Data()), from.value()->size());
  }
  in.numbers({kTable, "tags"}, from.tags(), kTagsHeldMax, to.tags);
}

// The index is of a group or bucket that there is.
void check_index(PacketReader& in, std::string_view table, StoreLevel level, std::uint32_t index) {
  const std::uint32_t count = level == StoreLevel::groups    ? 1
                              : level == StoreLevel::buckets ? kStoreGroups
                                                             : kStoreBuckets;
  if (index < count) return;
  in.refuse({table, "index"}, "is " + std::to_string(index) + ", at most " +
                                  std::to_string(count - 1) + " is allowed");
}

}  // namespace

flatbuffers::Offset<wire::StoreAsk> write(Builder& out, const StoreAsk& from) {
  const auto known = from.known.empty() ? 0 : out.CreateVector(from.known);
  return wire::CreateStoreAsk(out, from.tag, static_cast<std::uint8_t>(from.level), from.index,
                              known);
}

void read(PacketReader& in, const wire::StoreAsk& from, StoreAsk& to) {
  to.tag = from.tag();
  in.choice({"store_ask", "level"}, from.level(), StoreLevel::entries, to.level);
  to.index = from.index();
  check_index(in, "store_ask", to.level, to.index);
  in.numbers({"store_ask", "known"}, from.known(), kStoredEntriesKnownMax, to.known);
}

flatbuffers::Offset<wire::StoreTell> write(Builder& out, const StoreTell& from) {
  const auto entries = put_all(
      out, from.entries, [](Builder& to, const StoredEntry& entry) { return write(to, entry); });
  const auto positions = put_positions(out, from.positions);
  flatbuffers::Offset<flatbuffers::Vector<const wire::BucketDigest*>> digests;
  if (!from.digests.empty()) {
    digests = out.CreateVectorOfStructs(
        reinterpret_cast<const wire::BucketDigest*>(from.digests.data()), from.digests.size());
  }
  return wire::CreateStoreTell(out, from.tag, static_cast<std::uint8_t>(from.level), from.index,
                               positions, digests, entries, from.is_last);
}

void read(PacketReader& in, const wire::StoreTell& from, StoreTell& to) {
  to.tag = from.tag();
  in.choice({"store_tell", "level"}, from.level(), StoreLevel::entries, to.level);
  to.index = from.index();
  check_index(in, "store_tell", to.level, to.index);
  take_positions(in, {"store_tell", "positions"}, from.positions(), to.positions);
  in.tables({"store_tell", "entries"}, from.entries(), kStoredEntriesMax, to.entries,
            [&](const wire::StoredEntry& one, StoredEntry& into) { read(in, one, into); });
  to.is_last = from.is_last();
  const std::size_t wanted = to.level == StoreLevel::groups    ? kStoreGroups
                             : to.level == StoreLevel::buckets ? kGroupBuckets
                                                               : 0;
  in.elements({"store_tell", "digests"}, from.digests(), wanted, to.digests,
              [](const wire::BucketDigest* digest) {
                return BucketDigest{digest->hash(), digest->count()};
              });
}

}  // namespace mpreg
