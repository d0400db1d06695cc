#pragma once
// The payloads of cache records, and headers (schema/cache.fbs, schema/pubsub.fbs).

#include "base/error.h"
#include "base/frame.h"
#include "message/cache_messages.h"
#include "message/pubsub_messages.h"

namespace mpreg {

[[nodiscard]] Frame encode_invalidation(const CacheInvalidation& invalidation);
[[nodiscard]] Frame encode_replication(const CacheReplication& replication);
[[nodiscard]] Frame encode_value(const CacheValue& value);
[[nodiscard]] Frame encode_headers(const Headers& headers);

// Verified and checked for meaning: names by the rules of semantics (message/cache_key.h), targets at most
// 256 and without duplicates, priority finite and 0..10, reason at most 256 bytes, ttl at most 365 days.
[[nodiscard]] Result<CacheInvalidation> decode_invalidation(Bytes payload);
[[nodiscard]] Result<CacheReplication> decode_replication(Bytes payload);
[[nodiscard]] Result<CacheValue> decode_value(Bytes payload);
[[nodiscard]] Result<Headers> decode_headers(Bytes bytes);

}  // namespace mpreg
