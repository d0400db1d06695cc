#pragma once
// CacheStore: the values that a cluster holds, bounded in bytes. A look-up touches two cache lines:
// a slot of the index, and the entry, which holds header, key and value in one block of an Arena.
//
// Who goes when it is full: S3-FIFO (Yang, Zhang, Qiu, Yue and Rashmi, "FIFO Queues are All You
// Need for Cache Eviction", SOSP 2023): what was asked for only once goes soon, by way of a small
// queue; the rest goes round in a large one. A hit changes two bits.
//
// Versions are the order in which one broker applied what it applied: a write that is not newer
// than what is there, or than an invalidation of it, is refused. An invalidated key leaves a mark
// with the version, so that what was written before and comes later does not bring it back. When an
// entry or a mark has to go, its version becomes the floor of its namespace: absent keys refuse
// what is older. So forgetting costs misses, never staleness.
//
// Which order that is, a broker decides (cache_store_judge.cc): it keeps with each entry the
// positions that its state stands for, one for a value, any number for a mark, and a value is used
// only if its writer had seen all of them. What is forgotten is merged into a floor of positions.
//
// Not thread-safe. Views that are returned hold until the next call that is not const.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame.h"
#include "base/time.h"
#include "message/cache_messages.h"
#include "store/arena.h"
#include "store/digest_tree.h"
#include "store/ghost_queue.h"
#include "store/scope_cuts.h"
#include "stream/seen_table.h"
#include "topic/flat_table.h"

namespace mpreg {

struct CacheStoreOptions {
  std::uint64_t bytes_max = 256ULL << 20U;  // Of keys, values and what each entry costs besides.
  bool digests = false;                     // Kept for the comparison with other stores.
  // Of a broker: who has seen what; it outlives the store. Null in near caches, which do not judge.
  const SeenTable* seen = nullptr;
};

// Whose write it is, as far as an entry remembers: two that are not the same and look alike cost a
// miss.
struct WriteId {
  std::uint32_t client = 0;
  std::uint32_t operation = 0;

  friend bool operator==(const WriteId&, const WriteId&) = default;
};
[[nodiscard]] constexpr WriteId write_id(std::uint64_t client, std::uint64_t operation) {
  return {static_cast<std::uint32_t>(client ^ client >> 32U),
          static_cast<std::uint32_t>(operation)};
}

// What becomes of a record that comes, by the positions that it has seen.
enum class Judgement : std::uint8_t {
  replaces,    // It has seen all that the state of its key stands for.
  ignored,     // The value that is held has seen it.
  concurrent,  // Neither: nobody's value is used.
};

// Where a write stands, for a broker that judges.
struct Written {
  Position position = {};
  WriteId writer = {};
  Judgement judgement = Judgement::replaces;
  bool is_chained = false;  // As EntryHead says.
};

using NamespaceId = std::uint16_t;

// Within a namespace the identity of an entry. The rules of cache_key.h are kept by the caller.
struct StoreKey {
  NamespaceId space = 0;
  std::string_view key;
  std::string_view subkey = {};
  std::uint32_t version = 1;
};

struct StoreCounters {
  std::uint64_t gets = 0;
  std::uint64_t hits = 0;
  std::uint64_t puts = 0;          // Stored.
  std::uint64_t puts_refused = 0;  // Older than what is there, or than an invalidation of it.
  std::uint64_t puts_too_large = 0;
  std::uint64_t evictions = 0;  // Values.
  std::uint64_t marks_evicted = 0;
  std::uint64_t expired = 0;
  std::uint64_t dropped = 0;  // Values, by invalidations; those of many keys count when looked at.
};

struct EntryHead;

class CacheStore {
 public:
  explicit CacheStore(CacheStoreOptions options);

