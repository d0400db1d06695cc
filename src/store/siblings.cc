#include "store/siblings.h"

#include <algorithm>

#include "base/binary.h"

namespace mpreg {
namespace {

constexpr std::size_t kClockEntryBytes = 12;
constexpr std::size_t kSiblingBytes = 17;

bool is_before(const Sibling& sibling, const std::string& cluster) {
  return sibling.cluster < cluster;
}

// Beyond VectorClock::kNodesMax clusters nothing more is learnt: such a federation cannot be.
void merge_into(VectorClock& clock, const VectorClock& other) {
  static_cast<void>(clock.merge(other));
}

}  // namespace

void Siblings::note(const std::string& cluster, HybridTime time) {
  if (auto one = VectorClock::from_entries({{cluster, time}})) merge_into(clock_, *one);
}

bool Siblings::add(Sibling write, const VectorClock& seen, const Resolver& resolver) {
  if (!resolver.merges()) {
    if (write.time <= clock_.at(write.cluster)) return false;
    merge_into(clock_, seen);
    std::erase_if(all_, [&](const Sibling& one) {
      return one.cluster == write.cluster || one.time <= seen.at(one.cluster);
    });
  }
  note(write.cluster, write.time);
  const auto at = std::lower_bound(all_.begin(), all_.end(), write.cluster, is_before);
  if (resolver.merges() && write.erased) {
    write.value = resolver.cleared(write.time);
    write.erased = false;
  }
  if (at != all_.end() && at->cluster == write.cluster) {
    write.value =
        resolver.merges() ? resolver.merge(at->value, write.value) : std::move(write.value);
    write.time = std::max(write.time, at->time);
    *at = std::move(write);
  } else {
    all_.insert(at, std::move(write));
  }
  return true;
}

bool Siblings::join(const Siblings& other, const Resolver& resolver) {
  const Siblings before = *this;
  std::vector<Sibling> joined;
  const bool merges = resolver.merges();
  // Kept: what both hold, and what one holds and the other has not heard of.
  const auto keep = [&](const Sibling& one, const Siblings& elsewhere) {
    if (merges || one.time > elsewhere.clock_.at(one.cluster)) joined.push_back(one);
  };
  auto mine = all_.begin();
  auto theirs = other.all_.begin();
  while (mine != all_.end() || theirs != other.all_.end()) {
    if (theirs == other.all_.end() || (mine != all_.end() && mine->cluster < theirs->cluster)) {
      keep(*mine++, other);
    } else if (mine == all_.end() || theirs->cluster < mine->cluster) {
      keep(*theirs++, *this);
    } else {
      const Sibling& later = mine->time >= theirs->time ? *mine : *theirs;
      joined.push_back(later);
      if (merges) joined.back().value = resolver.merge(mine->value, theirs->value);
      ++mine;
      ++theirs;
    }
  }
  all_ = std::move(joined);
  merge_into(clock_, other.clock_);
  return *this != before;
}

std::pair<HybridTime, std::string> Siblings::latest() const {
  std::pair<HybridTime, std::string> latest;
  for (const auto& [cluster, time] : clock_.entries()) latest = std::max(latest, {time, cluster});
  return latest;
}

bool Siblings::is_erased() const {
  return std::all_of(all_.begin(), all_.end(), [](const Sibling& one) { return one.erased; });
}

std::size_t Siblings::bytes() const {
  std::size_t bytes = sizeof(Siblings);
  for (const Sibling& one : all_) bytes += sizeof(Sibling) + one.cluster.size() + one.value.size();
  for (const auto& [cluster, time] : clock_.entries()) {
    bytes += sizeof(VectorClock::Entry) + cluster.size();
  }
  return bytes;
}

std::string Siblings::encode() const {
  std::string bytes;
  BinaryWriter out(bytes);
  out.number(static_cast<std::uint32_t>(clock_.nodes()));
  for (const auto& [cluster, time] : clock_.entries()) {
    out.text(cluster);
    out.number(time);
  }
  out.number(static_cast<std::uint32_t>(all_.size()));
  for (const Sibling& one : all_) {
    out.text(one.cluster);
    out.number(one.time);
    out.number(static_cast<std::uint8_t>(one.erased ? 1 : 0));
    out.text(one.value);
  }
  return bytes;
}

std::optional<Siblings> Siblings::decode(std::string_view bytes) {
  BinaryReader in(bytes);
  std::vector<VectorClock::Entry> entries;
  for (std::size_t left = in.count(kClockEntryBytes); left > 0 && in.ok(); --left) {
    std::string cluster(in.text());
    entries.emplace_back(std::move(cluster), in.number<std::uint64_t>());
  }
  auto clock = VectorClock::from_entries(std::move(entries));
  if (!clock) return std::nullopt;
  Siblings siblings;
  siblings.clock_ = std::move(*clock);
  for (std::size_t left = in.count(kSiblingBytes); left > 0 && in.ok(); --left) {
    Sibling one;
    one.cluster = in.text();
    one.time = in.number<std::uint64_t>();
    one.erased = in.number<std::uint8_t>() != 0;
    one.value = in.text();
    const bool ascends = siblings.all_.empty() || siblings.all_.back().cluster < one.cluster;
    if (!ascends || one.time > siblings.clock_.at(one.cluster)) in.refuse();
    siblings.all_.push_back(std::move(one));
  }
  if (!in.at_end()) return std::nullopt;
  return siblings;
}

}  // namespace mpreg
