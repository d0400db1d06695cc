#pragma once
// ClientTable: which operations of which client have been seen, so that one that is sent again,
// here or through another broker, is applied once. Bounded: the client heard from longest ago is
// forgotten.

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

  [[nodiscard]] std::vector<NumberRange> accepted(std::uint64_t client) const;
  [[nodiscard]] std::size_t size() const { return clients_.size(); }

 private:
  // Holes come from operations under way through another broker; more than this many are taken as
  // seen.
  static constexpr std::size_t kRangesMax = 64;

  struct Entry {
    Ranges ranges;
    std::list<std::uint64_t>::iterator place;
  };

  std::size_t clients_max_;
  std::unordered_map<std::uint64_t, Entry> clients_;
  std::list<std::uint64_t> by_use_;  // Front: most recent.
};

}  // namespace mpreg
