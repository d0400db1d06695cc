#include "pubsub_generated.h"
#include "wire/cache_codec.h"
#include "wire/packet_writer.h"
#include "wire/payload_reader.h"

namespace mpreg {

Frame encode_headers(const Headers& headers) {
  return encode_root(nullptr, [&](Builder& out) {
    const auto content_type = put_text(out, headers.content_type);
    const auto trace_id = put_text(out, headers.trace_id);
    const auto reply_to = put_text(out, headers.reply_to);
    const auto correlation_id = put_text(out, headers.correlation_id);
    return wire::CreateHeaders(out, content_type, trace_id, reply_to, correlation_id);
  });
}

Result<Headers> decode_headers(Bytes bytes) {
  return decode_payload<wire::Headers, Headers>(
      "headers", bytes, [](PacketReader& in, const wire::Headers& from, Headers& to) {
        in.line({"headers", "content_type"}, from.content_type(), kHeaderFieldBytesMax,
                to.content_type);
        in.line({"headers", "trace_id"}, from.trace_id(), kHeaderFieldBytesMax, to.trace_id);
        in.line({"headers", "reply_to"}, from.reply_to(), kHeaderFieldBytesMax, to.reply_to);
        in.line({"headers", "correlation_id"}, from.correlation_id(), kHeaderFieldBytesMax,
                to.correlation_id);
      });
}

}  // namespace mpreg
