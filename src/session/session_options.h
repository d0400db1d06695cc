#pragma once
// SessionOptions: who a client is and every limit that it keeps by itself. The limits of the broker
// come with its Welcome.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mpreg {

// Without an answer to Hello for this long, Hello is said again.
inline constexpr std::chrono::milliseconds kHelloRetry{2000};
// Without a word from the broker for this long, the connection is given up.
inline constexpr std::chrono::milliseconds kBrokerSilenceMax{3000};
// A tracked operation whose outcome never comes ends this long after its own deadline.
inline constexpr std::chrono::milliseconds kOutcomeMargin{2000};
// The same for a request whose answer never comes.
inline constexpr std::chrono::milliseconds kRequestTimeout{10'000};
// How long a broker that said goodbye may go on delivering what it still has.
inline constexpr std::chrono::milliseconds kPartingMax{2000};
static_assert(kHelloRetry < kBrokerSilenceMax);

struct SessionOptions {
  std::uint64_t client = 0;  // Random, not 0, never used by another client object.
  std::string name;          // For people.
  std::string topic_prefix = "mpreg.cache.federation";

  std::uint64_t receive_window_bytes = 8ULL << 20U;  // In flight towards this session.
  std::uint64_t publish_window_bytes = 4ULL
                                       << 20U;  // Kept and not accepted; the broker may say less.
  std::size_t batch_bytes_max = 64U << 10U;     // A larger payload is a batch of its own.
  std::size_t batch_records_max = 4096;
  std::size_t batches_in_flight =
      2;  // While fewer are under way, what is published leaves at once.
  // In a row, of one small record each, that the broker may answer later; half as many more wait.
  std::size_t late_batches_max = 7;

  std::size_t tracked_operations_max = 10'000;  // Then `overloaded`.
  std::size_t requests_max = 1024;              // Unanswered at one time; then `overloaded`.
  std::size_t patterns_max = 131'072;  // Over all subscriptions. They must fit into one Hello:
  std::size_t pattern_bytes_max = 7U << 20U;        // see Interest::pattern_bytes_asked().
  std::size_t streams_max = 16'384;                 // Heard of; a batch of one more is a gap.
  std::size_t topics_max = 4U << 20U;               // Heard of; a message on one more is a gap.
  std::size_t publishers_remembered_max = 100'000;  // For duplicates that come by two brokers.

  // How long the broker tracks an operation that names no timeout of its own.
  std::chrono::milliseconds invalidation_timeout{30'000};
  std::chrono::milliseconds replication_timeout{60'000};
};

}  // namespace mpreg
