#include "exchange/selection.h"

#include <algorithm>

namespace mpreg {

void Selection::begin(std::size_t records) {
  records_ = records;
  seen_ = 0;
  uniform_ = nullptr;
  is_uniform_ = true;
  for (const std::uint32_t session : touched_) by_session_[session].clear();
  touched_.clear();
  groups_used_ = 0;
}

void Selection::add(const IdList* sessions) {
  if (seen_ == 0) {
    uniform_ = sessions;
  } else if (is_uniform_ && sessions != uniform_) {
    spread_out();
  }
  if (!is_uniform_ && sessions != nullptr) assign(static_cast<std::uint16_t>(seen_), *sessions);
  ++seen_;
}

// The records are not all alike after all: give each one so far to its sessions.
void Selection::spread_out() {
  is_uniform_ = false;
  if (uniform_ == nullptr) return;
  for (std::size_t record = 0; record < seen_; ++record) {
    assign(static_cast<std::uint16_t>(record), *uniform_);
  }
}

void Selection::assign(std::uint16_t record, const IdList& sessions) {
  for (const std::uint32_t session : sessions) {
    if (by_session_.size() <= session) by_session_.resize(session + 1);
    auto& records = by_session_[session];
    if (records.empty()) touched_.push_back(session);
    records.push_back(record);
  }
}

Selection::Group& Selection::next_group() {
  if (groups_used_ == groups_.size()) groups_.emplace_back();
  Group& group = groups_[groups_used_++];
  group.everything = false;
  group.records.clear();
  group.sessions.clear();
  return group;
}

std::span<const Selection::Group> Selection::finish() {
  if (is_uniform_) {
    if (uniform_ != nullptr && !uniform_->empty()) {
      Group& group = next_group();
      group.everything = true;
      group.sessions.assign(uniform_->begin(), uniform_->end());
    }
    return {groups_.data(), groups_used_};
  }
  std::sort(touched_.begin(), touched_.end());
  for (const std::uint32_t session : touched_) {
    const auto& records = by_session_[session];
    const bool everything = records.size() == records_;
    const auto same = std::find_if(
        groups_.begin(), groups_.begin() + static_cast<std::ptrdiff_t>(groups_used_),
        [&](const Group& group) {
          return everything ? group.everything : !group.everything && group.records == records;
        });
    if (same != groups_.begin() + static_cast<std::ptrdiff_t>(groups_used_)) {
      same->sessions.push_back(session);
      continue;
    }
    Group& group = next_group();
    group.everything = everything;
    if (!everything) group.records = records;
    group.sessions.push_back(session);
  }
  return {groups_.data(), groups_used_};
}

}  // namespace mpreg