  // ---- Names in this process. 0 is no origin; at most 65,535 of each, then `none`.
  [[nodiscard]] std::optional<NamespaceId> space_of(std::string_view namespace_name);
  [[nodiscard]] std::optional<NamespaceId> find_space(std::string_view namespace_name) const;
  [[nodiscard]] std::optional<std::uint16_t> origin_of(std::string_view cluster);
  [[nodiscard]] const std::string& name_of_space(NamespaceId space) const {
    return spaces_[space].name;
  }
  [[nodiscard]] const std::string& name_of_origin(std::uint16_t origin) const {
    return origin_names_[origin];
  }
  // By hash: two that collide are invalidated together.
  [[nodiscard]] static std::uint16_t region_id(std::string_view region);
  [[nodiscard]] static std::uint32_t tag_id(std::string_view tag);

  struct Found {
    std::string_view value;
    WriteVersion version;
    std::uint32_t expires_in_ms = 0;  // 0: never.
    bool absent = false;              // Known not to exist.
    std::span<const std::uint32_t> tags = {};
    std::uint16_t region = 0;
    bool filled = false;  // As fill() says.
    Position position = {};
    WriteId writer = {};
  };
  [[nodiscard]] std::optional<Found> get(Instant now, const StoreKey& key);
  // For people: changes nothing, not even what goes next.
  [[nodiscard]] EntryState state_of(Instant now, const StoreKey& key, WriteVersion* version,
                                    Position* position = nullptr) const;

  struct Entry {
    WriteVersion version;
    std::chrono::milliseconds ttl{0};          // 0: none. At most 400 days.
    std::uint16_t region = 0;                  // 0: the default region.
    std::span<const std::uint32_t> tags = {};  // At most kTagsHeldMax.
    bool absent = false;                       // There is no such thing: a value all the same.
    EntryState state = EntryState::shared;     // Of a value: one that is held.
    bool partial = false;    // Not meant for every cluster: not compared with other stores.
    bool completes = false;  // It is the write whose invalidation came first, at this version.
    // From another store that knew all that had been told here: what was forgotten, or cut, here is
    // no reason to refuse it.
    bool repairs = false;
    Written written = {};
  };
  enum class Outcome : std::uint8_t { done, refused, too_large };
  Outcome put(Instant now, const StoreKey& key, std::string_view value, const Entry& entry);

  // A value of this version is on its way: until it comes the key is missing. `arrive` stores it
  // if nothing has come between.
  Outcome expect(Instant now, const StoreKey& key, const Entry& entry);
  Outcome arrive(Instant now, const StoreKey& key, std::string_view value, const Entry& entry);

  // The value of this version, which is expected, will not come: the key is missing, and what is
  // older stays refused. Nothing where something else has come between.
  void give_up(Instant now, const StoreKey& key, WriteVersion version);

  // What was read from the source of the data, after every write and invalidation that has been
  // told here, and before any other: its caller sees to that. So nothing that is known refuses it,
  // and whatever is told from now on drops it, however old. What is of at most `entry.version` does
  // not come back after it.
  Outcome fill(Instant now, const StoreKey& key, std::string_view value, Entry entry);

  // Drops the value, unless its own origin wrote it later, and leaves a mark.
  Outcome invalidate(Instant now, const StoreKey& key, WriteVersion version,
                     const Written& written = {});
  // This write did not happen, or has two verdicts: it goes where it is held, and what has replaced
  // it stays. True: it was held.
  bool withdraw(Instant now, const StoreKey& key, WriteVersion version, const Written& write);
  // The same as a write of "absent": it loses against a newer write. Its mark is kept until
  // forget_marks says that everybody has passed it, or marks take a quarter of the memory.
  Outcome erase(Instant now, const StoreKey& key, WriteVersion version, bool partial = false,
                bool repairs = false);
  // The marks of erased keys at or below the time may go. Takes a 64th of the keys at each call.
  void forget_marks(HybridTime passed_by_all);

  // ---- Of a broker, by positions; cache_store_judge.cc.
  [[nodiscard]] Judgement judge(const StoreKey& key, Position write);
  // Whether somebody but the writer, with what it called before, has changed the key since the
  // broker had applied everything up to `told`.
  [[nodiscard]] bool has_changed(const StoreKey& key, HybridTime told, WriteId writer = {}) const;
  // Nothing is held of what these positions may have brought: of one namespace, or of all.
  void raise_floor(std::optional<NamespaceId> space, std::span<const Position> positions);

