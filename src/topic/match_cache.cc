#include "topic/match_cache.h"

#include <utility>

#include "topic/text_store.h"

namespace mpreg {

void bring_up_to_date(CachedMatch& cached, std::string_view topic, const PatternIndex& index) {
  const ChangeRing& changes = index.changes();
  if (cached.ids == nullptr) {
    cached.signature = ChangeRing::signature_of_topic(topic);
    cached.ids = index.match_shared(topic, nullptr);
  } else if (!changes.is_unchanged(topic, cached.signature, cached.revision)) {
    cached.ids = index.match_shared(topic, cached.ids);
  }
  cached.revision = changes.revision();
}

const IdList& MatchCache::find(std::string_view topic, const PatternIndex& index) {
  const std::uint32_t hash = hash_of(topic);
  const Slot* slot = slots_.find(hash, [&](const Slot& candidate) {
    return candidate.tag == hash && entries_[candidate.entry - 1].topic == topic;
  });
  if (slot != nullptr) {
    Entry& entry = entries_[slot->entry - 1];
    entry.asked_for = true;
    return refresh(entry.match, topic, index);
  }
  const std::size_t place = vacate();
  Entry& entry = entries_[place];
  entry.topic.assign(topic);
  entry.hash = hash;
  entry.match = CachedMatch{};
  slots_.insert({hash, static_cast<std::uint32_t>(place + 1)});
  return refresh(entry.match, topic, index);
}

// A place for one more topic.
std::size_t MatchCache::vacate() {
  if (entries_.size() < topics_max_) {
    entries_.emplace_back();
    return entries_.size() - 1;
  }
  while (entries_[hand_].asked_for) {
    entries_[hand_].asked_for = false;
    hand_ = (hand_ + 1) % entries_.size();
  }
  const std::size_t place = hand_;
  hand_ = (hand_ + 1) % entries_.size();
  Entry& entry = entries_[place];
  slots_.erase(
      slots_.find(entry.hash, [&](const Slot& candidate) { return candidate.entry == place + 1; }));
  if (evicted_.size() < kFindsHeld) {
    evicted_.push_back(std::move(entry.match.ids));
  } else {
    evicted_[evictions_ % kFindsHeld] = std::move(entry.match.ids);
  }
  ++evictions_;
  return place;
}

}  // namespace mpreg
