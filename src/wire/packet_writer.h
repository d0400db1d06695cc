#pragma once
// What all encoders share: a builder that starts on the stack, and the omission of what is empty
// (a receiver reads an absent text or vector as an empty one).

#include <flatbuffers/flatbuffers.h>

#include <array>
#include <string>
#include <vector>

#include "base/frame.h"

namespace mpreg {

using Builder = flatbuffers::FlatBufferBuilder;

// Serves the builder's first buffer from the stack: most packets and cache facts fit.
class StackAllocator final : public flatbuffers::Allocator {
 public:
  static constexpr std::size_t kBytes = 1024;

  std::uint8_t* allocate(std::size_t size) override {
    if (size <= buffer_.size() && !used_) {
      used_ = true;
      return buffer_.data();
    }
    return new std::uint8_t[size];
  }
  void deallocate(std::uint8_t* data, std::size_t) override {
    if (data == buffer_.data()) {
      used_ = false;
    } else {
      delete[] data;
    }
  }

 private:
  alignas(16) std::array<std::uint8_t, kBytes> buffer_;
  bool used_ = false;
};

// Builds one FlatBuffer with write(builder) -> offset of the root, and returns take(its bytes),
// which live as long as that call.
template <typename Write, typename Take>
auto build_root(const char* identifier, Write write, Take take) {
  StackAllocator allocator;
  Builder builder(StackAllocator::kBytes, &allocator);
  builder.Finish(write(builder), identifier);
  return take(
      Bytes(reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()));
}

template <typename Write>
[[nodiscard]] Frame encode_root(const char* identifier, Write write) {
  return build_root(identifier, write, [](Bytes bytes) { return Frame::copy_of(bytes); });
}

[[nodiscard]] inline flatbuffers::Offset<flatbuffers::String> put_text(Builder& out,
                                                                       const std::string& text) {
  if (text.empty()) return 0;
  return out.CreateString(text.data(), text.size());
}

// A vector of what put(out, value) makes of each value.
template <typename Value, typename Put>
[[nodiscard]] auto put_all(Builder& out, const std::vector<Value>& values, Put put) {
  using Element = decltype(put(out, values.front()));
  if (values.empty()) return flatbuffers::Offset<flatbuffers::Vector<Element>>(0);
  std::vector<Element> elements;
  elements.reserve(values.size());
  for (const Value& value : values) elements.push_back(put(out, value));
  return out.CreateVector(elements);
}

[[nodiscard]] inline auto put_texts(Builder& out, const std::vector<std::string>& texts) {
  return put_all(out, texts, [](Builder& to, const std::string& text) {
    return to.CreateString(text.data(), text.size());  // Elements are never absent.
  });
}

}  // namespace mpreg
