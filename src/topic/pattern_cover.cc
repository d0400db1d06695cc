// covers() and intersects(): patterns against patterns.
#include <cstddef>
#include <optional>
#include <vector>

#include "topic/match.h"

namespace mpreg {
namespace {

using Words = std::vector<std::string_view>;

Words split(std::string_view text) {
  Words words;
  for (WordCursor cursor(text); !cursor.done(); cursor.next()) words.push_back(cursor.word());
  return words;
}

// A pattern in normal form: blocks of words other than '#', with gaps between them. Stars beside a
// '#' are counted in its gap, since "*.#" and "#.*" say the same. So the first block ends, the last
// one begins, and one between begins and ends with a literal word; only the first and the last may
// be empty.
struct Block {
  std::size_t gap =
      0;  // At least so many words before it; nothing but the first block lacks a '#'.
  Words words;
};

std::vector<Block> normal_form(std::string_view pattern) {
  std::vector<Words> segments(1);
  for (const std::string_view word : split(pattern)) {
    if (word == "#") {
      segments.emplace_back();
    } else {
      segments.back().push_back(word);
    }
  }
  std::vector<Block> blocks;
  std::size_t gap = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Words& words = segments[i];
    std::size_t first = 0;
    std::size_t last = words.size();
    if (i != 0) {
      while (first < last && words[first] == "*") ++first;
    }
    gap += first;
    std::size_t next_gap = 0;
    if (i + 1 != segments.size()) {
      while (last > first && words[last - 1] == "*") --last;
      next_gap = words.size() - last;
    }
    const bool is_end = i == 0 || i + 1 == segments.size();
    if (first == last && !is_end) {
      gap += next_gap;
      continue;
    }
    const auto at = words.begin();
    blocks.push_back({gap, Words(at + static_cast<std::ptrdiff_t>(first),
                                 at + static_cast<std::ptrdiff_t>(last))});
    gap = next_gap;
  }
  return blocks;
}

// The block of `a` stands for everything that `b` stands for from `at` on.
bool block_covers(const Words& a, const Words& b, std::size_t at) {
  if (at + a.size() > b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != "*" && a[i] != b[at + i]) return false;
  }
  return true;
}

// b with every gap as short as it may be: where each block begins, and the length of it all.
struct Shortest {
  std::vector<std::size_t> begins;
  std::size_t words = 0;
};

Shortest shortest(const std::vector<Block>& blocks) {
  Shortest result;
  for (const Block& block : blocks) {
    result.words += block.gap;
    result.begins.push_back(result.words);
    result.words += block.words.size();
  }
  return result;
}

// The first place from `from` on, in words of the shortest b, where the block lies inside one block
// of b.
std::optional<std::size_t> place(const Words& block, const std::vector<Block>& b,
                                 const Shortest& lengths, std::size_t from) {
  for (std::size_t i = 0; i < b.size(); ++i) {
    const std::size_t begin = lengths.begins[i];
    for (std::size_t at = from > begin ? from - begin : 0; at < b[i].words.size(); ++at) {
      if (block_covers(block, b[i].words, at)) return begin + at;
    }
  }
  return std::nullopt;
}

}  // namespace

// Replace the wildcards of b by words that occur nowhere else, each gap by as few or as many of
// them as one likes. A gap that is long enough keeps every block of `a` inside one block of b,
// because a block between gaps begins and ends with a literal; a gap that is as short as may be
// makes the distances hard. Where a block of `a` must go further because of a distance, the short
// gap rules out its placements across the gap too (they begin earlier still), so one greedy
// placement, inside blocks and by shortest distances, decides.
bool covers(std::string_view a, std::string_view b) {
  const std::vector<Block> wide = normal_form(a);
  const std::vector<Block> narrow = normal_form(b);
  const Words& head = wide.front().words;
  if (wide.size() == 1) {
    return narrow.size() == 1 && head.size() == narrow.front().words.size() &&
           block_covers(head, narrow.front().words, 0);
  }
  if (!block_covers(head, narrow.front().words, 0)) return false;
  const Shortest lengths = shortest(narrow);
  std::size_t end = head.size();
  for (std::size_t i = 1; i + 1 < wide.size(); ++i) {
    const auto at = place(wide[i].words, narrow, lengths, end + wide[i].gap);
    if (!at) return false;
    end = *at + wide[i].words.size();
  }
  const Block& tail = wide.back();
  const Words& last = narrow.back().words;
  if (tail.words.size() > last.size()) return false;
  return block_covers(tail.words, last, last.size() - tail.words.size()) &&
         lengths.words >= end + tail.gap + tail.words.size();
}

// reachable[j]: the words of `a` so far and the first j words of b can stand for the same words.
bool intersects(std::string_view a, std::string_view b) {
  const Words first = split(a);
  const Words second = split(b);
  std::vector<char> reachable(second.size() + 1, 0);
  reachable[0] = 1;
  const auto let_hashes_vanish = [&](std::vector<char>& row, bool in_hash) {
    for (std::size_t j = 0; j < second.size(); ++j) {
      if (row[j] != 0 && (in_hash || second[j] == "#")) row[j + 1] = 1;
    }
  };
  let_hashes_vanish(reachable, false);
  for (const std::string_view word : first) {
    if (word == "#") {
      let_hashes_vanish(reachable, true);
      continue;
    }
    std::vector<char> next(second.size() + 1, 0);
    for (std::size_t j = 0; j < second.size(); ++j) {
      if (reachable[j] == 0) continue;
      if (second[j] == "#") {
        next[j] = 1;
      } else if (word == "*" || second[j] == "*" || word == second[j]) {
        next[j + 1] = 1;
      }
    }
    let_hashes_vanish(next, false);
    reachable = std::move(next);
  }
  return reachable.back() != 0;
}

}  // namespace mpreg
