#pragma once
// What the decoders of record payloads share: a payload is a FlatBuffer of its own.

#include "wire/aligned_bytes.h"
#include "wire/packet_reader.h"

namespace mpreg {

// Decodes a payload with read(reader, table, value).
template <typename Table, typename Value, typename Read>
[[nodiscard]] Result<Value> decode_payload(std::string_view name, Bytes payload, Read read) {
  const AlignedBytes aligned(payload);
  const auto* table = verified_root<Table>(aligned.data(), aligned.size(), nullptr);
  if (table == nullptr) {
    return fail(ErrorCode::malformed, std::string(name) + " of " + std::to_string(payload.size()) +
                                          " bytes is not a verifiable FlatBuffer");
  }
  Value value;
  PacketReader in;
  read(in, *table, value);
  if (!in.ok()) return tl::unexpected<Error>(in.error());
  return value;
}

}  // namespace mpreg
