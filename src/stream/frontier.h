#pragma once
// Frontier: for each stream, the highest number below which everything is applied. It is the vector
// clock of a cluster, the resume point of a session, and the token of read-your-writes. It never
// goes back.

#include <optional>
#include <vector>

#include "stream/stream_id.h"

namespace mpreg {

struct StreamPosition {
  StreamId stream;
  Number number = 0;

  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

// Sorted by stream. Copies are cheap for the few streams of a federation (three per cluster).
class Frontier {
 public:
  Frontier() = default;
  explicit Frontier(std::vector<StreamPosition> positions);

  // 0 when the stream is not known.
  [[nodiscard]] Number at(const StreamId& stream) const;
  [[nodiscard]] std::optional<Number> find(const StreamId& stream) const;

  // Raises the position; returns false, and changes nothing, when that would take it back.
  bool advance(const StreamId& stream, Number number);

  // The stream is over and will not be asked for again.
  void forget(const StreamId& stream);

  // The least frontier that covers both.
  void merge(const Frontier& other);

  // Every position of `other` is reached here.
  [[nodiscard]] bool covers(const Frontier& other) const;

  [[nodiscard]] const std::vector<StreamPosition>& positions() const { return positions_; }

  friend bool operator==(const Frontier&, const Frontier&) = default;

 private:
  std::vector<StreamPosition> positions_;
};

}  // namespace mpreg