  // Of many keys, without looking at any.
  void cut_space(NamespaceId space, WriteVersion version, const Written& written = {});
  void cut_pattern(NamespaceId space, std::string_view pattern, WriteVersion version,
                   const Written& written = {});
  void cut_tag(NamespaceId space, std::uint32_t tag, WriteVersion version,
               const Written& written = {});
  void cut_region(std::uint16_t region, WriteVersion version, const Written& written = {});
  void cut_origin(std::uint16_t origin, WriteVersion version, const Written& written = {});
  void cut_everything(WriteVersion version, const Written& written = {});
  // Everything is forgotten; what is not newer than this is refused from now on, in whatever order
  // versions were before.
  void begin_again(HybridTime floor);

  // Every value in no order; true from the visitor ends it.
  void for_each(Instant now,
                const std::function<bool(const StoreKey& key, const Found& found)>& visit);

  // ---- For the comparison with other stores: values and marks of erased keys that are meant for
  // every cluster. Null without options.digests.
  [[nodiscard]] const DigestTree* digests() const { return digests_.get(); }
  struct Compared {
    StoreKey key;
    Found found;
    bool erased = false;
    std::uint64_t digest = 0;
  };
  void for_each_in(Instant now, std::uint32_t bucket,
                   const std::function<void(const Compared& entry)>& visit);
  // Changes when something is cut or forgotten: what another store told before may not know of it.
  struct Memory {
    std::uint32_t era = 0;
    std::vector<std::uint64_t> forgotten;  // By namespace.
  };
  [[nodiscard]] Memory memory() const;
  [[nodiscard]] bool remembers_all_since(const Memory& then, NamespaceId space) const;

  [[nodiscard]] const StoreCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t entries() const { return entries_; }  // With marks.
  [[nodiscard]] std::size_t marks() const { return marks_; }
  // Of the memory: blocks with their headers, the index, and what is remembered of the evicted.
  [[nodiscard]] std::uint64_t used_bytes() const;
  // Of keys and values.
  [[nodiscard]] std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  using Handle = Arena::Handle;
  using Head = EntryHead;
  struct Slot {
    std::uint32_t tag = 0;
    Handle handle = Arena::kNone;

    [[nodiscard]] bool empty() const { return handle == Arena::kNone; }
    [[nodiscard]] std::uint32_t hash() const { return tag; }
  };
  struct Queue {
    Handle newest = Arena::kNone;
    Handle oldest = Arena::kNone;
    std::uint64_t bytes = 0;
  };
  // The highest position of each stream that was forgotten.
  struct PositionFloor {
    // By StreamPlace, the number after the position, or 0 for none; may be short. The position 0 of
    // a stream is to have heard of it.
    std::vector<Number> after;
    bool is_raised = false;  // Since it was last seen to be covered, by this stream.
    StreamPlace covered_by = kNoPlace;

    void raise(Position position);
  };
  // When something was changed last, for writers who may not know of it yet: what a client has
  // called itself it knows.
  struct LastChange {
    HybridTime latest = 0;
    HybridTime by_others = 0;  // Than who made the latest.
    WriteId by = {};

    // `is_chained`: as EntryHead says.
    void note(HybridTime at, WriteId writer, bool is_chained);
    [[nodiscard]] bool is_after(HybridTime told, WriteId writer) const;
  };
  // Fewer in namespaces beyond the first 1,024: they cost 24 bytes each.
  static constexpr std::size_t kChangeBuckets = 512;
  static constexpr std::size_t kChangeBucketsOfMany = 16;
  static constexpr std::size_t kSpacesWithMany = 1024;
  struct Space {
    std::string name;
    ScopeCuts cuts;
    HybridTime floor = 0;
    std::uint64_t forgotten = 0;  // Times that something of it was forgotten.
    std::uint32_t held = 0;       // Values, held or expected.
    // Of what was forgotten, by the hashes of keys: empty until something was.
    std::vector<LastChange> forgotten_changes = {};
    LastChange cut = {};
    PositionFloor positions = {};
  };
  static constexpr std::size_t kTables = 64;
  static_assert(kTables == kStoreGroups);
  static constexpr std::chrono::milliseconds kTick{10};

