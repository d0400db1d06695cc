#include "base/frame.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(Frame, a_copy_is_aligned_and_outlives_its_source) {
  Frame frame;
  {
    std::string source = "0123456789abcdefXYZ";
    frame = Frame::copy_of(as_bytes(std::string_view(source).substr(1)));
  }
  EXPECT_EQ(as_text(frame.bytes()), "123456789abcdefXYZ");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame.data()) % 16, 0U);
}

TEST(Frame, copies_share_their_bytes) {
  const Frame frame = Frame::copy_of(as_bytes("shared"));
  const Frame other = frame;
  EXPECT_EQ(frame.data(), other.data());
  EXPECT_EQ(frame.owner().use_count(), 2);
}

}  // namespace
}  // namespace mpreg
