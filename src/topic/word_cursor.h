#pragma once
// WordCursor: the words of a topic or pattern, one after the other, without a copy. Words are
// separated by '.'; the empty text has no words, "a." has two, the second of which is empty.

#include <cstring>
#include <string_view>

namespace mpreg {

class WordCursor {
 public:
  // Starts at the word that begins at byte `from`; from == text.size() + 1 is behind the last word.
  explicit WordCursor(std::string_view text, std::size_t from = 0)
      : word_(text.data() + (from <= text.size() ? from : text.size())),
        end_(text.data() + text.size()) {
    if (text.empty() || from > text.size()) {
      word_ = nullptr;
    } else {
      find_stop();
    }
  }

  [[nodiscard]] bool done() const { return word_ == nullptr; }

  // Only while not done().
  [[nodiscard]] std::string_view word() const {
    return {word_, static_cast<std::size_t>(stop_ - word_)};
  }
  [[nodiscard]] bool is(char wildcard) const { return stop_ - word_ == 1 && *word_ == wildcard; }
  void next() {
    if (stop_ == end_) {
      word_ = nullptr;
    } else {
      word_ = stop_ + 1;
      find_stop();
    }
  }

 private:
  // Words are short: a loop is faster than memchr, which pays off from some 16 bytes on.
  void find_stop() {
    stop_ = word_;
    while (stop_ != end_ && *stop_ != '.') ++stop_;
  }

  const char* word_;  // Null behind the last word.
  const char* stop_ = nullptr;
  const char* end_;
};

}  // namespace mpreg
