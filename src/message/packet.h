#pragma once
// Packet: the header frame of every message between two programs. A BatchHeader may be followed by
// one body frame; nothing else is.

#include <variant>

#include "message/cache_messages.h"
#include "message/claim_messages.h"
#include "message/link_messages.h"
#include "message/pubsub_messages.h"
#include "message/session_messages.h"
#include "message/store_messages.h"

namespace mpreg {

using Packet = std::variant<
    // session
    Hello, Welcome, Refused, Goodbye, Acknowledge, Probe, ProbeEcho, Query, Answer,
    // pubsub
    BatchHeader, Gap, Subscribe, Subscribed, Unsubscribe, Barrier, Accepted, OperationRefused,
    // cache
    OperationOutcome, CompleteOperation,
    // link
    LinkHello, LinkWelcome, LinkState, Take, Taken, Untake, Applied, InterestUpdate, InterestDigest,
    Refill, Trace, TraceReport,
    // cache
    CacheGet, CacheGot,
    // session
    Observed,
    // cache
    LoadAsk, LoadGranted,
    // link
    StoreAsk, StoreTell,
    // cache
    ClaimAsk, ClaimGranted,
    // link
    FailuresKnown>;

}  // namespace mpreg
