#pragma once
// ClientTable: which operations of which client have been seen, so that one that is sent again,
// here or through another broker, is applied once. Bounded: the client heard from longest ago is
// forgotten, and of each client the lowest operations. A hole is never taken as seen: what belongs
// there may be under way in another lane or through another broker, and would be lost.

#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>

#include "message/body.h"
#include "stream/ranges.h"

namespace mpreg {

class ClientTable {
 public:
  explicit ClientTable(std::size_t clients_max) : clients_max_(clients_max) {}

  enum class Seen : std::uint8_t { none, some, all };

  // How much of the segment was added before.
  [[nodiscard]] Seen seen(const Segment& segment) const;
  [[nodiscard]] bool seen(const OperationId& operation) const;

  // A segment of client 0 belongs to nobody and is ignored.
  void add(const Segment& segment);

  // The last operation of the unbroken run that begins at or before `first`; first - 1 when it has
  // not been seen.
  [[nodiscard]] std::uint64_t contiguous_end(std::uint64_t client, std::uint64_t first) const;

  // The highest ranges, as many as a Welcome may hold.
  [[nodiscard]] std::vector<NumberRange> accepted(std::uint64_t client) const;
  [[nodiscard]] std::size_t size() const { return clients_.size(); }

 private:
  // A client that publishes in all lanes in turn makes a hole per operation, until the other lanes'
  // batches are there: as many as the largest batches of two lanes have records.
  static constexpr std::size_t kRangesMax = 16'384;
  static constexpr std::size_t kRangesTotalMax = 2U << 20U;  // Over all clients: 32 MiB.
  static constexpr std::size_t kRangesKeptMin = 8;           // Of each, when that is too much.
  static constexpr std::size_t kAcceptedMax = 4096;          // As a Welcome may hold.

  struct Entry {
    Ranges ranges;
    std::list<std::uint64_t>::iterator place;
  };

  void forget_old_ranges();

  std::size_t clients_max_;
  std::size_t ranges_total_ = 0;
  std::unordered_map<std::uint64_t, Entry> clients_;
  std::list<std::uint64_t> by_use_;  // Front: most recent.
};

}  // namespace mpreg
