#pragma once
// PacketReader: takes fields out of a verified FlatBuffer and checks what they mean. The first
// field that is wrong makes the error; after it nothing is read any more, so decoders are written
// without looking at results.

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/frame.h"
#include "stream/stream_id.h"
#include "wire/aligned_bytes.h"
#include "wire/packet_limits.h"

namespace mpreg {

// Written in errors as "hello.name".
struct FieldName {
  std::string_view table;
  std::string_view field;
};

class PacketReader {
 public:
  using Text = flatbuffers::String;
  using Texts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] const Error& error() const { return error_; }

  // Keeps the first error.
  void refuse(FieldName name, std::string_view what);

  // A check of another room that has a sentence of its own.
  void require(std::string_view table, const Result<void>& checked);

  // Whether a text is UTF-8 of at most so many bytes, one for a line of a log (without control
  // characters), a cluster id (a line without ':', which separates ids from what follows in keys).
  bool accept_text(FieldName name, std::string_view text, std::size_t bytes_max);
  bool accept_line(FieldName name, std::string_view line, std::size_t bytes_max);
  bool accept_cluster(FieldName name, std::string_view cluster);

  // Takes what is accepted. An absent text is empty.
  void text(FieldName name, const Text* from, std::size_t bytes_max, std::string& to);
  void line(FieldName name, const Text* from, std::size_t bytes_max, std::string& to);
  void cluster(FieldName name, const Text* from, std::string& to);
  void clusters(FieldName name, const Texts* from, std::size_t count_max,
                std::vector<std::string>& to);
  void lines(FieldName name, const Texts* from, std::size_t count_max, std::size_t bytes_max,
             std::vector<std::string>& to);

  // `last` is the greatest enumerator that this protocol knows.
  template <typename Wire, typename Enum>
  void choice(FieldName name, Wire from, Enum last, Enum& to) {
    const auto value = static_cast<unsigned>(from);
    if (value > static_cast<unsigned>(last))
      return too_great(name, value, static_cast<unsigned>(last));
    to = static_cast<Enum>(value);
  }

  // Any table with origin, counter, instance and lane.
  template <typename Table>
  void stream(std::string_view table, const Table& from, StreamId& to) {
    cluster({table, "origin"}, from.origin(), to.origin);
    to.incarnation = {from.counter(), from.instance()};
    choice({table, "lane"}, from.lane(), Lane::events, to.lane);
  }

  // A vector of tables; read(element, value) takes one.
  template <typename Table, typename Value, typename Read>
  void tables(FieldName name, const flatbuffers::Vector<flatbuffers::Offset<Table>>* from,
              std::size_t count_max, std::vector<Value>& to, Read read) {
    if (from == nullptr || !accept_count(name, from->size(), count_max)) return;
    to.resize(from->size());
    for (flatbuffers::uoffset_t i = 0; i < from->size() && ok(); ++i) read(*from->Get(i), to[i]);
  }

  // A vector of numbers, or of structs; convert(element) makes the value of one.
  template <typename Element, typename Value, typename Convert>
  void elements(FieldName name, const flatbuffers::Vector<Element>* from, std::size_t count_max,
                std::vector<Value>& to, Convert convert) {
    if (from == nullptr || !accept_count(name, from->size(), count_max)) return;
    // FlatBuffers 2 verifies the alignment of a vector's length, not of its elements.
    using Stored = std::remove_pointer_t<Element>;
    if (!is_aligned(from->Data(), alignof(Stored))) {
      return refuse(name, "is not aligned to " + std::to_string(alignof(Stored)) + " bytes");
    }
    to.reserve(from->size());
    for (const Element element : *from) to.push_back(convert(element));
  }
  template <typename Number>
  void numbers(FieldName name, const flatbuffers::Vector<Number>* from, std::size_t count_max,
               std::vector<Number>& to) {
    elements(name, from, count_max, to, [](Number number) { return number; });
  }

  // False, and an error, when there are more than allowed.
  [[nodiscard]] bool accept_count(FieldName name, std::size_t count, std::size_t count_max);

  // A closed range that ends before it starts, or a like contradiction of two numbers.
  void require_at_most(FieldName low_name, std::uint64_t low, std::string_view high_name,
                       std::uint64_t high);

 private:
  void too_great(FieldName name, std::uint64_t value, std::uint64_t last);

  bool failed_ = false;
  Error error_;
};

// FlatBuffers' offsets are signed 32-bit numbers in places; half of what they reach is plenty.
inline constexpr std::size_t kBufferBytesMax = 1U << 30U;

// A verified root of the given type, or null. `bytes` must be aligned (AlignedBytes).
template <typename Table>
[[nodiscard]] const Table* verified_root(const std::uint8_t* data, std::size_t size,
                                         const char* identifier) {
  if (size > kBufferBytesMax) return nullptr;
  flatbuffers::Verifier::Options options;
  options.max_depth = kTableDepthMax;
  options.max_tables = static_cast<flatbuffers::uoffset_t>(
      std::clamp<std::size_t>(size / kTableBytesMin, kTablesMin, kTablesMax));
  flatbuffers::Verifier verifier(data, size, options);
  if (!verifier.VerifyBuffer<Table>(identifier)) return nullptr;
  return flatbuffers::GetRoot<Table>(data);
}

}  // namespace mpreg
