// PatternTrie::match(): all ways through the trie at once, word by word.
#include "topic/match.h"
#include "topic/pattern_trie.h"

namespace mpreg {

bool PatternTrie::NodeSet::insert(std::uint32_t node) {
  if (used_.size() * 2 >= slots_.size()) grow();
  const std::uint32_t place = place_of(node);
  if (slots_[place] != 0) return false;
  slots_[place] = node + 1;
  used_.push_back(place);
  return true;
}

std::uint32_t PatternTrie::NodeSet::place_of(std::uint32_t node) const {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  std::uint32_t place = node * 0x9E3779B1U & mask;
  while (slots_[place] != 0 && slots_[place] != node + 1) place = (place + 1) & mask;
  return place;
}

void PatternTrie::NodeSet::grow() {
  std::vector<std::uint32_t> nodes;
  for (const std::uint32_t place : used_) nodes.push_back(slots_[place] - 1);
  slots_.assign(slots_.empty() ? 32 : slots_.size() * 2, 0);
  used_.clear();
  for (const std::uint32_t node : nodes) {
    const std::uint32_t place = place_of(node);
    slots_[place] = node + 1;
    used_.push_back(place);
  }
}

void PatternTrie::NodeSet::clear() {
  for (const std::uint32_t place : used_) slots_[place] = 0;
  used_.clear();
}

std::size_t PatternTrie::NodeSet::bytes() const {
  return (slots_.capacity() + used_.capacity()) * sizeof(std::uint32_t);
}

void PatternTrie::match(const TopicWords& topic, bool is_reserved, std::vector<TextName>& matches) {
  const Node& root = node(kRoot);
  if ((root.star | root.hash | root.literals) == 0) return;
  current_.clear();
  hashes_.clear();
  opened_.clear();
  const std::size_t words = topic.size();
  if (!is_reserved && root.hash != kNone) open_hash(root.hash, 0, topic, matches);
  if (words == 0) return;
  const TextName first = name_of_word(topic.word(0));
  step(kRoot, !is_reserved, 0, first, topic, matches);
  for (const std::uint32_t number : hashes_) step(number, true, 0, first, topic, matches);
  for (std::size_t at = 1; at <= words; ++at) {
    current_.swap(next_);
    next_.clear();
    for (const std::uint32_t number : current_) {
      const Child hash = node(number).hash;
      if (hash != kNone) open_hash(hash, at, topic, matches);
    }
    if (at == words) break;
    if (current_.empty() && hashes_.empty()) return;
    const TextName word = edges_.size() == 0 ? kNoText : name_of_word(topic.word(at));
    for (const std::uint32_t number : current_) step(number, true, at, word, topic, matches);
    for (const std::uint32_t number : hashes_) step(number, true, at, word, topic, matches);
  }
  for (const std::uint32_t number : current_) {
    if (node(number).own != kNone) matches.push_back(name_of(node(number).own));
  }
}

// The node, or leaf, behind a '#' that has taken no word yet. It takes part in every later step,
// and a pattern that ends with the '#' has matched whatever follows.
void PatternTrie::open_hash(Child child, std::size_t at, const TopicWords& topic,
                            std::vector<TextName>& matches) {
  while (child != kNone) {
    if (is_leaf(child)) return try_leaf(child, at, topic, matches);
    if (!opened_.insert(child)) return;
    const Node& home = node(child);
    if (home.own != kNone) matches.push_back(name_of(home.own));
    if ((home.star | home.literals) != 0) hashes_.push_back(child);
    child = home.hash;
  }
}

// Where word number `at` of the topic leads from this node. No node comes into next_ twice: it has
// one parent, which steps once for each word.
void PatternTrie::step(std::uint32_t number, bool with_star, std::size_t at, TextName word,
                       const TopicWords& topic, std::vector<TextName>& matches) {
  const Node& home = node(number);
  const auto arrive = [&](Child child) {
    if (is_leaf(child)) {
      try_leaf(child, at + 1, topic, matches);
    } else {
      next_.push_back(child);
    }
  };
  if (with_star && home.star != kNone) arrive(home.star);
  if (home.literals == 0 || word == kNoText) return;
  if (const Edge* edge = edge_of(number, word)) arrive(edge->child);
}

void PatternTrie::try_leaf(Child leaf, std::size_t at, const TopicWords& topic,
                           std::vector<TextName>& matches) const {
  const TextRecord& record = texts_.at(name_of(leaf));
  const bool at_end = at == topic.size();
  const bool ends = record.tail > record.length;
  const bool fits =
      ends ? at_end : mpreg::matches(WordCursor(record.text(), record.tail), topic.from(at));
  if (fits) matches.push_back(name_of(leaf));
}

}  // namespace mpreg
