#pragma once
// PatternTrie: the patterns with wildcards, by their words. An edge to a subtree of one pattern
// leads straight to that pattern (a leaf), whose remaining words are compared in place. So the
// shape of the trie depends on its patterns alone, not on how they came and went.

#include <cstdint>
#include <string_view>
#include <vector>

#include "topic/flat_table.h"
#include "topic/slab.h"
#include "topic/text_store.h"
#include "topic/topic_words.h"

namespace mpreg {

class PatternTrie {
 public:
  // The store outlives it.
  explicit PatternTrie(TextStore& texts);

  PatternTrie(const PatternTrie&) = delete;
  PatternTrie& operator=(const PatternTrie&) = delete;

  // The pattern's record, or kNoText.
  [[nodiscard]] TextName find(std::string_view pattern) const;
  // Its record, made if need be (`made` says so).
  [[nodiscard]] TextName intern(std::string_view pattern, bool& made);
  // Of a pattern that is there, with its record.
  void remove(std::string_view pattern);

  // Appends the records of the patterns that match the topic; one may be named more than once. A
  // reserved topic does not match patterns that begin with a wildcard. Every node is visited at
  // most once for each word of the topic. Not const: it uses memory of its own.
  void match(const TopicWords& topic, bool is_reserved, std::vector<TextName>& matches);

  // Allocated, without this object and without the records.
  [[nodiscard]] std::size_t bytes() const;

 private:
  using Child = std::uint32_t;  // A node's number, or kLeaf and the name of a pattern's record.
  static constexpr Child kNone = 0;
  static constexpr Child kLeaf = 1U << 31U;
  static constexpr std::uint32_t kRoot = 0;  // Nobody's child.

  struct Node {
    Child star = kNone;
    Child hash = kNone;
    Child own = kNone;  // The leaf of the pattern that ends here.
    std::uint32_t literals = 0;
    Child literals_xor = kNone;  // Of all children by literals: the child itself when there is one.
  };

  struct Edge {
    std::uint32_t node = 0;
    TextName word = kNoText;
    Child child = kNone;

    [[nodiscard]] bool empty() const { return child == kNone; }
    [[nodiscard]] std::uint32_t hash() const { return hash_of(node, word); }
    static std::uint32_t hash_of(std::uint32_t node, TextName word) {
      std::uint64_t key = (std::uint64_t{node} << 32U | word) * 0x9E3779B97F4A7C15U;
      key = (key ^ key >> 32U) * 0xD6E8FEB86659FD93U;
      return static_cast<std::uint32_t>(key >> 32U);
    }
  };

  // Nodes by number; the matching walk must not visit a '#' node twice.
  class NodeSet {
   public:
    // False if it was there.
    bool insert(std::uint32_t node);
    void clear();
    [[nodiscard]] std::size_t bytes() const;

   private:
    [[nodiscard]] std::uint32_t place_of(std::uint32_t node) const;
    void grow();

    std::vector<std::uint32_t> slots_;  // Number + 1, or 0; a power of two of them.
    std::vector<std::uint32_t> used_;   // Places in slots_.
  };

  static bool is_leaf(Child child) { return (child & kLeaf) != 0; }
  static TextName name_of(Child leaf) { return leaf & ~kLeaf; }
  [[nodiscard]] Node& node(std::uint32_t number) const {
    return *reinterpret_cast<Node*>(nodes_.at(number));
  }
  [[nodiscard]] std::uint32_t make_node();
  [[nodiscard]] Edge* edge_of(std::uint32_t parent, TextName word) const {
    return edges_.find(Edge::hash_of(parent, word),
                       [&](const Edge& edge) { return edge.node == parent && edge.word == word; });
  }

  // A word of a pattern, and the node that it leads on from.
  struct Place {
    std::uint32_t parent = kRoot;
    std::string_view pattern;
    std::size_t at = 0;  // The byte where the word begins; behind the pattern's end: no word.

    [[nodiscard]] WordCursor word() const { return WordCursor(pattern, at); }
    [[nodiscard]] Place below(std::uint32_t child) const {
      return {child, pattern, at + word().word().size() + 1};
    }
  };

  [[nodiscard]] Child child_at(const Place& place) const;
  void put(const Place& place, Child child);
  void put_leaf(const Place& place, Child leaf);
  void drop(const Place& place);
  std::uint32_t split_leaf(const Place& place, Child leaf);
  [[nodiscard]] Child make_leaf(std::string_view pattern);
  [[nodiscard]] Child only_leaf(std::uint32_t number) const;

  [[nodiscard]] TextName name_of_word(std::string_view word) const {
    return words_.find(word, hash_of(word));
  }
  void open_hash(Child child, std::size_t at, const TopicWords& topic,
                 std::vector<TextName>& matches);
  void step(std::uint32_t number, bool with_star, std::size_t at, TextName word,
            const TopicWords& topic, std::vector<TextName>& matches);
  void try_leaf(Child leaf, std::size_t at, const TopicWords& topic,
                std::vector<TextName>& matches) const;

  TextStore& texts_;
  TextTable words_;
  Slab nodes_{sizeof(Node)};
  FlatTable<Edge> edges_;

  // Of the walk; kept so that it does not allocate.
  std::vector<std::uint32_t> current_;  // Nodes that the first words of the topic lead to.
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> hashes_;  // '#' nodes that take part from now on.
  NodeSet opened_;
};

}  // namespace mpreg
