#include "store/scope_cuts.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg {

void ScopeCuts::add(Cut cut) {
  newest_ = cut.era;
  if (cut.kind == Kind::all) {
    // It does what an older one of the same origin did, which spares the same.
    std::erase_if(cuts_, [&](const Cut& old) {
      return old.version.time <= cut.version.time && old.version.origin == cut.version.origin;
    });
  }
  cuts_.push_back(std::move(cut));
  if (cuts_.size() <= kCutsMax) return;
  // The older half becomes one cut of everything, at the time of the latest of them.
  Cut merged;
  const auto half = cuts_.begin() + kCutsMax / 2;
  for (auto it = cuts_.begin(); it != half; ++it) {
    merged.version.time = std::max(merged.version.time, it->version.time);
    merged.era = std::max(merged.era, it->era);
  }
  merged.version.origin = 0;  // Nobody's: it spares nothing.
  cuts_.erase(cuts_.begin(), half);
  cuts_.insert(cuts_.begin(), std::move(merged));
}

bool ScopeCuts::covers(const Cut& cut, const CutSubject& subject) {
  switch (cut.kind) {
    case Kind::all:
      return true;
    case Kind::pattern:
      return matches(cut.pattern, subject.key);
    case Kind::region:
      return cut.id == subject.region;
    case Kind::origin:
      return cut.id == subject.version.origin;
    case Kind::tag:
      return std::find(subject.tags, subject.tags + subject.tag_count, cut.id) !=
             subject.tags + subject.tag_count;
  }
  return true;
}

bool ScopeCuts::drops(const CutSubject& subject, std::uint32_t era, const SeenTable* seen) const {
  for (auto cut = cuts_.rbegin(); cut != cuts_.rend() && cut->era > era; ++cut) {
    const bool is_later = cut->version.origin != 0 &&
                          cut->version.origin == subject.version.origin &&
                          subject.version.time > cut->version.time;
    const bool has_seen = seen != nullptr && cut->position.is_known() &&
                          seen->has_seen(subject.position, cut->position);
    if (!is_later && !has_seen && covers(*cut, subject)) return true;
  }
  return false;
}

HybridTime ScopeCuts::latest_of(const CutSubject& subject) const {
  HybridTime latest = 0;
  for (const Cut& cut : cuts_) {
    if (covers(cut, subject)) latest = std::max(latest, cut.version.time);
  }
  return latest;
}

bool ScopeCuts::refuses(const CutSubject& subject) const {
  return std::any_of(cuts_.begin(), cuts_.end(), [&](const Cut& cut) {
    return subject.version.time <= cut.version.time && covers(cut, subject);
  });
}

}  // namespace mpreg
