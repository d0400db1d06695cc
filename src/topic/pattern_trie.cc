#include "topic/pattern_trie.h"

#include <array>
#include <new>

#include "base/error.h"

namespace mpreg {

PatternTrie::PatternTrie(TextStore& texts) : texts_(texts), words_(texts) {
  MPREG_CHECK(make_node() == kRoot);
}

std::uint32_t PatternTrie::make_node() {
  const std::uint32_t number = nodes_.allocate();
  new (nodes_.at(number)) Node{};
  return number;
}

PatternTrie::Child PatternTrie::make_leaf(std::string_view pattern) {
  return texts_.add(pattern) | kLeaf;
}

PatternTrie::Child PatternTrie::child_at(const Place& place) const {
  const WordCursor word = place.word();
  if (word.done()) return node(place.parent).own;
  if (word.is('*')) return node(place.parent).star;
  if (word.is('#')) return node(place.parent).hash;
  const TextName name = words_.find(word.word(), hash_of(word.word()));
  if (name == kNoText) return kNone;
  const Edge* edge = edge_of(place.parent, name);
  return edge == nullptr ? kNone : edge->child;
}

// Instead of the child that may be there.
void PatternTrie::put(const Place& place, Child child) {
  Node& home = node(place.parent);
  const WordCursor word = place.word();
  if (word.done()) {
    home.own = child;
  } else if (word.is('*')) {
    home.star = child;
  } else if (word.is('#')) {
    home.hash = child;
  } else {
    const std::uint32_t hash = hash_of(word.word());
    TextName name = words_.find(word.word(), hash);
    if (name == kNoText) name = words_.insert(word.word(), hash);
    home.literals_xor ^= child;
    if (Edge* edge = edge_of(place.parent, name)) {
      home.literals_xor ^= edge->child;
      edge->child = child;
      return;
    }
    ++home.literals;
    ++texts_.at(name).value;
    edges_.insert({place.parent, name, child});
  }
}

// What the leaf has to compare begins behind the word that leads to it, or with that word if it is
// '#', which may take more words.
void PatternTrie::put_leaf(const Place& place, Child leaf) {
  const WordCursor word = place.word();
  if (!word.done()) {
    const std::size_t tail = word.is('#') ? place.at : place.at + word.word().size() + 1;
    texts_.at(name_of(leaf)).tail = static_cast<std::uint16_t>(tail);
  }
  put(place, leaf);
}

void PatternTrie::drop(const Place& place) {
  Node& home = node(place.parent);
  const WordCursor word = place.word();
  if (word.done()) {
    home.own = kNone;
  } else if (word.is('*')) {
    home.star = kNone;
  } else if (word.is('#')) {
    home.hash = kNone;
  } else {
    const TextName name = words_.find(word.word(), hash_of(word.word()));
    Edge* edge = edge_of(place.parent, name);
    --home.literals;
    home.literals_xor ^= edge->child;
    edges_.erase(edge);
    if (--texts_.at(name).value == 0) words_.erase(name);
  }
}

// A node takes the leaf's place and the leaf stands below it.
std::uint32_t PatternTrie::split_leaf(const Place& place, Child leaf) {
  const std::uint32_t number = make_node();
  put(place, number);
  Place rest = place.below(number);
  rest.pattern = texts_.at(name_of(leaf)).text();  // The same up to here.
  put_leaf(rest, leaf);
  return number;
}

TextName PatternTrie::find(std::string_view pattern) const {
  Place place{kRoot, pattern, 0};
  for (;;) {
    const Child child = child_at(place);
    if (child == kNone) return kNoText;
    if (is_leaf(child)) {
      return texts_.at(name_of(child)).text() == pattern ? name_of(child) : kNoText;
    }
    place = place.below(child);
  }
}

TextName PatternTrie::intern(std::string_view pattern, bool& made) {
  made = false;
  Place place{kRoot, pattern, 0};
  for (;;) {
    const Child child = child_at(place);
    if (child == kNone) {
      const Child leaf = make_leaf(pattern);
      put_leaf(place, leaf);
      made = true;
      return name_of(leaf);
    }
    if (!is_leaf(child)) {
      place = place.below(child);
    } else if (texts_.at(name_of(child)).text() == pattern) {
      return name_of(child);
    } else {
      place = place.below(split_leaf(place, child));
    }
  }
}

// The node's child if it has no other and that one is a leaf; otherwise kNone.
PatternTrie::Child PatternTrie::only_leaf(std::uint32_t number) const {
  const Node& home = node(number);
  const std::uint32_t children = home.literals + (home.star != kNone ? 1U : 0U) +
                                 (home.hash != kNone ? 1U : 0U) + (home.own != kNone ? 1U : 0U);
  if (children != 1) return kNone;
  // The others are kNone, which is zero.
  const Child child = home.star | home.hash | home.own | home.literals_xor;
  return is_leaf(child) ? child : kNone;
}

void PatternTrie::remove(std::string_view pattern) {
  std::array<Place, kTextBytesMax + 2> path;
  std::size_t depth = 0;
  Place place{kRoot, pattern, 0};
  Child child = child_at(place);
  while (!is_leaf(child)) {
    path[depth++] = place;
    place = place.below(child);
    child = child_at(place);
  }
  drop(place);
  // Nodes that now lead to one pattern only give way to its leaf.
  while (place.parent != kRoot) {
    const Child leaf = only_leaf(place.parent);
    if (leaf == kNone) break;
    Place lone = place;
    lone.pattern = texts_.at(name_of(leaf)).text();
    drop(lone);
    nodes_.release(place.parent);
    place = path[--depth];
    Place above = place;
    above.pattern = lone.pattern;
    put_leaf(above, leaf);
  }
  texts_.remove(name_of(child));
}

std::size_t PatternTrie::bytes() const {
  const std::size_t walk =
      (current_.capacity() + next_.capacity() + hashes_.capacity()) * sizeof(std::uint32_t) +
      opened_.bytes();
  return words_.bytes() + nodes_.bytes() + edges_.bytes() + walk;
}

}  // namespace mpreg
