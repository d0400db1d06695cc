#include "node/event_interest.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "message/group_names.h"

namespace mpreg {
namespace {

constexpr unsigned kGenerationBits = 20;

}  // namespace

Generation EventInterest::generation_of(std::uint64_t counter) {
  return (counter << kGenerationBits) + 1;
}

void EventInterest::begin(std::uint64_t counter) {
  generation_ = generation_of(counter);
  table_.apply({options_.cluster, generation_, 0, {}, {}});
}

bool EventInterest::crosses_links(const std::string& pattern) const {
  const std::string& prefix = options_.topic_prefix;
  return !(pattern.size() > prefix.size() && pattern.starts_with(prefix) &&
           pattern[prefix.size()] == '.');
}

void EventInterest::want(const std::string& pattern) {
  if (is_federated_ && crosses_links(pattern)) mine_.add(pattern);
}

void EventInterest::unwant(const std::string& pattern) {
  if (is_federated_ && crosses_links(pattern)) mine_.remove(pattern);
}

void EventInterest::linger(Instant now, std::vector<std::string> patterns) {
  std::erase_if(patterns, [&](const std::string& pattern) {
    if (is_group_name(pattern)) unwant(pattern);
    return is_group_name(pattern);
  });
  if (is_federated_ && !patterns.empty()) {
    lingering_.push_back({now + kInterestLinger, std::move(patterns)});
  }
}

void EventInterest::tick(Instant now) {
  while (!lingering_.empty() && lingering_.front().until <= now) {
    for (const std::string& pattern : lingering_.front().patterns) unwant(pattern);
    lingering_.pop_front();
  }
}

void EventInterest::replace(const std::vector<std::string>& held) {
  mine_.clear();
  lingering_.clear();
  for (const std::string& pattern : held) want(pattern);
}

Generation EventInterest::due() {
  if (!is_federated_) return 0;
  return promised(mine_.is_changed() ? generation_ + 1 : generation_);
}

Generation EventInterest::promised(Generation generation) {
  promised_ = std::max(promised_, generation);
  return generation;
}

Generation EventInterest::due_for(const std::vector<std::string>& patterns) {
  Generation generation = 0;
  for (const std::string& pattern : patterns) {
    if (!is_federated_ || !crosses_links(pattern)) continue;
    generation = std::max(generation, std::min(mine_.told_since(pattern), generation_ + 1));
  }
  return promised(generation);
}

std::optional<InterestUpdate> EventInterest::take_update() {
  if (!mine_.is_changed() && promised_ <= generation_) return std::nullopt;
  InterestSet::Change change = mine_.take_change(generation_ + 1);
  InterestUpdate update{options_.cluster, generation_ + 1, change.is_all ? 0 : generation_,
                        std::move(change.added), std::move(change.removed)};
  ++generation_;
  table_.apply(update);
  metrics_.interest_patterns.set(static_cast<std::int64_t>(mine_.told_size()));
  return update;
}

// Somebody knows a later generation of ours, of another life or told by mistake.
void EventInterest::raise(Generation above) {
  generation_ = std::max(generation_, above);
  table_.apply({options_.cluster, ++generation_, 0, mine_.told(), {}});
}

EventInterest::Heard EventInterest::hear(const InterestUpdate& update, bool is_nearer) {
  if (update.cluster == options_.cluster) {
    if (update.generation <= generation_) return Heard::known;
    raise(update.generation);
    return Heard::ours_is_late;
  }
  switch (table_.apply(update, is_nearer)) {
    case InterestTable::Verdict::accepted:
      return Heard::news;
    case InterestTable::Verdict::behind:
      return Heard::behind;
    case InterestTable::Verdict::known:
      break;
  }
  return Heard::known;
}

bool EventInterest::catch_up(const InterestDigest& digest) {
  bool is_raised = false;
  for (const KnownInterest& known : digest.known) {
    if (known.cluster != options_.cluster || known.generation <= generation_) continue;
    raise(known.generation);
    is_raised = true;
  }
  return is_raised;
}

std::vector<InterestUpdate> EventInterest::better_than(
    const InterestDigest& digest, const std::function<bool(const std::string&)>& is_towards) const {
  std::map<std::string, const KnownInterest*> theirs;
  for (const KnownInterest& known : digest.known) theirs[known.cluster] = &known;
  std::vector<InterestUpdate> better;
  for (const auto& [cluster, known] : table_.all()) {
    if (known.generation == 0) continue;
    const auto their = theirs.find(cluster);
    const bool is_better =
        their == theirs.end() || their->second->generation < known.generation ||
        (their->second->generation == known.generation && their->second->hash != known.hash &&
         (cluster == options_.cluster || !is_towards(cluster)));
    if (is_better) better.push_back(table_.tell_all(cluster));
  }
  return better;
}

bool EventInterest::is_behind(const InterestDigest& digest) const {
  return std::any_of(digest.known.begin(), digest.known.end(), [&](const KnownInterest& known) {
    return known.generation > table_.generation_of(known.cluster);
  });
}

}  // namespace mpreg
