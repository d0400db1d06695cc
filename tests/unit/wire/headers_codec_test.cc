#include <gtest/gtest.h>

#include "unit/wire/sample_packets.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

TEST(HeadersCodec, headers_come_back_as_they_went) {
  EXPECT_EQ(decode_headers(encode_headers(full_headers()).bytes()), full_headers());
  EXPECT_EQ(decode_headers(encode_headers({}).bytes()), Headers{});
}

TEST(HeadersCodec, a_header_that_is_too_long_or_no_line_is_refused) {
  Headers headers = full_headers();
  headers.trace_id.assign(257, 'x');
  EXPECT_EQ(decode_headers(encode_headers(headers).bytes()).error().text,
            "headers.trace_id has 257 bytes, at most 256 are allowed");
  headers = full_headers();
  headers.reply_to = "a\r\nb";
  EXPECT_EQ(decode_headers(encode_headers(headers).bytes()).error().text,
            "headers.reply_to is 'a\\x0d\\x0ab', with a control character at byte 1");
  headers = full_headers();
  headers.content_type = "\xFF";
  EXPECT_EQ(decode_headers(encode_headers(headers).bytes()).error().text,
            "headers.content_type is '\\xff', not valid UTF-8 at byte 0");
  headers = full_headers();
  headers.correlation_id.assign(257, 'x');
  EXPECT_EQ(decode_headers(encode_headers(headers).bytes()).error().text,
            "headers.correlation_id has 257 bytes, at most 256 are allowed");
}

TEST(HeadersCodec, bytes_that_are_no_headers_are_refused) {
  EXPECT_EQ(decode_headers({}).error().text, "headers of 0 bytes is not a verifiable FlatBuffer");
  EXPECT_EQ(decode_headers(as_bytes("0123456789abcdef")).error(),
            (Error{ErrorCode::malformed, "headers of 16 bytes is not a verifiable FlatBuffer"}));
}

}  // namespace
}  // namespace mpreg
