#include "topic/pattern_index.h"

#include <algorithm>
#include <string>

#include "topic/topic.h"

namespace mpreg {
namespace {

static_assert(kTextBytesMax >= kTopicBytesMax, "every admissible pattern has its place");

bool has_wildcard(std::string_view pattern) {
  for (WordCursor word(pattern); !word.done(); word.next()) {
    if (word.is('*') || word.is('#')) return true;
  }
  return false;
}

}  // namespace

Result<void> PatternIndex::add(std::string_view pattern, std::uint32_t id) {
  if (pattern.size() > kTextBytesMax) {
    return fail(ErrorCode::malformed, "pattern has " + std::to_string(pattern.size()) +
                                          " bytes, at most " + std::to_string(kTextBytesMax) +
                                          " are allowed");
  }
  bool made = false;
  TextName name = kNoText;
  if (has_wildcard(pattern)) {
    name = trie_.intern(pattern, made);
  } else {
    const std::uint32_t hash = hash_of(pattern);
    name = exact_.find(pattern, hash);
    made = name == kNoText;
    if (made) name = exact_.insert(pattern, hash);
  }
  bool changes_matches = true;
  if (made) {
    holders_.begin(name, id);
    ++patterns_;
  } else {
    changes_matches = holders_.add(name, id);
  }
  if (changes_matches) changes_.record(pattern);
  return {};
}

bool PatternIndex::remove(std::string_view pattern, std::uint32_t id) {
  const bool is_exact = !has_wildcard(pattern);
  const TextName name = is_exact ? exact_.find(pattern, hash_of(pattern)) : trie_.find(pattern);
  if (name == kNoText) return false;
  switch (holders_.take(name, id)) {
    case Holders::Taken::was_not_there:
      return false;
    case Holders::Taken::is_still_there:
      return true;
    case Holders::Taken::is_gone:
      break;
    case Holders::Taken::was_the_last:
      --patterns_;
      if (is_exact) {
        exact_.erase(name);
      } else {
        trie_.remove(pattern);
      }
      break;
  }
  changes_.record(pattern);
  return true;
}

void PatternIndex::match(std::string_view topic, std::vector<std::uint32_t>& ids) const {
  ids.clear();
  auto& matches = scratch_.matches;
  matches.clear();
  const std::uint32_t hash = hash_of(topic);
  exact_.prefetch(hash);
  scratch_.words.split(topic);
  trie_.match(scratch_.words, is_reserved(topic), matches);
  const TextName exact = exact_.find(topic, hash);
  if (exact != kNoText) matches.push_back(exact);
  for (const TextName name : matches) holders_.append(name, ids);
  if (matches.size() > 1) std::sort(ids.begin(), ids.end());
  if (ids.size() > 1) ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

SharedIdList PatternIndex::match_shared(std::string_view topic,
                                        const SharedIdList& previous) const {
  match(topic, scratch_.ids);
  if (previous != nullptr && *previous == scratch_.ids) return previous;
  return lists_.intern(scratch_.ids);
}

std::size_t PatternIndex::bytes() const {
  return texts_.bytes() + exact_.bytes() + trie_.bytes() + holders_.bytes() + changes_.bytes() +
         lists_.bytes() + scratch_.words.bytes() +
         (scratch_.matches.capacity() + scratch_.ids.capacity()) * sizeof(std::uint32_t);
}

}  // namespace mpreg
