#pragma once
// Message: what a subscription receives. A Gap comes in its place for what is lost.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/frame.h"
#include "message/body.h"
#include "message/pubsub_messages.h"

namespace mpreg {

// Copies share the bytes of the batch in which the message came (`frame`, at most about 64 KiB plus
// one payload): whoever keeps many small messages for long copies their payloads out instead.
struct Message {
  std::string_view topic;  // Valid while `frame` is held and the Client lives.
  Bytes payload;           // Valid while `frame` is held.
  Bytes encoded_headers;   // Empty without headers; see headers_of.
  RecordKind kind = RecordKind::event;
  bool backlog = false;  // Older than the subscription.
  // A replication whose value is not to be used: its writer had not seen something else that was
  // written, or its cluster's settings are not those of ours. It only says that its key has
  // changed.
  bool unusable = false;

  const StreamId* stream = nullptr;  // Whose message it is; valid while the Client lives.
  Number number = 0;                 // In its stream.
  HybridTime version = 0;            // Orders writes; given by the origin's broker.
  std::uint64_t order = 0;       // Of a cache fact: in which the broker of this client applied it.
  std::uint64_t created_ms = 0;  // Wall clock of the origin: milliseconds since 1970, UTC.
  OperationId publisher;         // The publishing client, and its number for the message.

  Frame frame;

  [[nodiscard]] std::string_view text() const { return as_text(payload); }
};

// Decodes the headers; all empty when there are none. Allocates. Errors: `malformed`.
[[nodiscard]] Result<Headers> headers_of(const Message& message);

}  // namespace mpreg
