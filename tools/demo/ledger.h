#pragma once
// Ledger: everything that was sent in a demonstration, and what came of it in each cluster. It
// knows what must arrive where because it is told of each sending, not because a broker says so.
// Thread-safe.

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mpreg/operation.h"
#include "mpreg/subscription.h"

namespace mpreg::demo {

using Instant = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::duration<double, std::milli>;

enum class Sort : std::uint8_t { invalidation, replication };

// One cluster's row of the table.
struct ClusterReport {
  std::string cluster;
  std::uint64_t sent = 0;
  std::uint64_t confirmed = 0;  // Of those: by every target.
  std::uint64_t received = 0;   // Of what had to arrive here.
  std::uint64_t repaired = 0;   // Of those: sent while this cluster was cut off, replayed later.
  std::uint64_t duplicates = 0;
  std::uint64_t missing = 0;
  std::uint64_t disordered = 0;  // Came after a later one of its stream.
  std::uint64_t unexpected = 0;  // Nobody had sent it here.
  Milliseconds p50{};            // From sending until the subscriber here had it.
  Milliseconds p99{};
};

struct GapReport {
  std::string cluster;  // That was told.
  Gap gap;
};

class Ledger {
 public:
  explicit Ledger(std::vector<std::string> clusters);

  // Before it is sent: its number, which its key carries. Every cluster must get it, its own too,
  // where others may have cached the same.
  std::uint64_t begin(Sort sort, std::size_t from);
  void ended(std::uint64_t item, const OperationResult& result);

  void received(std::size_t cluster, Sort sort, std::uint64_t item, const StreamId& stream,
                Number number);
  void received_unknown(std::size_t cluster);
  void received_gap(std::size_t cluster, const Gap& gap);
  void connected(std::size_t cluster);

  [[nodiscard]] std::uint64_t pending(std::size_t from) const;
  [[nodiscard]] std::uint64_t pending() const;
  [[nodiscard]] std::uint64_t confirmed() const;
  // Everything sent has ended, well or not, and has arrived.
  [[nodiscard]] bool settled() const;
  // Everything sent was confirmed, and arrived once and in order everywhere.
  [[nodiscard]] bool clean() const;

  [[nodiscard]] std::vector<ClusterReport> clusters() const;
  [[nodiscard]] std::vector<GapReport> gaps() const;
  // How operations that were not confirmed ended, and how many of each.
  [[nodiscard]] std::map<std::string, std::uint64_t> failures() const;

 private:
  struct Item {
    Sort sort = Sort::invalidation;
    std::size_t from = 0;
    Instant sent;
    std::optional<OperationStatus> end;
    std::vector<std::uint8_t> arrivals;  // By cluster; stops at 255.
  };
  struct Cluster {
    std::string name;
    Instant connected;
    std::uint64_t repaired = 0;
    std::uint64_t disordered = 0;
    std::uint64_t unexpected = 0;
    std::vector<Milliseconds> latencies;
    std::map<StreamId, Number> last;
    std::vector<Gap> gaps;
  };

  mutable std::mutex mutex_;
  std::vector<Item> items_;
  std::vector<Cluster> clusters_;
  std::map<std::string, std::uint64_t> failures_;
};

}  // namespace mpreg::demo
