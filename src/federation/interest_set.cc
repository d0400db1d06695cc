#include "federation/interest_set.h"

#include <algorithm>

#include "message/group_names.h"
#include "topic/match.h"

namespace mpreg {
namespace {

// The part before the first wildcard: whatever the pattern covers begins with it.
std::string_view literal_prefix(std::string_view pattern) {
  std::size_t end = 0;
  for (WordCursor cursor(pattern); !cursor.done(); cursor.next()) {
    const std::string_view word = cursor.word();
    if (word == "*" || word == "#") break;
    end += word.size() + 1;
  }
  return pattern.substr(0, std::min(end == 0 ? 0 : end - 1, pattern.size()));
}

// What stands for the pattern when the set is widened. The names of groups are never widened: who
// picks a cluster must know what its members want.
std::string_view first_word(std::string_view pattern) {
  if (is_group_name(pattern)) return pattern;
  const std::string_view word = pattern.substr(0, pattern.find('.'));
  return word == "*" || word == "#" ? std::string_view() : word;
}

}  // namespace

void InterestSet::note(const std::string& pattern, bool is_added) {
  const auto [it, is_new] = changes_.try_emplace(pattern, is_added);
  if (!is_new && it->second != is_added) changes_.erase(it);
}

InterestSet::Told* InterestSet::cover_of(std::string_view pattern) {
  // Whatever covers the pattern also matches its text, its wildcards taken as words.
  index_.match(pattern, matches_);
  for (const Slot slot : matches_) {
    const auto told = by_slot_[slot];
    if (covers_for_clients(told->first, pattern)) return &told->second;
  }
  return nullptr;
}

// What the new pattern covers need not be told any more.
void InterestSet::absorb(const std::string& pattern, Told& by) {
  if (pattern.find_first_of("*#") == std::string::npos) return;
  const std::string_view prefix = literal_prefix(pattern);
  for (auto it = told_.lower_bound(prefix); it != told_.end() && it->first.starts_with(prefix);) {
    const auto other = it++;
    if (other->first == pattern || !covers_for_clients(pattern, other->first)) continue;
    const Slot slot = other->second.slot;
    if (other->second.covers > 0) {
      for (auto& [text, held] : held_) {
        if (held.cover == slot) held.cover = by.slot;
      }
    }
    held_.find(other->first)->second.cover = by.slot;
    by.covers += other->second.covers + 1;
    withdraw(other);
  }
}

void InterestSet::withdraw(ToldPatterns::iterator told) {
  index_.remove(told->first, told->second.slot);
  by_slot_[told->second.slot] = told_.end();
  free_slots_.push_back(told->second.slot);
  note(told->first, false);
  told_.erase(told);
}

void InterestSet::tell(const std::string& pattern, Held& held) {
  Slot slot = static_cast<Slot>(by_slot_.size());
  if (free_slots_.empty()) {
    by_slot_.push_back(told_.end());
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  const auto it = told_.emplace(pattern, Told{slot, 0, kNotTold}).first;
  by_slot_[slot] = it;
  (void)index_.add(pattern, slot);  // It is admissible.
  held.cover = slot;
  note(pattern, true);
  // Gone and come again between two tellings: the others have it all the time.
  if (changes_.count(pattern) == 0) it->second.since = last_taken_;
  absorb(pattern, it->second);
}

void InterestSet::add(std::string_view pattern) {
  ++uses_;
  if (is_widened_) {
    Word& word = words_[std::string(first_word(pattern))];
    if (++word.uses == 1) is_replaced_ = true;
    return;
  }
  const auto [it, is_new] = held_.try_emplace(std::string(pattern));
  if (++it->second.uses > 1) return;
  if (Told* cover = cover_of(pattern)) {
    ++cover->covers;
    it->second.cover = cover->slot;
  } else {
    tell(it->first, it->second);
  }
  if (is_new && held_.size() > kPatternsMax) widen();
}

void InterestSet::remove(std::string_view pattern) {
  if (is_widened_) {
    const auto word = words_.find(first_word(pattern));
    if (word == words_.end()) return;
    --uses_;
    if (--word->second.uses > 0) return;
    words_.erase(word);
    is_replaced_ = true;
    return;
  }
  const auto it = held_.find(std::string(pattern));
  if (it == held_.end()) return;
  --uses_;
  if (--it->second.uses > 0) return;
  const ToldPatterns::iterator told = by_slot_[it->second.cover];
  held_.erase(it);
  if (told->first != pattern) {
    --told->second.covers;
    return;
  }
  const Slot slot = told->second.slot;
  const bool had_covered = told->second.covers > 0;
  withdraw(told);
  if (had_covered) uncover(slot);
}

// What a pattern that is gone had covered looks for another cover, or is told.
void InterestSet::uncover(Slot slot) {
  std::vector<std::pair<const std::string*, Held*>> bare;
  for (auto& [text, held] : held_) {
    if (held.cover == slot) bare.emplace_back(&text, &held);
  }
  // The order decides what is told for a while, and must not depend on a hash.
  std::sort(bare.begin(), bare.end(),
            [](const auto& a, const auto& b) { return *a.first < *b.first; });
  for (const auto& [text, held] : bare) held->cover = kNoSlot;
  for (const auto& [text, held] : bare) {
    if (Told* cover = cover_of(*text)) {
      ++cover->covers;
      held->cover = cover->slot;
    } else {
      tell(*text, *held);
    }
  }
}

void InterestSet::widen() {
  is_widened_ = is_replaced_ = true;
  for (const auto& [text, held] : held_) {
    words_[std::string(first_word(text))].uses += held.uses;
  }
  held_.clear();
  for (const auto& [text, told] : told_) index_.remove(text, told.slot);
  told_.clear();
  by_slot_.clear();
  free_slots_.clear();
  changes_.clear();
}

void InterestSet::clear() {
  for (const auto& [text, told] : told_) index_.remove(text, told.slot);
  held_.clear();
  told_.clear();
  by_slot_.clear();
  free_slots_.clear();
  changes_.clear();
  words_.clear();
  uses_ = 0;
  is_widened_ = false;
  is_replaced_ = true;
}

// "#" stands for all words but the broker's own names, which no wildcard covers.
std::vector<std::string> InterestSet::told() const {
  std::vector<std::string> all;
  if (!is_widened_) {
    all.reserve(told_.size());
    for (const auto& [text, told] : told_) all.push_back(text);
    return all;
  }
  const bool is_everything = words_.count("") > 0 || words_.size() > kPatternsMax;
  if (is_everything) all.emplace_back("#");
  for (const auto& [word, uses] : words_) {
    if (word.empty() || (is_everything && word.front() != '$')) continue;
    if (all.size() > kPatternsMax) continue;
    all.push_back(is_group_name(word) ? word : word + ".#");
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::size_t InterestSet::words_told() const {
  return words_.count("") > 0 || words_.size() > kPatternsMax ? 1 : words_.size();
}

InterestSet::Change InterestSet::take_change(Generation generation) {
  Change change;
  change.is_all = is_replaced_;
  if (is_replaced_) {
    change.added = told();
  } else {
    for (const auto& [text, is_added] : changes_) {
      (is_added ? change.added : change.removed).push_back(text);
    }
  }
  const auto mark = [&](auto& told) {
    if (told.since == kNotTold) told.since = generation;
  };
  if (is_replaced_) {
    for (auto& [text, told] : told_) mark(told);
    for (auto& [text, word] : words_) mark(word);
  } else {
    for (const std::string& text : change.added) mark(told_.find(text)->second);
  }
  changes_.clear();
  is_replaced_ = false;
  last_taken_ = generation;
  return change;
}

Generation InterestSet::told_since(std::string_view pattern) const {
  if (is_widened_) {
    const auto word = words_.find(first_word(pattern));
    return word == words_.end() ? kNotTold : word->second.since;
  }
  const auto held = held_.find(std::string(pattern));
  return held == held_.end() ? kNotTold : by_slot_[held->second.cover]->second.since;
}

}  // namespace mpreg
