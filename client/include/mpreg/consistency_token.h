#pragma once
// ConsistencyToken: "everything up to here". A write gives one, any read that has to see it takes
// it, in any cluster; as text it goes into a cookie or a header.

#include <string>
#include <string_view>

#include "base/error.h"
#include "stream/frontier.h"

namespace mpreg {

// Cheap to copy. The text is CLUSTER:COUNTER:INSTANCE:NUMBER, the numbers in base 36, for each
// cluster that was written through; of one cluster with an id of at most 40 bytes it has at most
// 82.
class ConsistencyToken {
 public:
  ConsistencyToken() = default;  // Covers nothing.
  explicit ConsistencyToken(Frontier frontier) : frontier_(std::move(frontier)) {}

  // Errors: `malformed`, with the place.
  [[nodiscard]] static Result<ConsistencyToken> parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  // Covers what either does.
  void merge(const ConsistencyToken& other) { frontier_.merge(other.frontier_); }
  [[nodiscard]] const Frontier& frontier() const { return frontier_; }
  [[nodiscard]] bool empty() const { return frontier_.positions().empty(); }

  friend bool operator==(const ConsistencyToken&, const ConsistencyToken&) = default;

 private:
  Frontier frontier_;
};

}  // namespace mpreg