  [[nodiscard]] Head& head(Handle handle) const;
  [[nodiscard]] std::uint64_t hash_of(const StoreKey& key) const;
  [[nodiscard]] std::uint64_t digest_of(const Head& head, std::uint64_t hash) const;
  void count_digest(const Head& head, std::uint64_t hash);
  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32U);
  }
  [[nodiscard]] FlatTable<Slot>& table_of(std::uint64_t hash) { return tables_[hash % kTables]; }
  [[nodiscard]] const FlatTable<Slot>& table_of(std::uint64_t hash) const {
    return tables_[hash % kTables];
  }
  [[nodiscard]] Slot* find(const StoreKey& key, std::uint64_t hash) const;
  [[nodiscard]] bool is_key(Handle handle, const StoreKey& key) const;
  [[nodiscard]] bool is_expired(const Head& head, Instant now) const;
  [[nodiscard]] bool is_cut(Head& head);
  [[nodiscard]] bool is_refused(const StoreKey& key, const Slot* slot, const Entry& entry) const;
  [[nodiscard]] bool yields(Slot* slot, std::uint64_t hash, const StoreKey& key, const Entry& entry,
                            Instant now);
  Outcome write(Instant now, const StoreKey& key, std::string_view value, const Entry& entry,
                std::uint8_t kind, bool is_filled = false);
  [[nodiscard]] Handle make_room(std::size_t bytes);
  void set_up(Handle handle, const StoreKey& key, std::string_view value, const Entry& entry,
              std::uint8_t kind, Instant now);
  void raise_floor(NamespaceId space, std::uint64_t hash, HybridTime time, const Written& written);
  void forget(const Head& head);
  void drop_cut(Slot* slot, std::uint64_t hash);
  [[nodiscard]] bool covers(PositionFloor& floor, Position write) const;
  [[nodiscard]] bool covers_floor(NamespaceId space, Position write);
  void mark(Instant now, const StoreKey& key, WriteVersion version, const Written& written,
            std::string_view more, bool stands_for_floor);
  void remove(Slot* slot, std::uint64_t hash);
  void strike_off(Handle handle);
  [[nodiscard]] bool evict();
  void evict_entry(Handle handle, bool remembers);
  void push(Queue& queue, Handle handle);
  void take_out(Queue& queue, Handle handle);
  [[nodiscard]] Queue& queue_of(const Head& head);
  void add_cut(ScopeCuts& cuts, ScopeCuts::Cut cut);
  void begin_anew();
  [[nodiscard]] std::uint32_t ticks(Instant at) const;

  CacheStoreOptions options_;
  Arena arena_;
  std::array<FlatTable<Slot>, kTables> tables_;
  GhostQueue ghosts_;
  Queue small_;
  Queue main_;
  std::vector<Space> spaces_;
  std::map<std::string, NamespaceId, std::less<>> space_ids_;
  std::vector<std::uint64_t> space_seeds_;  // By space, as the next by origin.
  std::vector<std::uint64_t> origin_hashes_;
  std::unique_ptr<DigestTree> digests_;
  std::vector<std::string> origin_names_;
  std::map<std::string, std::uint16_t, std::less<>> origin_ids_;
  ScopeCuts everywhere_;
  PositionFloor floor_everywhere_;
  LastChange cut_everywhere_ = {};
  std::uint32_t era_ = 0;
  Instant beginning_{};
  bool has_begun_ = false;
  std::size_t entries_ = 0;
  std::size_t marks_ = 0;
  std::size_t erased_ = 0;      // Of the marks.
  std::size_t next_swept_ = 0;  // Table.
  std::uint64_t mark_bytes_ = 0;
  std::uint64_t payload_bytes_ = 0;
  HybridTime passed_by_all_ = 0;
  StoreCounters counters_;
};

}  // namespace mpreg
