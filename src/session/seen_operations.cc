#include "session/seen_operations.h"

namespace mpreg {
namespace {

// Holes are operations that were not for this session, or that still come in another stream: they
// are never taken as seen. Beyond this many the lowest are forgotten, half of them at once.
constexpr std::size_t kRangesMax = 512;
constexpr std::size_t kRangesKept = kRangesMax / 2;

}  // namespace

bool SeenOperations::Record::any_elsewhere(NumberRange operations) const {
  if (sources_.size() == 1) return false;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (i == own_ || sources_[i].lane != sources_[own_].lane) continue;
    if (sources_[i].ranges.contains_any(operations)) return true;
  }
  return false;
}

bool SeenOperations::Record::elsewhere(std::uint64_t operation) const {
  return any_elsewhere({operation, operation});
}

void SeenOperations::Record::add(NumberRange operations) {
  Ranges& ranges = sources_[own_].ranges;
  ranges.add(operations);
  if (ranges.ranges().size() > kRangesMax) ranges.forget_lowest(kRangesKept);
}

SeenOperations::Record& SeenOperations::find(std::uint64_t publisher, StreamIndex stream,
                                             Lane lane) {
  auto it = publishers_.find(publisher);
  if (it == publishers_.end()) {
    if (publishers_.size() >= publishers_max_) {
      publishers_.erase(by_use_.back());
      by_use_.pop_back();
    }
    by_use_.push_front(publisher);
    it = publishers_.try_emplace(publisher).first;
    it->second.place_ = by_use_.begin();
  } else if (it->second.place_ != by_use_.begin()) {
    by_use_.splice(by_use_.begin(), by_use_, it->second.place_);
  }
  Record& record = it->second;
  auto& sources = record.sources_;
  for (record.own_ = 0; record.own_ < sources.size(); ++record.own_) {
    if (sources[record.own_].stream == stream) return record;
  }
  if (sources.size() >= kSourcesMax) sources.erase(sources.begin());
  sources.push_back({stream, lane, {}});
  record.own_ = sources.size() - 1;
  return record;
}

}  // namespace mpreg
