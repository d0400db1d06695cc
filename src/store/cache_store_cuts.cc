// CacheStore: invalidations of many keys.

#include <algorithm>
#include <limits>

#include "store/cache_entry.h"
#include "store/cache_store.h"

namespace mpreg {

void CacheStore::add_cut(ScopeCuts& cuts, ScopeCuts::Cut cut) {
  if (era_ == std::numeric_limits<std::uint32_t>::max()) begin_anew();
  cut.era = ++era_;
  cuts.add(std::move(cut));
}

// Four thousand million cuts were counted: everything goes, and what is older than now is refused.
void CacheStore::begin_anew() {
  HybridTime latest = 0;
  for (FlatTable<Slot>& table : tables_) {
    std::vector<Slot> all;
    table.for_each([&](const Slot& slot) { all.push_back(slot); });
    for (const Slot& one : all) {
      latest = std::max(latest, head(one.handle).written().time);
      Slot* slot = table.find(one.tag, [&](const Slot& at) { return at.handle == one.handle; });
      const EntryParts parts = parts_of(head(one.handle));
      forget(head(one.handle));
      remove(slot, hash_of({head(one.handle).space, parts.key, parts.subkey, parts.version}));
    }
  }
  for (Space& space : spaces_) {
    space.floor = std::max(space.floor, latest);
    ++space.forgotten;
    space.cuts = {};
  }
  everywhere_ = {};
  era_ = 0;
}

void CacheStore::begin_again(HybridTime floor) {
  begin_anew();
  for (Space& space : spaces_) {
    space.floor = 0;
    space.forgotten_changes.clear();
    space.cut = {};
  }
  cut_everything({floor, 0});
}

// What comes of its scope and has not seen it is not used: by the floor, for nothing is held of it.
void CacheStore::cut_space(NamespaceId space, WriteVersion version, const Written& written) {
  spaces_[space].positions.raise(written.position);
  spaces_[space].cut.note(version.time, written.writer, true);
  add_cut(spaces_[space].cuts, {ScopeCuts::Kind::all, {}, 0, version, 0, written.position});
}

void CacheStore::cut_pattern(NamespaceId space, std::string_view pattern, WriteVersion version,
                             const Written& written) {
  spaces_[space].positions.raise(written.position);
  spaces_[space].cut.note(version.time, written.writer, true);
  add_cut(spaces_[space].cuts,
          {ScopeCuts::Kind::pattern, std::string(pattern), 0, version, 0, written.position});
}

void CacheStore::cut_tag(NamespaceId space, std::uint32_t tag, WriteVersion version,
                         const Written& written) {
  spaces_[space].positions.raise(written.position);
  spaces_[space].cut.note(version.time, written.writer, true);
  add_cut(spaces_[space].cuts, {ScopeCuts::Kind::tag, {}, tag, version, 0, written.position});
}

void CacheStore::cut_region(std::uint16_t region, WriteVersion version, const Written& written) {
  floor_everywhere_.raise(written.position);
  cut_everywhere_.note(version.time, written.writer, true);
  add_cut(everywhere_, {ScopeCuts::Kind::region, {}, region, version, 0, written.position});
}

void CacheStore::cut_origin(std::uint16_t origin, WriteVersion version, const Written& written) {
  floor_everywhere_.raise(written.position);
  cut_everywhere_.note(version.time, written.writer, true);
  add_cut(everywhere_, {ScopeCuts::Kind::origin, {}, origin, version, 0, written.position});
}

void CacheStore::cut_everything(WriteVersion version, const Written& written) {
  floor_everywhere_.raise(written.position);
  cut_everywhere_.note(version.time, written.writer, true);
  add_cut(everywhere_, {ScopeCuts::Kind::all, {}, 0, version, 0, written.position});
}

}  // namespace mpreg
