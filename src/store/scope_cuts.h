#pragma once
// ScopeCuts: invalidations of more than one key, as watermarks. Nothing is walked when one comes:
// an entry is held against the cuts that came after it was last looked at, when it is looked at
// next. What was held against all of them once costs one comparison until the next cut.
//
// A cut drops every entry of its scope that is there when it comes, but one that has seen it, or
// that the cut's own origin wrote later; and refuses what comes later and is older than the cut.
// Bounded: beyond kCutsMax the oldest cuts become one that covers them all.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stream/hybrid_clock.h"
#include "stream/seen_table.h"

namespace mpreg {

// Who wrote something, and when: the total order of writes.
struct WriteVersion {
  HybridTime time = 0;
  std::uint16_t origin = 0;  // A cluster in this process; see CacheStore::origin_of.

  friend bool operator==(const WriteVersion&, const WriteVersion&) = default;
};

// What a cut is held against.
struct CutSubject {
  std::string_view key;
  WriteVersion version;
  std::uint16_t region = 0;
  const std::uint32_t* tags = nullptr;
  std::uint32_t tag_count = 0;
  Position position = {};  // Where the write stands in its stream; known to brokers alone.
};

class ScopeCuts {
 public:
  static constexpr std::size_t kCutsMax = 64;

  enum class Kind : std::uint8_t { all, pattern, region, origin, tag };
  struct Cut {
    Kind kind = Kind::all;
    std::string pattern;   // Over keys.
    std::uint32_t id = 0;  // Of the region, origin or tag.
    WriteVersion version;
    std::uint32_t era = 0;
    Position position = {};  // As of a CutSubject.
  };

  // `era` ascends from cut to cut over all the ScopeCuts of a store.
  void add(Cut cut);

  // The era of the last cut: what was checked in it, or later, need not be checked.
  [[nodiscard]] std::uint32_t newest() const { return newest_; }
  // Whether a cut after `era` drops the entry.
  // `seen` may be null: then nothing has seen anything.
  [[nodiscard]] bool drops(const CutSubject& subject, std::uint32_t era,
                           const SeenTable* seen = nullptr) const;
  // Whether what comes now is older than a cut of its scope.
  [[nodiscard]] bool refuses(const CutSubject& subject) const;
  // The time of the latest cut of its scope; 0: there is none.
  [[nodiscard]] HybridTime latest_of(const CutSubject& subject) const;
  [[nodiscard]] std::size_t size() const { return cuts_.size(); }

 private:
  [[nodiscard]] static bool covers(const Cut& cut, const CutSubject& subject);

  std::vector<Cut> cuts_;  // Ascending by era.
  std::uint32_t newest_ = 0;
};

}  // namespace mpreg
