#include "base/frame.h"

#include <cstring>
#include <new>

namespace mpreg {

Frame Frame::copy_of(Bytes bytes) {
  if (bytes.empty()) return {};
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  const std::size_t blocks = (bytes.size() + sizeof(Block) - 1) / sizeof(Block);
  auto owner = std::make_shared_for_overwrite<Block[]>(blocks);
  auto* data = reinterpret_cast<std::byte*>(owner.get());
  std::memcpy(data, bytes.data(), bytes.size());
  return Frame(std::move(owner), Bytes(data, bytes.size()));
}

}  // namespace mpreg
