#pragma once
// The payloads of cache records (schema/cache.fbs), and headers (schema/pubsub.fbs).

#include <vector>

#include "base/error.h"
#include "base/frame.h"
#include "message/cache_messages.h"
#include "message/claim_messages.h"
#include "message/pubsub_messages.h"

namespace mpreg {

// Whether an invalidation or a replication may be sent: by every rule by which it is decoded.
[[nodiscard]] Result<void> check_invalidation(const CacheInvalidation& invalidation);
[[nodiscard]] Result<void> check_replication(const CacheReplication& replication);

// Each allocates once when the result takes less than about a kilobyte. Nothing is checked.
[[nodiscard]] Frame encode_invalidation(const CacheInvalidation& invalidation);
// In place of what is there; allocates while that is too small.
void encode_into(const CacheInvalidation& invalidation, std::vector<std::byte>& to);
[[nodiscard]] Frame encode_replication(const CacheReplication& replication);
[[nodiscard]] Frame encode_value(const CacheValue& value);
[[nodiscard]] Frame encode_claim(const ClaimRecord& claim);
[[nodiscard]] Frame encode_headers(const Headers& headers);

// Verified and checked for meaning: names by the rules of semantics, targets at most 256 and
// without duplicates, priority finite and 0..10, reason at most 256 bytes, ttl at most 365 days.
// The bytes may lie at any alignment. Errors are `malformed`.
[[nodiscard]] Result<CacheInvalidation> decode_invalidation(Bytes payload);
[[nodiscard]] Result<CacheReplication> decode_replication(Bytes payload);
[[nodiscard]] Result<CacheValue> decode_value(Bytes payload);
[[nodiscard]] Result<ClaimRecord> decode_claim(Bytes payload);
// Each header is UTF-8 of at most 256 bytes without control characters.
[[nodiscard]] Result<Headers> decode_headers(Bytes bytes);

}  // namespace mpreg
