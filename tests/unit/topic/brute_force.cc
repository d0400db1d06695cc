#include "unit/topic/brute_force.h"

#include <set>
#include <span>

namespace mpreg::brute_force {
namespace {

using Rest = std::span<const std::string>;

bool matches_rest(Rest pattern, Rest topic) {
  if (pattern.empty()) return topic.empty();
  if (pattern[0] == "#") {
    for (std::size_t taken = 0; taken <= topic.size(); ++taken) {
      if (matches_rest(pattern.subspan(1), topic.subspan(taken))) return true;
    }
    return false;
  }
  if (topic.empty()) return false;
  if (pattern[0] != "*" && pattern[0] != topic[0]) return false;
  return matches_rest(pattern.subspan(1), topic.subspan(1));
}

}  // namespace

Words split(std::string_view text) {
  if (text.empty()) return {};
  Words words(1);
  for (const char c : text) {
    if (c == '.') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

bool matches(const Words& pattern, const Words& topic) { return matches_rest(pattern, topic); }

bool matches(std::string_view pattern, std::string_view topic) {
  return matches(split(pattern), split(topic));
}

bool matches_for_clients(const Words& pattern, const Words& topic) {
  const bool wild = !pattern.empty() && (pattern[0] == "*" || pattern[0] == "#");
  if (wild && !topic.empty() && topic[0].starts_with('$')) return false;
  return matches(pattern, topic);
}

bool matches_for_clients(std::string_view pattern, std::string_view topic) {
  return matches_for_clients(split(pattern), split(topic));
}

std::vector<std::string> texts_of(const std::vector<std::string>& words, std::size_t words_max) {
  std::vector<std::string> texts{""};
  std::vector<std::string> longest = words;
  for (std::size_t length = 1; length <= words_max; ++length) {
    texts.insert(texts.end(), longest.begin(), longest.end());
    std::vector<std::string> longer;
    for (const auto& text : longest) {
      for (const auto& word : words) longer.push_back(text + "." + word);
    }
    longest = std::move(longer);
  }
  return texts;
}

std::string random_text(std::mt19937_64& random, const std::vector<std::string>& words,
                        std::size_t words_max) {
  const std::size_t length = 1 + random() % words_max;
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    if (i != 0) text += '.';
    text += words[random() % words.size()];
  }
  return text;
}

void Index::add(const std::string& pattern, std::uint32_t id) {
  Pattern& held = patterns_[pattern];
  held.words = split(pattern);
  ++held.holders[id];
}

bool Index::remove(const std::string& pattern, std::uint32_t id) {
  const auto held = patterns_.find(pattern);
  if (held == patterns_.end()) return false;
  auto& holders = held->second.holders;
  const auto holder = holders.find(id);
  if (holder == holders.end()) return false;
  if (--holder->second == 0) holders.erase(holder);
  if (holders.empty()) patterns_.erase(held);
  return true;
}

std::vector<std::uint32_t> Index::match(std::string_view topic) const {
  const Words words = split(topic);
  std::set<std::uint32_t> ids;
  for (const auto& [text, pattern] : patterns_) {
    if (!matches_for_clients(pattern.words, words)) continue;
    for (const auto& [id, count] : pattern.holders) ids.insert(id);
  }
  return {ids.begin(), ids.end()};
}

bool Index::contains(const std::string& pattern, std::uint32_t id) const {
  const auto held = patterns_.find(pattern);
  return held != patterns_.end() && held->second.holders.contains(id);
}

}  // namespace mpreg::brute_force
