#pragma once
// The limits of what a packet holds, for those who make packets: the receiver refuses what is
// beyond them. Lengths are in bytes of UTF-8.

#include <cstddef>
#include <cstdint>

#include "message/cache_key.h"

namespace mpreg {

// A header frame holds at most this; a session may have 100,000 patterns, and links may announce
// many streams.
inline constexpr std::size_t kPacketBytesMax = 8U << 20U;

// Names of clusters, regions and namespaces have the limits of message/cache_key.h.
inline constexpr std::size_t kTopicTextBytesMax = 255;  // Of a topic or a pattern.

inline constexpr std::size_t kClientNameBytesMax = 256;
inline constexpr std::size_t kEndpointBytesMax = 256;
inline constexpr std::size_t kQuestionBytesMax = 512;
inline constexpr std::size_t kHeaderFieldBytesMax = 256;
inline constexpr std::size_t kReasonBytesMax = 1024;       // Of refusals, goodbyes and gaps.
inline constexpr std::size_t kAnswerBytesMax = 3U << 20U;  // A report as JSON: 10,000 sessions fit.

// Counts. Many more do not fit into a packet anyway.
inline constexpr std::size_t kPositionsMax = 16'384;
inline constexpr std::size_t kSubscriptionsMax = 65'536;  // In one Hello.
inline constexpr std::size_t kPatternsMax = 65'536;       // Of one subscription.
inline constexpr std::size_t kAcceptedRangesMax = 4096;
inline constexpr std::size_t kVouchesMax = 4096;
inline constexpr std::size_t kDeclarationsMax = 65'536;  // As many as a body has numbers.
inline constexpr std::size_t kUnusableMax = 65'536;      // The same.
inline constexpr std::size_t kOutcomesMax = 4096;        // Operations that ended alike.
inline constexpr std::size_t kScopeNamesMax = 1024;
inline constexpr std::size_t kClustersMax = 4096;            // Members, reports, confirmations.
inline constexpr std::size_t kRouteMax = 32;                 // Hops of a refill or a trace.
inline constexpr std::size_t kInterestPatternsMax = 16'384;  // Of one cluster.
inline constexpr std::size_t kOffersMax = 16'384;
inline constexpr std::size_t kNamespaceSettingsMax = 4096;
inline constexpr std::size_t kSettingBytesMax = 1024;   // Of one value.
inline constexpr std::size_t kFailuresMax = 256;        // Ranges of one cluster in one report.
inline constexpr std::size_t kStoredEntriesMax = 4096;  // In one part of a bucket.
inline constexpr std::size_t kStoredEntriesKnownMax = 262'144;  // Digests of a bucket's entries.

// The limits that FlatBuffers' verifier is given. The deepest packet has four levels (Packet,
// Hello, Subscription, Pattern). A table takes at least 8 bytes: its place in a vector and its own
// start. So the number of tables that a packet may name, however often it names the same one, grows
// with its size, and so does the time that it takes to read.
inline constexpr std::uint32_t kTableDepthMax = 8;
inline constexpr std::uint32_t kTablesMin = 1024;
inline constexpr std::uint32_t kTablesMax = 262'144;
inline constexpr std::size_t kTableBytesMin = 8;

}  // namespace mpreg
