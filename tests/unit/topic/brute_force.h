#pragma once
// The oracle for topics: what the definition says, word by word, with no thought for speed. Shares
// nothing with src/topic.

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg::brute_force {

using Words = std::vector<std::string>;

[[nodiscard]] Words split(std::string_view text);

// By the definition, recursively: exponential, so only for short texts.
[[nodiscard]] bool matches(const Words& pattern, const Words& topic);
[[nodiscard]] bool matches(std::string_view pattern, std::string_view topic);
// The broker's own names put aside.
[[nodiscard]] bool matches_for_clients(const Words& pattern, const Words& topic);
[[nodiscard]] bool matches_for_clients(std::string_view pattern, std::string_view topic);

// Every text of at most words_max words out of these, with the empty one.
[[nodiscard]] std::vector<std::string> texts_of(const std::vector<std::string>& words,
                                                std::size_t words_max);

// One text of at most words_max words out of these, never empty if the words are not.
[[nodiscard]] std::string random_text(std::mt19937_64& random,
                                      const std::vector<std::string>& words, std::size_t words_max);

// A pattern index that is obviously right.
class Index {
 public:
  void add(const std::string& pattern, std::uint32_t id);
  bool remove(const std::string& pattern, std::uint32_t id);
  [[nodiscard]] std::vector<std::uint32_t> match(std::string_view topic) const;
  [[nodiscard]] std::size_t patterns() const { return patterns_.size(); }
  [[nodiscard]] bool contains(const std::string& pattern, std::uint32_t id) const;

 private:
  struct Pattern {
    Words words;
    std::map<std::uint32_t, int> holders;
  };
  std::map<std::string, Pattern> patterns_;
};

}  // namespace mpreg::brute_force
