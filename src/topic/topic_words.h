#pragma once
// TopicWords: a topic split into its words, kept for the next topic so that splitting does not
// allocate.

#include <cstdint>
#include <string_view>
#include <vector>

#include "topic/word_cursor.h"

namespace mpreg {

class TopicWords {
 public:
  // The topic outlives the use of what follows.
  void split(std::string_view topic);

  [[nodiscard]] std::string_view topic() const { return topic_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view word(std::size_t i) const {
    return topic_.substr(begins_[i], begins_[i + 1] - begins_[i] - 1);
  }
  // The words from number i on.
  [[nodiscard]] WordCursor from(std::size_t i) const { return WordCursor(topic_, begins_[i]); }

  [[nodiscard]] std::size_t bytes() const { return begins_.capacity() * sizeof(std::uint32_t); }

 private:
  std::string_view topic_;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> begins_;  // size_ + 1 of them; the last is one behind the end.
};

}  // namespace mpreg
