#include "topic/topic_words.h"

namespace mpreg {
namespace {

constexpr std::size_t kKeptBytesMax = 1024;  // Longer topics are not admissible anywhere.

}  // namespace

void TopicWords::split(std::string_view topic) {
  topic_ = topic;
  if (begins_.size() < topic.size() + 2 || begins_.size() > kKeptBytesMax) {
    begins_ = std::vector<std::uint32_t>(topic.size() < 256 ? 258 : topic.size() + 2);
  }
  std::uint32_t* begin = begins_.data();
  *begin++ = 0;
  const char* text = topic.data();
  const auto bytes = static_cast<std::uint32_t>(topic.size());
  for (std::uint32_t i = 0; i < bytes; ++i) {
    // Written always, kept only behind a dot: no branch to guess wrong.
    *begin = i + 1;
    begin += text[i] == '.' ? 1 : 0;
  }
  if (bytes == 0) {
    begins_[0] = 1;
    size_ = 0;
    return;
  }
  *begin++ = bytes + 1;
  size_ = static_cast<std::size_t>(begin - begins_.data()) - 1;
}

}  // namespace mpreg
