#include "topic/match.h"

#include "topic/topic.h"

namespace mpreg {
namespace {

bool begins_with_wildcard(std::string_view pattern) {
  const WordCursor first(pattern);
  return !first.done() && (first.is('*') || first.is('#'));
}

}  // namespace

// Only the last '#' is ever given one more word: if what follows it can be placed at all, it can be
// placed with every earlier '#' as short as possible.
bool matches(WordCursor pattern, WordCursor topic) {
  WordCursor after_hash = pattern;
  WordCursor resume = topic;
  bool has_hash = false;
  while (!topic.done()) {
    if (!pattern.done()) {
      if (pattern.is('#')) {
        pattern.next();
        if (pattern.done()) return true;
        has_hash = true;
        after_hash = pattern;
        resume = topic;
        continue;
      }
      if (pattern.is('*') || pattern.word() == topic.word()) {
        pattern.next();
        topic.next();
        continue;
      }
    }
    if (!has_hash) return false;
    resume.next();
    topic = resume;
    pattern = after_hash;
  }
  while (!pattern.done() && pattern.is('#')) pattern.next();
  return pattern.done();
}

bool matches(std::string_view pattern, std::string_view topic) {
  return matches(WordCursor(pattern), WordCursor(topic));
}

bool matches_for_clients(std::string_view pattern, std::string_view topic) {
  if (is_reserved(topic) && begins_with_wildcard(pattern)) return false;
  return matches(pattern, topic);
}

bool covers_for_clients(std::string_view a, std::string_view b) {
  if (is_reserved(b) && begins_with_wildcard(a)) return false;
  return covers(a, b);
}

}  // namespace mpreg
