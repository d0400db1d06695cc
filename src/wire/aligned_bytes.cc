#include "wire/aligned_bytes.h"

#include <cstring>

namespace mpreg {

AlignedBytes::AlignedBytes(Bytes bytes) : bytes_(bytes) {
  if (is_aligned(bytes.data())) return;
  if (bytes.size() <= small_.size()) {
    std::memcpy(small_.data(), bytes.data(), bytes.size());
    bytes_ = Bytes(small_.data(), bytes.size());
  } else {
    large_ = Frame::copy_of(bytes);
    bytes_ = large_.bytes();
  }
}

}  // namespace mpreg
