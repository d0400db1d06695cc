#include "topic/text_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <new>

#include "base/error.h"

namespace mpreg {

TextStore::TextStore() : slabs_(make_slabs(std::make_index_sequence<kClasses>{})) {
  static_assert(cell_bytes(kClasses - 1) >= sizeof(TextRecord) + kTextBytesMax);
}

TextName TextStore::add(std::string_view text) {
  MPREG_CHECK(text.size() <= kTextBytesMax);
  const std::size_t bytes = sizeof(TextRecord) + text.size();
  std::size_t size_class = 0;
  if (bytes > cell_bytes(kSmallClasses - 1)) {
    size_class = kSmallClasses + (bytes - cell_bytes(kSmallClasses - 1) - 1) / 16;
  } else if (bytes > cell_bytes(0)) {
    size_class = (bytes - cell_bytes(0) + 7) / 8;
  }
  const std::uint32_t cell = slabs_[size_class].allocate();
  MPREG_CHECK(cell <= kCellMask);
  auto* record = new (slabs_[size_class].at(cell)) TextRecord{};
  record->length = static_cast<std::uint8_t>(text.size());
  if (!text.empty()) std::memcpy(record + 1, text.data(), text.size());
  return static_cast<TextName>(size_class + 1) << kCellBits | cell;
}

void TextStore::remove(TextName name) { slabs_[(name >> kCellBits) - 1].release(name & kCellMask); }

std::size_t TextStore::bytes() const {
  std::size_t bytes = 0;
  for (const Slab& slab : slabs_) bytes += slab.bytes();
  return bytes;
}

std::uint32_t hash_of(std::string_view text) {
  return static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()) >> 32U);
}

void TextTable::erase(TextName name) {
  const std::string_view text = store_.at(name).text();
  slots_.erase(slot_of(text, hash_of(text)));
  store_.remove(name);
}

}  // namespace mpreg
